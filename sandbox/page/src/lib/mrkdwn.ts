// Slack's mrkdwn as rich text, which the library renders without reading it again.
//
// The library has a reader of its own. It undoes the escaping before it looks for tokens, so that an escaped
// `&lt;!channel&gt;` would become a mention, and it doesn't parse text with `verbatim` at all. Slack differs in both.

export interface Style {
  bold?: boolean;
  italic?: boolean;
  strike?: boolean;
  code?: boolean;
}

export type Leaf =
  | { type: "text"; text: string; style?: Style }
  | { type: "link"; url: string; text?: string; style?: Style }
  | { type: "user"; user_id: string; style?: Style }
  | { type: "channel"; channel_id: string; style?: Style }
  | { type: "usergroup"; usergroup_id: string; style?: Style }
  | { type: "broadcast"; range: string; style?: Style }
  | { type: "emoji"; name: string; style?: Style }
  | { type: "date"; timestamp: number; format: string; style?: Style };

export interface RichElement {
  type: "rich_text_section" | "rich_text_preformatted" | "rich_text_quote";
  elements: Leaf[];
}

// The library passes the format of a date to our hook unchanged, but doesn't pass its link or its fallback.
export const packDate = (format: string, link: string, fallback: string): string =>
  JSON.stringify([format, link, fallback]);

export function unpackDate(packed: string): [format: string, link: string, fallback: string] {
  try {
    const [format, link, fallback] = JSON.parse(packed) as unknown[];
    return [String(format ?? ""), String(link ?? ""), String(fallback ?? "")];
  } catch {
    return [packed, "", ""];
  }
}

export const unescaped = (text: string): string =>
  text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

const MARKS: Record<string, keyof Style> = { "*": "bold", _: "italic", "~": "strike" };
const JOINER = "\u2060";
// A word joiner counts as a letter: apps put one before a mark to keep it from formatting the text.
const WORD = /[\p{L}\p{N}\u2060]/u;
const SPACE = /\s/;
const EMOJI = /:([a-z0-9_+'-]{1,100}(?:::skin-tone-[2-6])?):/y;
const BARE_URL = /https?:\/\/[^\s<>|]+/y;
const DATE = /^!date\^(-?\d{1,12})\^([^|^]*)(?:\^([^|]*))?\|([\s\S]*)$/;

export interface Reading {
  verbatim?: boolean;
}

export function readMrkdwn(text: string, reading: Reading = {}): RichElement[] {
  const found: RichElement[] = [];
  text.split("```").forEach((part, at, parts) => {
    const fenced = at % 2 === 1 && at < parts.length - 1;
    if (fenced) {
      const code = part.replace(/^\n/, "").replace(/\n$/, "");
      if (code) found.push({ type: "rich_text_preformatted", elements: readTokens(code, {}) });
      return;
    }
    const unclosed = at % 2 === 1 ? `\`\`\`${part}` : part;
    const before = at > 0 ? unclosed.replace(/^\n/, "") : unclosed;
    found.push(...readLines(at < parts.length - 1 ? before.replace(/\n$/, "") : before, reading));
  });
  return found;
}

function readLines(text: string, reading: Reading): RichElement[] {
  const found: RichElement[] = [];
  let lines: string[] = [];
  let quoted = false;
  let quotedToTheEnd = false;
  const flush = (): void => {
    const joined = lines.join("\n");
    if (joined) {
      found.push({ type: quoted ? "rich_text_quote" : "rich_text_section", elements: new Inline(joined, reading).read() });
    }
    lines = [];
  };
  for (const line of text.split("\n")) {
    const mark = /^(?:>>>|&gt;&gt;&gt;)|^(?:>|&gt;)/.exec(line)?.[0] ?? "";
    const isQuoted = quotedToTheEnd || mark !== "";
    if (isQuoted !== quoted) {
      flush();
      quoted = isQuoted;
    }
    lines.push(quotedToTheEnd || !mark ? line : line.slice(mark.length).replace(/^ /, ""));
    quotedToTheEnd ||= mark.length > 4 || mark === ">>>";
  }
  flush();
  return found;
}

// For text between backticks, for example: only tokens in angle brackets are interpreted.
function readTokens(text: string, style: Style): Leaf[] {
  const leaves: Leaf[] = [];
  for (const part of text.split(/(<[^<>\n]*>)/)) {
    if (part.startsWith("<") && part.endsWith(">") && part.length > 2) leaves.push(token(part.slice(1, -1), style));
    else if (part) leaves.push(styled({ type: "text", text: unescaped(part) }, style));
  }
  return leaves;
}

const styled = <T extends Leaf>(leaf: T, style: Style): T =>
  Object.keys(style).length ? { ...leaf, style: { ...style } } : leaf;

function token(inside: string, style: Style): Leaf {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : unescaped(inside.slice(bar + 1));
  if (/^@[UW]\w+$/.test(target)) return styled({ type: "user", user_id: target.slice(1) }, style);
  if (/^#[CGD]\w+$/.test(target)) {
    return styled({ type: "channel", channel_id: label ? `${target.slice(1)}|${label}` : target.slice(1) }, style);
  }
  if (/^!(here|channel|everyone)$/.test(target)) return styled({ type: "broadcast", range: target.slice(1) }, style);
  if (target.startsWith("!subteam^")) {
    const id = target.slice("!subteam^".length);
    return styled({ type: "usergroup", usergroup_id: label ? `${id}|${label}` : id }, style);
  }
  const date = DATE.exec(inside);
  if (date) {
    const [, seconds = "0", format = "", link = "", fallback = ""] = date;
    const packed = packDate(unescaped(format), unescaped(link), unescaped(fallback));
    return styled({ type: "date", timestamp: Number(seconds), format: packed }, style);
  }
  if (target.startsWith("!") || target.startsWith("@") || target.startsWith("#")) {
    return styled({ type: "text", text: label || `<${unescaped(target)}>` }, style);
  }
  return styled({ type: "link", url: unescaped(target), ...(label ? { text: label } : {}) }, style);
}

class Inline {
  private at = 0;
  private text = "";
  private readonly leaves: Leaf[] = [];
  // Where a search found no closing mark: an opening mark before that needs no search of its own.
  private readonly vain: Record<string, number> = {};

  constructor(
    private readonly source: string,
    private readonly reading: Reading,
    private readonly style: Style = {},
  ) {}

  read(): Leaf[] {
    while (this.at < this.source.length) {
      if (!this.token() && !this.code() && !this.marked() && !this.emoji() && !this.bareUrl()) {
        this.text += this.source[this.at];
        this.at += 1;
      }
    }
    this.flush();
    return this.leaves;
  }

  private flush(): void {
    if (this.text) this.leaves.push(styled({ type: "text", text: unescaped(this.text) }, this.style));
    this.text = "";
  }

  private add(leaves: Leaf[], next: number): true {
    this.flush();
    this.leaves.push(...leaves);
    this.at = next;
    return true;
  }

  private token(): boolean {
    if (this.source[this.at] !== "<") return false;
    const end = this.source.indexOf(">", this.at);
    if (end < this.at + 2) return false;
    return this.add([token(this.source.slice(this.at + 1, end), this.style)], end + 1);
  }

  private code(): boolean {
    if (this.source[this.at] !== "`" || this.source[this.at - 1] === JOINER) return false;
    const end = this.endOfCode(this.at);
    if (end < 0) return false;
    return this.add(readTokens(this.source.slice(this.at + 1, end), { ...this.style, code: true }), end + 1);
  }

  private endOfCode(start: number): number {
    if ((this.vain["`"] ?? -1) > start) return -1;
    const line = this.endOfLine(start);
    const end = this.source.indexOf("`", start + 1);
    if (end > start + 1 && end < line) return end;
    if (end < 0 || end >= line) this.vain["`"] = line;
    return -1;
  }

  private endOfLine(start: number): number {
    const end = this.source.indexOf("\n", start);
    return end < 0 ? this.source.length : end;
  }

  private marked(): boolean {
    const mark = this.source[this.at] ?? "";
    const name = MARKS[mark];
    if (!name || this.style[name] || WORD.test(this.source[this.at - 1] ?? " ")) return false;
    const after = this.source[this.at + 1] ?? " ";
    if (SPACE.test(after) || after === mark) return false;
    const end = this.closing(mark, this.at + 1);
    if (end < 0) return false;
    const inside = new Inline(this.source.slice(this.at + 1, end), this.reading, { ...this.style, [name]: true });
    return this.add(inside.read(), end + 1);
  }

  private closing(mark: string, start: number): number {
    if ((this.vain[mark] ?? -1) > start) return -1;
    const line = this.endOfLine(start);
    for (let at = start; at < line; at += 1) {
      const here = this.source[at];
      if (here === "<") {
        const end = this.source.indexOf(">", at);
        if (end > 0 && end < line) at = end;
      } else if (here === "`") {
        const end = this.endOfCode(at);
        if (end > 0) at = end;
      } else if (here === mark && at > start) {
        const before = this.source[at - 1] ?? " ";
        if (!SPACE.test(before) && before !== JOINER && !WORD.test(this.source[at + 1] ?? " ")) return at;
      }
    }
    this.vain[mark] = line;
    return -1;
  }

  private emoji(): boolean {
    if (this.source[this.at] !== ":" || this.source[this.at - 1] === JOINER) return false;
    EMOJI.lastIndex = this.at;
    const found = EMOJI.exec(this.source);
    if (!found) return false;
    return this.add([styled({ type: "emoji", name: found[1] ?? "" }, this.style)], EMOJI.lastIndex);
  }

  private bareUrl(): boolean {
    if (this.reading.verbatim || this.source[this.at] !== "h" || WORD.test(this.source[this.at - 1] ?? " ")) return false;
    BARE_URL.lastIndex = this.at;
    const found = BARE_URL.exec(this.source)?.[0].replace(/[.,:;!?)\]'"*_~]+$/, "");
    if (!found || found.length < 10) return false;
    return this.add([styled({ type: "link", url: unescaped(found) }, this.style)], this.at + found.length);
  }
}

// Plain text, of which only emoji names are read.
export function readPlain(text: string, emoji: boolean): RichElement[] {
  const elements: Leaf[] = [];
  for (const part of text.split(emoji ? /(:[a-z0-9_+'-]{1,100}:)/ : /(?!)/)) {
    if (/^:[^:]+:$/.test(part) && emoji) elements.push({ type: "emoji", name: part.slice(1, -1) });
    else if (part) elements.push({ type: "text", text: part });
  }
  return [{ type: "rich_text_section", elements }];
}
