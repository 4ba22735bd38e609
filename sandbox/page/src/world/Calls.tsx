import { memo, useLayoutEffect, useRef, useState } from "react";
import { clockMillis, useNow } from "../lib/time";
import type { Call } from "../types";
import { useCalls, type Numbered } from "./useCalls";

const DIRECTIONS: Record<Call["direction"], string> = {
  to_app: "Slack → bot",
  from_app: "bot → Slack",
  bolt: "bot → Bolt",
};
const FILTERS: ["all" | Call["direction"], string][] = [
  ["all", "All"],
  ["to_app", DIRECTIONS.to_app],
  ["from_app", DIRECTIONS.from_app],
  ["bolt", DIRECTIONS.bolt],
];
const SHORT = 160;
const FINE = /^(ok|2\d\d|opened|closed|ack|deliver)/i;

export function Calls({ version }: { version: number }) {
  const [calls, clear] = useCalls(version);
  const [filter, setFilter] = useState<"all" | Call["direction"]>("all");
  const now = useNow(true);
  const scroller = useRef<HTMLDivElement>(null);
  const sticks = useRef(true);
  const shown = filter === "all" ? calls : calls.filter((call) => call.direction === filter);
  const newest = shown[shown.length - 1]?.number;
  const aMinute = shown.filter((call) => call.at * 1000 > now.getTime() - 60_000).length;

  useLayoutEffect(() => {
    const box = scroller.current;
    if (box && sticks.current) box.scrollTop = box.scrollHeight;
  }, [newest, filter]);

  return (
    <section className="calls" aria-label="Calls">
      <header className="calls-head">
        <h3>Calls</h3>
        <span className="calls-rate">{aMinute} in the last minute</span>
        <select
          className="input"
          aria-label="Show calls"
          value={filter}
          onChange={(event) => setFilter(event.target.value as "all" | Call["direction"])}
        >
          {FILTERS.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        <button type="button" className="button" onClick={clear}>
          Clear
        </button>
      </header>
      <div
        className="calls-scroller"
        ref={scroller}
        tabIndex={0}
        aria-label="Log of calls"
        role="group"
        onScroll={(event) => {
          const box = event.currentTarget;
          sticks.current = box.scrollHeight - box.scrollTop - box.clientHeight < 30;
        }}
      >
        <ol className="calls-list">
          {shown.map((call) => (
            <Row key={call.number} call={call} />
          ))}
        </ol>
        {shown.length === 0 && <p className="note">No calls yet.</p>}
      </div>
    </section>
  );
}

const Row = memo(function Row({ call }: { call: Numbered }) {
  const details = short(call.details);
  const bad = !FINE.test(call.outcome) && call.outcome !== "";
  return (
    <li className={`call call-${call.direction}`}>
      <time>{clockMillis(new Date(call.at * 1000))}</time>
      <span className="call-direction">{DIRECTIONS[call.direction] ?? call.direction}</span>
      <span className="call-what">{call.what}</span>
      <span className={bad ? "call-outcome is-bad" : "call-outcome"}>{call.outcome}</span>
      {details && (
        <span className="call-details" title={details}>
          {details.length > SHORT ? `${details.slice(0, SHORT)}…` : details}
        </span>
      )}
    </li>
  );
});

function short(details: unknown): string {
  if (typeof details !== "object" || details === null) return "";
  return Object.entries(details)
    .filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && !value.length))
    .map(([name, value]) => `${name}: ${said(value)}`)
    .join(" · ");
}

function said(value: unknown): string {
  if (typeof value === "string") return value;
  const text = JSON.stringify(value) ?? "";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
