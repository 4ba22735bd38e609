import { useState } from "react";
import { post } from "../lib/api";
import type { BoltState, Run } from "../types";

export type Act = (what: () => Promise<unknown>) => Promise<void>;

const ENDS: [string, string][] = [
  ["own", "as usual"],
  ["success", "success"],
  ["model_error", "a model's error"],
  ["other_error", "a different model's error"],
  ["test_failure", "a failed test"],
  ["compile_error", "a compilation error"],
  ["warehouse", "no warehouse"],
  ["canceled", "canceled"],
  ["skipped", "skipped"],
];

export function Runs({ bolt, act }: { bolt: BoltState | null; act: Act }) {
  const [wanted, setWanted] = useState("");
  const [ends, setEnds] = useState("own");
  const active = bolt?.runs.filter((run) => !run.endDttm) ?? [];
  const schedules = bolt?.schedules.filter((each) => each.active !== false) ?? [];
  const slug = wanted || schedules[0]?.slug || "";
  const end = (run: Run, state: string): Promise<void> =>
    act(() => post(`/control/bolt/runs/${run.id}/end`, { state }));

  return (
    <section className="world-part" aria-label="Runs">
      <h3>Runs in Bolt</h3>
      {active.length === 0 && <p className="note">No active runs.</p>}
      <ul className="runs">
        {active.map((run) => (
          <li key={run.id}>
            <span className="run-name">
              <strong>{run.slug}</strong> {run.id}
              <span className="run-state">{run.state}</span>
            </span>
            <button type="button" className="button" aria-label={`Fail run ${run.id}`} onClick={() => void end(run, "FAILED")}>
              Fail
            </button>
            <button
              type="button"
              className="button"
              aria-label={`Succeed run ${run.id}`}
              onClick={() => void end(run, "SUCCESS")}
            >
              Succeed
            </button>
          </li>
        ))}
      </ul>
      <div className="row">
        <label className="row-label">
          Schedule
          <select className="input" value={slug} onChange={(event) => setWanted(event.target.value)}>
            {schedules.map((each) => (
              <option key={each.slug} value={each.slug}>
                {each.slug}
              </option>
            ))}
          </select>
        </label>
        <label className="row-label">
          Ends with
          <select className="input" value={ends} onChange={(event) => setEnds(event.target.value)}>
            {ENDS.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          className="button"
          disabled={!slug}
          onClick={() => void act(() => post("/control/bolt/runs", { slug, ends }))}
        >
          Start in Bolt
        </button>
        <button
          type="button"
          className="button"
          disabled={!slug}
          onClick={() => void act(() => post("/control/bolt/runs", { slug, ends, scheduled: true }))}
        >
          Start as the scheduler
        </button>
      </div>
    </section>
  );
}
