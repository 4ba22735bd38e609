import type { Element } from "../types";
import { Choices } from "./Choices";
import { DateTimeField, PickerField } from "./Pickers";
import { SelectField } from "./SelectField";
import { TextField } from "./TextField";

export interface FieldProps {
  element: Element;
  value: unknown;
  onChange: (value: unknown) => void;
  // What it is called where no label stands beside it.
  name: string;
  id?: string;
  labelledBy?: string;
  describedBy?: string | undefined;
  invalid?: boolean;
  required?: boolean;
  // Says what was chosen only once the choice is made, not at every key.
  lazy?: boolean;
}

const TEXTS = new Set(["plain_text_input", "email_text_input", "url_text_input", "number_input"]);
const SELECT = /^(multi_)?(static|external|users|channels|conversations)_select$/;

export function isField(element: Element): boolean {
  return (
    TEXTS.has(element.type) ||
    SELECT.test(element.type) ||
    ["checkboxes", "radio_buttons", "datepicker", "timepicker", "datetimepicker"].includes(element.type)
  );
}

export function Field(props: FieldProps) {
  const { type } = props.element;
  if (TEXTS.has(type)) return <TextField {...props} />;
  if (type === "checkboxes" || type === "radio_buttons") return <Choices {...props} />;
  if (type === "datetimepicker") return <DateTimeField {...props} />;
  if (type === "datepicker" || type === "timepicker") return <PickerField {...props} />;
  return <SelectField {...props} />;
}

// The attributes that name a control and tell its state.
export function described(props: FieldProps) {
  return {
    id: props.id,
    "aria-label": props.id ? undefined : props.name,
    "aria-describedby": props.describedBy,
    "aria-invalid": props.invalid || undefined,
    "aria-required": props.required || undefined,
  };
}
