import { Icon } from "../lib/Icon";
import { useEffect, useMemo, useRef, useState, type FormEvent } from "react";
import { ActingContext, type Form } from "../blocks/acting";
import { Blocks } from "../blocks/Blocks";
import { initialOf, problemOf } from "../elements/values";
import { ApiError, post, told } from "../lib/api";
import { Boundary } from "../lib/Boundary";
import { Dialog } from "../lib/dialogs";
import { plainOf } from "../lib/text";
import { useLive } from "../live/store";
import type { Element, Outcome, View } from "../types";
import { viewActing, type Values } from "./viewActing";

export function Modals() {
  const { user } = useLive();
  const open = user?.views.filter((view) => view.type === "modal") ?? [];
  // All are kept, so that what was typed below is there again when the one above is gone.
  return open.map((view) => <Modal key={view.id} view={view} />);
}

function Modal({ view }: { view: View }) {
  const { state } = useLive();
  const current = state?.channels.find((channel) => channel.id === view.current_conversation);
  const [values, setValues] = useState<Values>({});
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const latest = useRef(values);
  const body = useRef<HTMLDivElement>(null);
  useEffect(() => body.current?.querySelector<HTMLElement>("input, textarea")?.focus(), []);

  const form = useMemo<Form>(
    () => ({
      valueOf: (blockId, element) => {
        const typed = values[blockId];
        const id = element.action_id ?? "";
        return typed && id in typed ? typed[id] : initialOf(element, current);
      },
      set: (blockId, element, value) => {
        latest.current = { ...latest.current, [blockId]: { [element.action_id ?? ""]: value } };
        setValues(latest.current);
        setErrors(({ [blockId]: _gone, ...others }) => others);
      },
      errors,
    }),
    [values, errors, current],
  );
  const acting = useMemo(() => viewActing(view.id, () => latest.current, form), [view.id, form]);

  function showErrors(found: Record<string, string>): void {
    setErrors(found);
    const first = Object.keys(found)[0];
    if (first === undefined) return;
    requestAnimationFrame(() =>
      body.current
        ?.querySelector<HTMLElement>(`[data-block-id="${CSS.escape(first)}"] :is(input, textarea)`)
        ?.focus(),
    );
  }

  function found(): Record<string, string> {
    const problems: Record<string, string> = {};
    for (const block of view.blocks) {
      if (block.type !== "input" || !block.block_id) continue;
      const element = block["element"] as Element;
      const wrong = problemOf(element, form.valueOf(block.block_id, element), block["optional"] === true);
      if (wrong) problems[block.block_id] = wrong;
    }
    return problems;
  }

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (busy) return;
    setProblem("");
    const wrong = found();
    if (Object.keys(wrong).length) return showErrors(wrong);
    setBusy(true);
    try {
      const outcome = await post<Outcome>("/control/view", { view_id: view.id, do: "submit", values });
      const told = outcome.payload?.["errors"];
      if (outcome.problem) setProblem("We had some trouble connecting. Try again?");
      else if (outcome.payload?.["response_action"] === "errors" && told) showErrors(told as Record<string, string>);
    } catch (error) {
      const block = error instanceof ApiError && error.code === "missing_input" ? error.body["block_id"] : undefined;
      if (typeof block === "string") showErrors({ [block]: "Please fill this in." });
      else setProblem(told(error));
    } finally {
      setBusy(false);
    }
  }

  function close(all = false): void {
    post("/control/view", { view_id: view.id, do: "close", ...(all ? { all } : {}) }).catch((error: unknown) => {
      // It is gone already, and will be from here with the next change.
      if (!(error instanceof ApiError) || error.status === 0) setProblem(told(error));
    });
  }

  return (
    <Dialog title={plainOf(view.title) || "Dialog"} className="dialog-view" onClose={() => close()}>
      <button type="button" className="icon-button dialog-x" aria-label="Dismiss dialog" onClick={() => close(true)}>
        <Icon name="close" />
      </button>
      <form className="view-form" noValidate onSubmit={(event) => void submit(event)}>
        <div className="dialog-body" ref={body}>
          <ActingContext value={acting}>
            <Boundary fallback={<p className="note">[modal]</p>}>
              <Blocks blocks={view.blocks} />
            </Boundary>
          </ActingContext>
          {problem && (
            <p className="field-error" role="alert">
              <Icon name="warning" /> 
              {problem}
            </p>
          )}
        </div>
        <div className="dialog-foot">
          <button type="button" className="button" onClick={() => close()}>
            {plainOf(view.close) || "Cancel"}
          </button>
          {view.submit && (
            <button type="submit" className="button button-primary" aria-disabled={busy}>
              {plainOf(view.submit) || "Submit"}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
