import { useSyncExternalStore } from "react";

// Times in the viewer's zone, as Slack writes them (docs.slack.dev, formatting message text).

const DAY_MS = 86_400_000;

const made = new Map<string, Intl.DateTimeFormat>();
function format(date: Date, options: Intl.DateTimeFormatOptions): string {
  const key = JSON.stringify(options);
  let formatter = made.get(key);
  if (!formatter) made.set(key, (formatter = new Intl.DateTimeFormat("en-GB", options)));
  return formatter.format(date);
}

const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
export const clock = (date: Date): string => format(date, CLOCK);
export const clockSecs = (date: Date): string => format(date, { ...CLOCK, second: "2-digit" });
export const clockMillis = (date: Date): string =>
  `${clockSecs(date)}.${String(date.getMilliseconds()).padStart(3, "0")}`;

export const ofTs = (ts: string): Date => new Date(Number(ts) * 1000);

function ordinal(day: number): string {
  const rest = day % 100;
  if (rest >= 11 && rest <= 13) return `${day}th`;
  return `${day}${["th", "st", "nd", "rd"][day % 10] ?? "th"}`;
}

const month = (date: Date, width: "long" | "short"): string => format(date, { month: width });
const long = (date: Date): string => `${month(date, "long")} ${ordinal(date.getDate())}, ${date.getFullYear()}`;
const short = (date: Date): string => `${month(date, "short")} ${date.getDate()}, ${date.getFullYear()}`;
const full = (date: Date): string => `${format(date, { weekday: "long" })}, ${long(date)}`;

function dayStart(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

function pretty(date: Date, now: Date, otherwise: string): string {
  const days = Math.round((dayStart(date) - dayStart(now)) / DAY_MS);
  return { "-1": "yesterday", "0": "today", "1": "tomorrow" }[String(days)] ?? otherwise;
}

export function dayLabel(date: Date, now = new Date()): string {
  const label = pretty(date, now, "");
  if (label) return label.charAt(0).toUpperCase() + label.slice(1);
  return `${format(date, { weekday: "long" })}, ${month(date, "long")} ${ordinal(date.getDate())}`;
}

const STEPS: [number, string][] = [
  [31_536_000, "year"],
  [2_592_000, "month"],
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
];

export function ago(date: Date, now: Date): string {
  const seconds = Math.round((now.getTime() - date.getTime()) / 1000);
  const distance = Math.abs(seconds);
  if (distance < 5) return "just now";
  const [unit, word] = STEPS.find(([least]) => distance >= least) ?? [1, "second"];
  const number = Math.floor(distance / unit);
  const words = `${number} ${word}${number === 1 ? "" : "s"}`;
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

const isoDay = (date: Date): string =>
  `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;

export function fillDate(tokens: string, date: Date, now: Date): string {
  return tokens.replace(/\{(\w+)\}/g, (whole, name: string) => {
    switch (name) {
      case "date_num":
        return isoDay(date);
      case "date_slash":
        return isoDay(date).replaceAll("-", "/");
      case "date":
        return long(date);
      case "date_short":
        return short(date);
      case "date_long":
        return full(date);
      case "date_pretty":
        return pretty(date, now, long(date));
      case "date_short_pretty":
        return pretty(date, now, short(date));
      case "date_long_pretty":
      case "day_divider_pretty":
        return pretty(date, now, full(date));
      case "date_long_full":
        return long(date);
      case "time":
        return clock(date);
      case "time_secs":
        return clockSecs(date);
      case "ago":
        return ago(date, now);
      default:
        return whole;
    }
  });
}

// One clock for all relative times on the page.
let now = new Date();
let timer = 0;
const listeners = new Set<() => void>();

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  if (!timer) {
    now = new Date();
    timer = window.setInterval(() => {
      now = new Date();
      for (const listener of [...listeners]) listener();
    }, 1000);
  }
  return () => {
    listeners.delete(changed);
    if (!listeners.size) {
      window.clearInterval(timer);
      timer = 0;
    }
  };
}

const still = (): (() => void) => () => undefined;

export function useNow(ticking: boolean): Date {
  return useSyncExternalStore(ticking ? subscribe : still, () => now);
}
