import { useId } from "react";
import { Text } from "../blocks/Text";
import type { FieldProps } from "./Field";

export function Choices({ element, value, onChange, name, labelledBy, describedBy, invalid }: FieldProps) {
  const id = useId();
  const many = element.type === "checkboxes";
  const chosen = new Set(Array.isArray(value) ? (value as string[]) : value ? [String(value)] : []);

  function choose(option: string, on: boolean): void {
    if (!many) return onChange(option);
    const all = (element.options ?? []).map((each) => each.value);
    onChange(all.filter((each) => (each === option ? on : chosen.has(each))));
  }

  return (
    <div
      className="choices"
      role={many ? "group" : "radiogroup"}
      aria-label={labelledBy ? undefined : name}
      aria-labelledby={labelledBy}
      aria-describedby={describedBy}
      aria-invalid={invalid || undefined}
    >
      {(element.options ?? []).map((option, at) => (
        <div className="choice" key={option.value}>
          <input
            type={many ? "checkbox" : "radio"}
            id={`${id}-${at}`}
            name={id}
            checked={chosen.has(option.value)}
            onChange={(event) => choose(option.value, event.target.checked)}
          />
          <label htmlFor={`${id}-${at}`}>
            <Text of={option.text} />
            {option.description && (
              <span className="choice-description">
                <Text of={option.description} />
              </span>
            )}
          </label>
        </div>
      ))}
    </div>
  );
}
