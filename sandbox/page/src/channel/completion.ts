import type { Command, User } from "../types";

export interface Completion {
  insert: string;
  label: string;
  description: string;
}

// Slack's own commands that the page knows.
export const OWN: Command[] = [
  { command: "/invite", description: "Add someone to this channel", usage_hint: "@someone" },
  { command: "/remove", description: "Remove someone from this channel", usage_hint: "@someone" },
];

// What may follow what is typed before the cursor: a command, then the words of its usage hint, or a name after @.
export function completions(typed: string, commands: Command[], users: User[]): Completion[] {
  const found = typed.startsWith("/") ? ofCommands(typed, commands) : [];
  return (found.length ? found : ofNames(typed, users)).filter((each) => each.insert.trim() !== typed.trim());
}

function ofCommands(typed: string, commands: Command[]): Completion[] {
  const known = [...commands, ...OWN];
  const space = typed.indexOf(" ");
  if (space < 0) {
    return known
      .filter((each) => each.command.startsWith(typed.toLowerCase()))
      .map((each) => ({
        insert: `${each.command} `,
        label: each.command,
        description: [each.usage_hint, each.description].filter(Boolean).join(" — "),
      }));
  }
  const command = known.find((each) => each.command === typed.slice(0, space));
  const rest = typed.slice(space + 1);
  return (command?.usage_hint ?? "")
    .split(" | ")
    .map((usage) => ({ usage, words: usage.split(" ").filter((word) => /^[\w-]+$/.test(word)) }))
    .filter(({ words }) => words.length && words.join(" ").startsWith(rest.toLowerCase()) && rest.length <= words.join(" ").length)
    .map(({ usage, words }) => ({
      insert: `${command?.command} ${words.join(" ")}${usage === words.join(" ") ? "" : " "}`,
      label: `${command?.command} ${usage}`,
      description: "",
    }));
}

function ofNames(typed: string, users: User[]): Completion[] {
  const at = /(?:^|\s)@([\w.-]*)$/.exec(typed);
  if (!at) return [];
  const start = typed.length - (at[1]?.length ?? 0);
  return users
    .filter((user) => user.name.startsWith((at[1] ?? "").toLowerCase()))
    .map((user) => ({
      insert: `${typed.slice(0, start)}${user.name} `,
      label: `@${user.name}`,
      description: user.real_name ?? "",
    }));
}
