import { Icon } from "../lib/Icon";
import { useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import { told } from "../lib/api";
import { Menu } from "../lib/Menu";
import type { Shortcut, State } from "../types";
import { completions } from "./completion";
import { send, type Place } from "./sending";

// What was begun in one place is there again when one comes back.
const drafts = new Map<string, string>();

interface Props {
  label: string;
  place: Place;
  state: State;
  // Text to put in, and a number that grows each time.
  filled?: { text: string; time: number } | undefined;
  shortcuts?: Shortcut[];
  onShortcut?: (shortcut: Shortcut) => void;
  autoFocus?: boolean;
}

export function Composer({ label, place, state, filled, shortcuts = [], onShortcut, autoFocus = false }: Props) {
  const key = `${place.as}/${place.channel}/${place.thread}`;
  const [text, setText] = useState(drafts.get(key) ?? "");
  const [error, setError] = useState("");
  const [sending, setSending] = useState(0);
  const [at, setAt] = useState(0);
  const [closed, setClosed] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const id = useId();

  const found = closed ? [] : completions(text, state.commands ?? [], state.users);
  const chosen = Math.min(at, found.length - 1);

  function write(next: string): void {
    drafts.set(key, next);
    setText(next);
    setAt(0);
    setClosed(false);
    setError("");
  }

  useEffect(() => {
    if (!filled) return;
    write(filled.text);
    setClosed(true);
    box.current?.focus();
  }, [filled?.time]);
  useEffect(() => {
    if (autoFocus) box.current?.focus();
  }, [autoFocus]);
  useLayoutEffect(() => {
    const area = box.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 240)}px`;
  }, [text]);

  async function submit(): Promise<void> {
    const typed = text;
    if (!typed.trim()) return;
    write("");
    setSending((number) => number + 1);
    try {
      await send(typed, place, state);
    } catch (problem) {
      // Not over what has been typed meanwhile.
      if (!drafts.get(key)) {
        write(typed);
        setClosed(true);
      }
      setError(told(problem));
    } finally {
      setSending((number) => number - 1);
    }
  }

  function complete(index: number): void {
    const choice = found[index];
    if (choice) write(choice.insert);
    box.current?.focus();
  }

  function press(event: KeyboardEvent): void {
    if (event.nativeEvent.isComposing) return;
    const listed = found.length > 0;
    if (listed && event.key === "ArrowDown") setAt((chosen + 1) % found.length);
    else if (listed && event.key === "ArrowUp") setAt((chosen - 1 + found.length) % found.length);
    else if (listed && (event.key === "Tab" || event.key === "Enter") && !event.shiftKey) complete(chosen);
    else if (listed && event.key === "Escape") setClosed(true);
    else if (event.key === "Enter" && !event.shiftKey) void submit();
    else return;
    event.preventDefault();
  }

  return (
    <div className="composer">
      {found.length > 0 && (
        <div className="listbox composer-list" role="listbox" id={`${id}-list`} aria-label="Suggestions">
          {found.map((each, index) => (
            <div
              key={each.label}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === chosen}
              data-active={index === chosen || undefined}
              className="option"
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => complete(index)}
            >
              <strong>{each.label}</strong>
              {each.description && <span className="option-description">{each.description}</span>}
            </div>
          ))}
        </div>
      )}
      {error && (
        <p className="composer-error" role="alert" id={`${id}-error`}>
          <Icon name="warning" /> 
          {error}
        </p>
      )}
      <div className="composer-box">
        <textarea
          ref={box}
          rows={1}
          aria-label={label}
          placeholder={label}
          aria-autocomplete="list"
          aria-controls={found.length ? `${id}-list` : undefined}
          aria-activedescendant={found.length ? `${id}-${chosen}` : undefined}
          aria-describedby={error ? `${id}-error` : undefined}
          value={text}
          spellCheck={!text.startsWith("/")}
          onChange={(event) => write(event.target.value)}
          onKeyDown={press}
          onBlur={() => setClosed(true)}
          onFocus={() => setClosed(false)}
        />
        <div className="composer-foot">
          {shortcuts.length > 0 && (
            <Menu
              label="Shortcuts"
              className="icon-button"
              items={shortcuts.map((each) => ({
                label: each.name,
                description: each.description ?? "",
                choose: () => onShortcut?.(each),
              }))}
            >
              <Icon name="plus" />
            </Menu>
          )}
          <span className="composer-state" aria-live="polite">
            {sending > 0 ? "Sending…" : ""}
          </span>
          <button type="button" className="send" aria-label="Send now" disabled={!text.trim()} onClick={() => void submit()}>
            <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
              <path fill="currentColor" d="M2.5 2.6c0-.8.8-1.3 1.5-1L18 9.1c.8.4.8 1.4 0 1.8L4 18.4c-.7.3-1.5-.2-1.5-1V12l8-2-8-2z" />
            </svg>
          </button>
        </div>
      </div>
    </div>
  );
}
