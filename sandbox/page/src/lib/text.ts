import type { TextObject, User } from "../types";

export function plainOf(text: unknown): string {
  if (typeof text === "string") return text;
  const found = (text as TextObject | null | undefined)?.text;
  return typeof found === "string" ? found : "";
}

export const shownName = (user: User | undefined, fallback = "Someone"): string =>
  user ? user.real_name || user.name : fallback;

export const titled = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

export function size(bytes: number): string {
  if (bytes < 1000) return count(bytes, "byte");
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function safeUrl(url: unknown): string | null {
  if (typeof url !== "string") return null;
  try {
    const parsed = new URL(url);
    return ["http:", "https:", "mailto:"].includes(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

const escaped = (text: string): string =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

// The typed text in the form that Slack's composer sends: names become ids, and the rest is escaped.
export function asSent(typed: string, users: User[]): string {
  const byName = new Map(users.map((user) => [user.name.toLowerCase(), user.id]));
  return escaped(typed).replace(/(^|[^\w@])@([\w.-]*\w)/g, (whole, before: string, name: string) => {
    const id = byName.get(name.toLowerCase());
    if (id) return `${before}<@${id}>`;
    if (["here", "channel", "everyone"].includes(name)) return `${before}<!${name}>`;
    return whole;
  });
}

// The text of a command with ids for users and channels, as the app requests it (should_escape).
export function asCommand(typed: string, users: User[], channels: { id: string; name: string }[]): string {
  return asSent(typed, users)
    .replace(/<@(\w+)>/g, (_whole, id: string) => `<@${id}|${users.find((user) => user.id === id)?.name ?? ""}>`)
    .replace(/(^|\s)#([\w-]+)/g, (whole, before: string, name: string) => {
      const found = channels.find((channel) => channel.name === name);
      return found ? `${before}<#${found.id}|${name}>` : whole;
    });
}
