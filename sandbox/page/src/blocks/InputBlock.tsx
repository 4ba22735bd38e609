import { Icon } from "../lib/Icon";
import { use, useId } from "react";
import { Field, isField } from "../elements/Field";
import { plainOf } from "../lib/text";
import type { Block, Element, TextObject } from "../types";
import { ActingContext } from "./acting";
import { Note } from "./Blocks";
import { Text } from "./Text";

export function InputBlock({ block }: { block: Block }) {
  const { form, act } = use(ActingContext);
  const id = useId();
  const element = block["element"] as Element | undefined;
  const blockId = block.block_id ?? "";
  if (!element || !isField(element)) return <Note type={String(element?.type ?? "input")} />;
  const label = plainOf(block["label"]);
  const hint = block["hint"] as TextObject | undefined;
  const error = form?.errors[blockId] ?? "";
  const described = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  const grouped = ["checkboxes", "radio_buttons", "datetimepicker"].includes(element.type);

  function change(value: unknown): void {
    if (!element) return;
    form?.set(blockId, element, value);
    if (block["dispatch_action"] === true) void act(element, blockId, value);
  }

  return (
    <div className={error ? "block block-input has-error" : "block block-input"} data-block-id={blockId}>
      <div className="input-label" id={`${id}-label`}>
        {grouped ? label : <label htmlFor={id}>{label}</label>}
        {block["optional"] === true && <span className="optional"> (optional)</span>}
      </div>
      <Field
        element={element}
        id={id}
        name={label}
        labelledBy={`${id}-label`}
        describedBy={described || undefined}
        invalid={error !== ""}
        required={block["optional"] !== true}
        value={form?.valueOf(blockId, element)}
        onChange={change}
      />
      {error && (
        <p className="field-error" id={`${id}-error`}>
          <Icon name="warning" /> 
          {error}
        </p>
      )}
      {hint && (
        <div className="field-hint" id={`${id}-hint`}>
          <Text of={hint} />
        </div>
      )}
    </div>
  );
}
