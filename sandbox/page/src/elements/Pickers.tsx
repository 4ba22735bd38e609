import { useEffect, useState } from "react";
import { described, type FieldProps } from "./Field";

// A date that is being typed passes through other dates: where it acts, it acts when it is left.
function useDraft(given: string, lazy: boolean, commit: (value: string) => void) {
  const [draft, setDraft] = useState(given);
  useEffect(() => setDraft(given), [given]);
  const finish = (): void => {
    if (draft !== given) commit(draft);
  };
  return {
    value: draft,
    onChange: (event: { target: { value: string } }) => {
      setDraft(event.target.value);
      if (!lazy) commit(event.target.value);
    },
    onBlur: finish,
    onKeyDown: (event: { key: string }) => {
      if (event.key === "Enter") finish();
    },
  };
}

export function PickerField(props: FieldProps) {
  const { element, value, onChange, lazy = false } = props;
  const draft = useDraft(typeof value === "string" ? value : "", lazy, (chosen) => onChange(chosen || null));
  const type = element.type === "datepicker" ? "date" : "time";
  return <input {...described(props)} className="input input-short" type={type} {...draft} />;
}

const two = (number: number): string => String(number).padStart(2, "0");

function asLocal(seconds: unknown): string {
  if (typeof seconds !== "number") return "";
  const date = new Date(seconds * 1000);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

export function DateTimeField(props: FieldProps) {
  const { value, onChange, lazy = false } = props;
  const commit = (chosen: string): void => {
    const seconds = Math.floor(new Date(chosen).getTime() / 1000);
    onChange(Number.isNaN(seconds) ? null : seconds);
  };
  const draft = useDraft(asLocal(value), lazy, commit);
  return (
    <input
      {...described(props)}
      aria-labelledby={props.labelledBy}
      className="input input-short"
      type="datetime-local"
      {...draft}
    />
  );
}
