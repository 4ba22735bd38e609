import type { ChannelInfo, Element, Option } from "../types";

// The values of elements, as the control API takes them.

const TEXTS = new Set(["plain_text_input", "email_text_input", "url_text_input", "number_input"]);
const INITIAL: Record<string, string> = {
  datepicker: "initial_date",
  timepicker: "initial_time",
  datetimepicker: "initial_date_time",
  users_select: "initial_user",
  channels_select: "initial_channel",
  conversations_select: "initial_conversation",
  multi_users_select: "initial_users",
  multi_channels_select: "initial_channels",
  multi_conversations_select: "initial_conversations",
};

export function initialOf(element: Element, current?: ChannelInfo): unknown {
  const { type } = element;
  if (TEXTS.has(type)) return String(element["initial_value"] ?? "");
  const one = element["initial_option"] as Option | undefined;
  const several = (element["initial_options"] ?? []) as Option[];
  if (type === "static_select" || type === "radio_buttons") return one?.value ?? null;
  if (type === "external_select") return one ?? null;
  if (type === "multi_external_select") return several;
  if (type === "multi_static_select" || type === "checkboxes") return several.map((option) => option.value);
  const name = INITIAL[type];
  const here = current && beginsHere(element, current) ? current.id : undefined;
  const many = type.startsWith("multi_");
  return (name && element[name]) ?? (here ? (many ? [here] : here) : many ? [] : null);
}

function beginsHere(element: Element, current: ChannelInfo): boolean {
  if (element["default_to_current_conversation"] !== true) return false;
  const include = (element["filter"] as { include?: string[] } | undefined)?.include;
  return !include || include.includes(current.kind);
}

export function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}

export function optionsOf(element: Element): Option[] {
  return [...(element.options ?? []), ...(element.option_groups ?? []).flatMap((group) => group.options)];
}

// The sentence that Slack's own form shows before it sends anything, or "" if nothing is wrong.
export function problemOf(element: Element, value: unknown, optional: boolean): string {
  if (isEmpty(value)) return optional ? "" : "Please fill this in.";
  if (typeof value !== "string") return "";
  const least = Number(element["min_length"] ?? 0);
  if (value.length < least) return `Please write at least ${least} characters.`;
  if (element.type === "email_text_input" && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)) {
    return "Please enter a valid email address.";
  }
  if (element.type === "url_text_input" && !/^https?:\/\/\S+$/.test(value)) return "Please enter a valid URL.";
  return element.type === "number_input" ? numberProblem(element, value) : "";
}

function numberProblem(element: Element, value: string): string {
  const number = Number(value);
  if (Number.isNaN(number)) return "Please enter a number.";
  if (element["is_decimal_allowed"] !== true && !Number.isInteger(number)) return "Please enter a whole number.";
  const { min_value: least, max_value: most } = element;
  if (least !== undefined && number < Number(least)) return `Please enter ${String(least)} or more.`;
  if (most !== undefined && number > Number(most)) return `Please enter ${String(most)} or less.`;
  return "";
}
