import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";

export interface Choice {
  value: string;
  label: string;
  description?: string;
  raw: unknown;
}

export interface ChoiceGroup {
  label: string;
  choices: Choice[];
}

interface Props {
  groups: ChoiceGroup[];
  chosen: Choice[];
  many: boolean;
  most: number;
  placeholder: string;
  // The groups are already what fits the text.
  filtered: boolean;
  note: string;
  onType?: ((typed: string) => void) | undefined;
  onChoose: (chosen: Choice[]) => void;
  id?: string | undefined;
  "aria-label"?: string | undefined;
  "aria-describedby"?: string | undefined;
  "aria-invalid"?: boolean | undefined;
  "aria-required"?: boolean | undefined;
}

// A field to search in, with a list to choose from (the ARIA pattern of an editable combobox).
export function Combobox(props: Props) {
  const { groups, chosen, many, most, placeholder, filtered, note, onType, onChoose, ...named } = props;
  const listId = useId();
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const [active, setActive] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);

  const wanted = typed.trim().toLowerCase();
  const fits = (choice: Choice): boolean => filtered || !wanted || choice.label.toLowerCase().includes(wanted);
  const shown = groups
    .map((group) => ({ ...group, choices: group.choices.filter(fits) }))
    .filter((group) => group.choices.length);
  const flat = shown.flatMap((group) => group.choices);
  const at = Math.min(active, flat.length - 1);
  const isChosen = (choice: Choice): boolean => chosen.some((each) => each.value === choice.value);

  useEffect(() => {
    if (open) list.current?.scrollIntoView({ block: "nearest" });
  }, [open]);
  useEffect(() => {
    list.current?.querySelector("[data-active]")?.scrollIntoView({ block: "nearest" });
  }, [at]);

  function show(): void {
    if (open) return;
    setOpen(true);
    setActive(Math.max(0, many ? 0 : flat.findIndex(isChosen)));
    onType?.(typed);
  }

  function close(): void {
    setOpen(false);
    setTyped("");
  }

  function type(text: string): void {
    setTyped(text);
    setActive(0);
    setOpen(true);
    onType?.(text);
  }

  function choose(choice: Choice): void {
    if (!many) {
      onChoose([choice]);
      return close();
    }
    if (isChosen(choice)) onChoose(chosen.filter((each) => each.value !== choice.value));
    else if (chosen.length < most) onChoose([...chosen, choice]);
    setTyped("");
    input.current?.focus();
  }

  function press(event: KeyboardEvent): void {
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      if (!open) show();
      else setActive((at + (key === "ArrowDown" ? 1 : -1) + flat.length) % Math.max(1, flat.length));
    } else if (key === "Enter" && open) {
      const choice = flat[at];
      if (choice) choose(choice);
    } else if (key === "Escape" && open) {
      close();
    } else if (key === "Backspace" && many && !typed && chosen.length) {
      onChoose(chosen.slice(0, -1));
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div className="combobox" onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && close()}>
      <div className="combobox-box">
        {many &&
          chosen.map((choice) => (
            <span className="chip" key={choice.value}>
              {choice.label}
              <button type="button" aria-label={`Remove ${choice.label}`} onClick={() => choose(choice)}>
                ×
              </button>
            </span>
          ))}
        <input
          {...named}
          ref={input}
          role="combobox"
          type="text"
          autoComplete="off"
          className="input"
          aria-expanded={open}
          aria-controls={open ? listId : undefined}
          aria-autocomplete="list"
          aria-activedescendant={open && flat[at] ? `${listId}-${at}` : undefined}
          placeholder={!many && chosen[0] ? chosen[0].label : many && chosen.length ? "" : placeholder}
          value={open || many ? typed : (chosen[0]?.label ?? "")}
          onChange={(event) => type(event.target.value)}
          onClick={show}
          onKeyDown={press}
        />
      </div>
      {open && (
        <div className="listbox" role="listbox" id={listId} aria-label={placeholder} aria-multiselectable={many} ref={list}>
          {shown.map((group, number) => (
            <div key={number} role="group" aria-label={group.label || "Options"}>
              {group.label && <div className="listbox-group">{group.label}</div>}
              {group.choices.map((choice) => {
                const index = flat.indexOf(choice);
                return (
                  <div
                    key={choice.value}
                    id={`${listId}-${index}`}
                    role="option"
                    aria-selected={isChosen(choice)}
                    data-active={index === at || undefined}
                    className="option"
                    onPointerDown={(event) => event.preventDefault()}
                    onClick={() => choose(choice)}
                  >
                    <span className="option-check" aria-hidden="true">
                      {isChosen(choice) ? "✓" : ""}
                    </span>
                    <span>
                      {choice.label}
                      {choice.description && <span className="option-description">{choice.description}</span>}
                    </span>
                  </div>
                );
              })}
            </div>
          ))}
          {!flat.length && (
            <p className="listbox-note" role="status">
              {note || "No results"}
            </p>
          )}
        </div>
      )}
    </div>
  );
}
