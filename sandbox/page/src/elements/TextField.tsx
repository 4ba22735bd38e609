import { useEffect, useRef } from "react";
import { plainOf } from "../lib/text";
import { described, type FieldProps } from "./Field";

const KINDS: Record<string, { type: string; inputMode?: "email" | "url" | "decimal" | "numeric" }> = {
  email_text_input: { type: "email", inputMode: "email" },
  url_text_input: { type: "url", inputMode: "url" },
  number_input: { type: "text", inputMode: "decimal" },
};

export function TextField(props: FieldProps) {
  const { element, value, onChange } = props;
  const text = typeof value === "string" ? value : "";
  const most = typeof element["max_length"] === "number" ? element["max_length"] : undefined;
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  useEffect(() => {
    if (element["focus_on_load"] === true) field.current?.focus();
  }, [element]);
  const common = {
    ...described(props),
    ref: field,
    className: "input",
    value: text,
    maxLength: most,
    placeholder: plainOf(element.placeholder) || undefined,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
  };
  return (
    <div className="text-field">
      {element["multiline"] === true ? (
        <textarea {...common} rows={4} />
      ) : (
        <input {...common} {...(KINDS[element.type] ?? { type: "text" })} autoComplete="off" />
      )}
      {most !== undefined && text.length > most * 0.8 && (
        <span className="characters-left">
          {most - text.length} left
        </span>
      )}
    </div>
  );
}
