import { post } from "../lib/api";
import type { BoltState } from "../types";
import type { Act } from "./Runs";

const MODES: [string, string][] = [
  ["off", "Off"],
  ["lively", "A few"],
  ["all", "All"],
];
const ALL_EVERY_S = 60;

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

// Bolt's own scheduler: which schedules it starts, and their next slots.
export function Scheduler({ bolt, act }: { bolt: BoltState | null; act: Act }) {
  const mode = bolt?.scheduler?.mode ?? "off";
  const tables = Object.values(bolt?.scheduler?.timetables ?? {}).sort((a, b) => a.next_at.localeCompare(b.next_at));
  const set = (wanted: string): Promise<void> =>
    act(() => post("/control/bolt/scheduler", { mode: wanted, ...(wanted === "all" ? { every_s: ALL_EVERY_S } : {}) }));
  return (
    <section className="world-part" aria-label="Scheduler">
      <h3>Scheduler</h3>
      <p className="words">{tables.length ? "Runs start by themselves." : "No runs start by themselves."}</p>
      <ul className="runs">
        {tables.slice(0, 5).map((table) => (
          <li key={table.slug}>
            <span className="run-name">
              <strong>{table.slug}</strong> {clock.format(new Date(table.next_at))}
              {table.skip > 0 && <span className="run-state">SKIPPED</span>}
            </span>
            <button
              type="button"
              className="button"
              aria-label={`Skip the next run of ${table.slug}`}
              onClick={() => void act(() => post(`/control/bolt/scheduler/${encodeURIComponent(table.slug)}`, { skip: 1 }))}
            >
              Skip
            </button>
          </li>
        ))}
      </ul>
      <div className="row" role="group" aria-label="Schedules that start by themselves">
        {MODES.map(([value, label]) => (
          <button
            key={value}
            type="button"
            className="button"
            aria-pressed={mode === value}
            onClick={() => void set(value)}
          >
            {label}
          </button>
        ))}
      </div>
    </section>
  );
}

// What all runs depend on: the warehouse, and the commit of the main branch.
export function Warehouse({ bolt, act }: { bolt: BoltState | null; act: Act }) {
  const away = bolt?.warehouse?.away === true;
  return (
    <section className="world-part" aria-label="Warehouse">
      <h3>Warehouse</h3>
      <p className={away ? "words is-on" : "words"} role="status">
        {away ? "⚠ The warehouse can't be reached: every run fails." : "The warehouse works normally."}
      </p>
      <div className="row">
        <button
          type="button"
          className="button"
          onClick={() => void act(() => post("/control/bolt/warehouse", { away: !away }))}
        >
          {away ? "Bring it back up" : "Take it down"}
        </button>
        <button type="button" className="button" onClick={() => void act(() => post("/control/bolt/commits", {}))}>
          New commit on main
        </button>
      </div>
    </section>
  );
}
