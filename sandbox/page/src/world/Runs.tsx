import { useState } from "react";
import { post } from "../lib/api";
import type { BoltState, Run } from "../types";

export type Act = (what: () => Promise<unknown>) => Promise<void>;

export function Runs({ bolt, act }: { bolt: BoltState | null; act: Act }) {
  const [wanted, setWanted] = useState("");
  const active = bolt?.runs.filter((run) => !run.endDttm) ?? [];
  const schedules = bolt?.schedules.filter((each) => each.active !== false) ?? [];
  const slug = wanted || schedules[0]?.slug || "";
  const end = (run: Run, state: string): Promise<void> =>
    act(() => post(`/control/bolt/runs/${run.id}/end`, { state }));

  return (
    <section className="world-part" aria-label="Runs">
      <h3>Runs in Bolt</h3>
      {active.length === 0 && <p className="note">None is active.</p>}
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
        <button
          type="button"
          className="button"
          disabled={!slug}
          onClick={() => void act(() => post("/control/bolt/runs", { slug }))}
        >
          Start in Bolt
        </button>
      </div>
    </section>
  );
}
