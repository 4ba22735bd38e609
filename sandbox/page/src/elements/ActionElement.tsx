import { Icon } from "../lib/Icon";
import { use, useState, type KeyboardEvent, type MouseEvent } from "react";
import { ActingContext } from "../blocks/acting";
import { Note } from "../blocks/Blocks";
import { useConfirm } from "../lib/dialogs";
import { told } from "../lib/api";
import { Menu } from "../lib/Menu";
import { plainOf, safeUrl } from "../lib/text";
import type { Element } from "../types";
import { Field, isField } from "./Field";
import { initialOf } from "./values";

interface Props {
  element: Element;
  blockId: string;
  near?: string;
}

// An element that acts at once, outside a form: it asks where it has to, acts, and says what went wrong.
export function ActionElement({ element, blockId, near = "" }: Props) {
  const { act } = use(ActingContext);
  const ask = useConfirm();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const [value, setValue] = useState<unknown>(() => initialOf(element));

  async function run(chosen?: unknown, then?: () => void): Promise<void> {
    if (busy) return;
    if (element.confirm && !(await ask(element.confirm))) return;
    if (chosen !== undefined) setValue(chosen);
    then?.();
    setBusy(true);
    setError("");
    try {
      await act(element, blockId, chosen);
    } catch (problem) {
      setError(told(problem));
    } finally {
      setBusy(false);
    }
  }

  return (
    <span className="action">
      <Shown element={element} near={near} busy={busy} value={value} run={run} />
      {error && (
        <span className="action-error" role="alert">
          <Icon name="warning" /> 
          {error}
        </span>
      )}
    </span>
  );
}

interface ShownProps {
  element: Element;
  near: string;
  busy: boolean;
  value: unknown;
  run: (chosen?: unknown, then?: () => void) => Promise<void>;
}

function Shown({ element, near, busy, value, run }: ShownProps) {
  if (element.type === "button" || element.type === "workflow_button" || element.type === "icon_button") {
    return <Button element={element} busy={busy} run={run} />;
  }
  if (element.type === "feedback_buttons") {
    return (
      <>
        {[element["positive_button"], element["negative_button"]].map((each, at) => {
          const button = { ...(each as Element), type: "button" };
          return <Button key={at} element={button} busy={busy} run={() => run(button.value)} />;
        })}
      </>
    );
  }
  if (element.type === "overflow") {
    const items = (element.options ?? []).map((option) => {
      const href = element.confirm ? null : safeUrl(option.url);
      return {
        label: plainOf(option.text),
        description: plainOf(option.description),
        ...(href ? { href } : {}),
        choose: () => void run(option.value, () => !href && openUrl(option.url)),
      };
    });
    return (
      <Menu label="More actions" className="button button-icon" items={items}>
        <Icon name="more" />
      </Menu>
    );
  }
  if (!isField(element)) return <Note type={String(element.type)} />;
  const name = plainOf(element.placeholder) || near || "Choose";
  return <Field element={element} name={name} value={value} lazy onChange={(chosen) => void run(chosen)} />;
}

function openUrl(url: unknown): void {
  const safe = safeUrl(url);
  if (safe) window.open(safe, "_blank", "noopener,noreferrer");
}

const STYLES: Record<string, string> = { primary: "button-primary", danger: "button-danger" };

function Button({ element, busy, run }: { element: Element; busy: boolean; run: ShownProps["run"] }) {
  const label = plainOf(element.text) || "Button";
  const spoken = typeof element["accessibility_label"] === "string" ? element["accessibility_label"] : undefined;
  const className = ["button", STYLES[element.style ?? ""] ?? "", busy ? "is-busy" : ""].filter(Boolean).join(" ");
  const url = safeUrl(element.url);
  if (!url) {
    return (
      <button type="button" className={className} aria-label={spoken} aria-disabled={busy} onClick={() => void run()}>
        {label}
      </button>
    );
  }
  const click = (event: MouseEvent): void => {
    if (element.confirm) event.preventDefault();
    void run(undefined, () => element.confirm && openUrl(url));
  };
  const press = (event: KeyboardEvent<HTMLAnchorElement>): void => {
    if (event.key !== " ") return;
    event.preventDefault();
    event.currentTarget.click();
  };
  // A button to those who press it, and still an address to those who want to copy it.
  return (
    <a
      role="button"
      className={className}
      href={url}
      target="_blank"
      rel="noopener noreferrer"
      aria-label={spoken}
      onClick={click}
      onKeyDown={press}
    >
      {label}
      <span className="button-away" aria-hidden="true">
        ↗
      </span>
    </a>
  );
}
