import { packDate } from "../lib/mrkdwn";
import { safeUrl } from "../lib/text";
import type { Block } from "../types";

// A block as the library may have it: its links are safe, nothing in it names an element id, dates carry all they need.

type Any = Record<string, unknown>;
const URLS = new Set(["url", "title_url", "video_url", "thumbnail_url", "author_url"]);
const IDS = new Set(["block_id", "action_id", "task_id"]);
const DEEPEST = 30;

export function prepared(block: Block): Block {
  const kept = clean(block, 0) as Block;
  // Slack shows an image in Markdown as a link too.
  if (kept.type === "markdown") kept["text"] = String(kept["text"] ?? "").replace(/!\[/g, "[");
  return kept;
}

function clean(value: unknown, depth: number): unknown {
  if (depth > DEEPEST) return null;
  if (Array.isArray(value)) return value.map((each) => clean(each, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  const found = value as Any;
  if (found["type"] === "date") return date(found);
  if (found["type"] === "raw_text") return cell(String(found["text"] ?? ""));
  if (found["type"] === "raw_number") return cell(String(found["text"] ?? found["value"] ?? ""));
  const kept: Any = {};
  for (const [name, each] of Object.entries(found)) {
    if (IDS.has(name)) continue;
    // A link that is none keeps its text: the hook for links shows it so.
    kept[name] = URLS.has(name) ? (safeUrl(each) ?? "#") : clean(each, depth + 1);
  }
  return kept;
}

function date(found: Any): Any {
  const packed = packDate(String(found["format"] ?? ""), String(found["url"] ?? ""), String(found["fallback"] ?? ""));
  return { type: "date", timestamp: Number(found["timestamp"] ?? 0), format: packed, ...style(found) };
}

const style = (found: Any): Any => (typeof found["style"] === "object" ? { style: found["style"] } : {});

// The library would read a cell's text as Markdown; nothing is to be read in it.
function cell(text: string): Any {
  const elements = text ? [{ type: "text", text }] : [];
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements }] };
}
