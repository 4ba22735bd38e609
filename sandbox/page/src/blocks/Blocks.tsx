import { memo, useMemo } from "react";
import { ActionElement } from "../elements/ActionElement";
import { Boundary } from "../lib/Boundary";
import { plainOf } from "../lib/text";
import type { Block, Element, TextObject } from "../types";
import { ImageBlock, ImageElement } from "./Image";
import { InputBlock } from "./InputBlock";
import { prepared } from "./prepare";
import { Library, Text } from "./Text";

// Those that show something and have no elements of their own.
const FOR_THE_LIBRARY = new Set([
  "data_visualization",
  "divider",
  "markdown",
  "plan",
  "rich_text",
  "table",
  "task_card",
]);

const ALERTS: Record<string, string> = { info: "Info", warning: "Warning", error: "Error", success: "Success" };

const listOf = <T,>(value: unknown): T[] => (Array.isArray(value) ? (value as T[]).filter(Boolean) : []);
const object = <T,>(value: unknown): T | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as T) : undefined;

// An edit gives every block a new id unless the app sets one. A button has to outlive that, or a click during the edit is lost;
// an input's value belongs to its id.
const keyOf = (block: Block, at: number) =>
  block.type === "input" ? (block.block_id ?? at) : `${at} ${String(block.type)}`;

export const Blocks = memo(function Blocks({ blocks }: { blocks: Block[] }) {
  return (
    <div className="blocks">
      {listOf<Block>(blocks).map((block, at) => (
        <Boundary key={keyOf(block, at)} fallback={<Note type={String(block.type)} />}>
          <OneBlock block={block} />
        </Boundary>
      ))}
    </div>
  );
});

export function Note({ type }: { type: string }) {
  return <p className="note">[{type}]</p>;
}

function OneBlock({ block }: { block: Block }) {
  switch (block.type) {
    case "section":
      return <Section block={block} />;
    case "header":
      return (
        <h2 className="block block-header">
          <Text of={object<TextObject>(block["text"])} />
        </h2>
      );
    case "context":
      return <Context block={block} />;
    case "actions":
    case "context_actions":
      return <Elements elements={listOf<Element>(block["elements"])} blockId={block.block_id ?? ""} />;
    case "image":
      return <ImageBlock block={block} />;
    case "input":
      return <InputBlock block={block} />;
    case "alert":
      return (
        <div className={`block block-alert is-${String(block["level"] ?? "default")}`}>
          <span className="alert-level">{ALERTS[String(block["level"])] ?? "Note"}</span>
          <Text of={object<TextObject>(block["text"])} />
        </div>
      );
    case "card":
      return <Card block={block} />;
    case "container":
    case "carousel":
      return (
        <div className="block block-card">
          <Text of={object<TextObject>(block["title"])} />
          <Blocks blocks={listOf<Block>(block["child_blocks"] ?? block["elements"])} />
        </div>
      );
    default:
      return FOR_THE_LIBRARY.has(block.type) ? <Shown block={block} /> : <Note type={String(block.type)} />;
  }
}

function Shown({ block }: { block: Block }) {
  const blocks = useMemo(() => [prepared(block)], [block]);
  return (
    <div className={`block block-${block.type}`}>
      <Library blocks={blocks} />
    </div>
  );
}

function Section({ block }: { block: Block }) {
  const accessory = object<Element>(block["accessory"]);
  return (
    <div className="block block-section">
      <div className="section-text">
        <Text of={object<TextObject>(block["text"])} />
        {Array.isArray(block["fields"]) && (
          <div className="section-fields">
            {listOf<TextObject>(block["fields"]).map((field, at) => (
              <Text key={at} of={field} />
            ))}
          </div>
        )}
      </div>
      {accessory && (
        <div className="section-accessory">
          {accessory.type === "image" ? (
            <ImageElement element={accessory} className="accessory-image" />
          ) : (
            <ActionElement
              key={accessory.action_id}
              element={accessory}
              blockId={block.block_id ?? ""}
              near={plainOf(block["text"])}
            />
          )}
        </div>
      )}
    </div>
  );
}

function Context({ block }: { block: Block }) {
  return (
    <div className="block block-context">
      {listOf<Element>(block["elements"]).map((element, at) =>
        element.type === "image" ? (
          <ImageElement key={at} element={element} className="context-image" />
        ) : (
          <Text key={at} of={element as unknown as TextObject} />
        ),
      )}
    </div>
  );
}

function Elements({ elements, blockId }: { elements: Element[]; blockId: string }) {
  return (
    <div className="block block-actions">
      {elements.map((element, at) => (
        <Boundary key={element.action_id ?? at} fallback={<Note type={String(element.type)} />}>
          <ActionElement element={element} blockId={blockId} />
        </Boundary>
      ))}
    </div>
  );
}

function Card({ block }: { block: Block }) {
  const actions = listOf<Element>(block["actions"]);
  return (
    <div className="block block-card">
      {["title", "subtitle", "body", "subtext"].map((name) => (
        <div key={name} className={`card-${name}`}>
          <Text of={object<TextObject>(block[name])} />
        </div>
      ))}
      {actions.length > 0 && <Elements elements={actions} blockId={block.block_id ?? ""} />}
    </div>
  );
}
