import { live } from "./store";
import type { Block, Element } from "../types";

// Whether a message, as it is now, has exactly one element with that action, and that element is the one meant.
// Each edit gives the blocks new ids, so only its action, type and value can identify the element.
export function stillThere(channel: string, ts: string, meant: Element): boolean {
  const found = live.snapshot().channels[channel];
  const messages = (found?.messages ?? []).flatMap((each) => [each, ...(each.replies ?? [])]);
  const blocks = [...messages, ...(found?.private ?? [])].find((each) => each.ts === ts)?.blocks ?? [];
  const same = elementsOf(blocks).filter((each) => each.action_id === meant.action_id);
  return same.length === 1 && same[0]?.type === meant.type && same[0]?.value === meant.value;
}

function elementsOf(blocks: Block[]): Element[] {
  return blocks.flatMap((block) => {
    const elements = Array.isArray(block["elements"]) ? (block["elements"] as Element[]) : [];
    return block["accessory"] ? [...elements, block["accessory"] as Element] : elements;
  });
}
