import { del, post } from "../lib/api";
import { useLive } from "../live/store";
import type { BoltFault, BotState, SlackFault } from "../types";
import type { Act } from "./Runs";

const EDITS_S = 10;
const SLOW_S = 5;

const times = (count: number | null | undefined): string =>
  count === null || count === undefined ? "" : ` for ${count} more ${count === 1 ? "call" : "calls"}`;

function boltSays(fault: BoltFault): string {
  if (fault.kind === "slow") return `Bolt is slow: ${fault.latency_s ?? 1} s a request${times(fault.count)}.`;
  if (fault.kind === "away") return `Bolt is down${times(fault.count)}.`;
  return `Bolt: ${fault.kind.replaceAll("_", " ")}${fault.operation ? ` in ${fault.operation}` : ""}${times(fault.count)}.`;
}

function slackSays(fault: SlackFault): string {
  const where = fault.method === "*" || !fault.method ? "every method" : fault.method;
  if (fault.kind === "ratelimited") return `Slack rate-limits ${where}: retry after ${fault.retry_after_s ?? 1} s${times(fault.count)}.`;
  return `Slack: ${fault.kind.replaceAll("_", " ")} on ${where}${times(fault.count)}.`;
}

function Words({ said, otherwise }: { said: string[]; otherwise: string }) {
  return (
    <div className={said.length ? "words is-on" : "words"} role="status">
      {said.length ? said.map((each, at) => <p key={at}>⚠ {each}</p>) : <p>{otherwise}</p>}
    </div>
  );
}

export function BoltFaults({ faults, act }: { faults: BoltFault[]; act: Act }) {
  const add = (body: object) => (): void => void act(() => post("/control/bolt/faults", body));
  return (
    <section className="world-part" aria-label="Bolt">
      <h3>Bolt</h3>
      <Words said={faults.map(boltSays)} otherwise="Bolt works normally." />
      <div className="row">
        <button type="button" className="button" onClick={add({ kind: "slow", latency_s: SLOW_S, count: null })}>
          Slow
        </button>
        <button type="button" className="button" onClick={add({ kind: "away", count: null })}>
          Take down
        </button>
        <button type="button" className="button" onClick={() => void act(() => del("/control/bolt/faults"))}>
          Back to normal
        </button>
      </div>
    </section>
  );
}

export function SlackFaults({ act }: { act: Act }) {
  const { state } = useLive();
  const said = [...(state?.away ? ["Slack is down."] : []), ...(state?.faults ?? []).map(slackSays)];
  const sockets = state?.sockets ?? 0;
  const add = (body: object) => (): void => void act(() => post("/control/faults", body));
  return (
    <>
      <section className="world-part" aria-label="Slack">
        <h3>Slack</h3>
        <Words said={said} otherwise="Slack works normally." />
        <div className="row">
          <button
            type="button"
            className="button"
            onClick={add({ kind: "ratelimited", method: "chat.update", retry_after_s: EDITS_S, count: 1 })}
          >
            Rate-limit edits
          </button>
          <button type="button" className="button" onClick={add({ away: true })}>
            Take down
          </button>
          <button type="button" className="button" onClick={() => void act(() => del("/control/faults"))}>
            Back to normal
          </button>
        </div>
      </section>
      <section className="world-part" aria-label="Sockets">
        <h3>Sockets</h3>
        <p className="words">{sockets === 1 ? "1 socket is open." : `${sockets} sockets are open.`}</p>
        <div className="row">
          <button type="button" className="button" onClick={() => void act(() => post("/control/sockets", { do: "drop" }))}>
            Drop
          </button>
          <button
            type="button"
            className="button"
            onClick={() => void act(() => post("/control/sockets", { do: "disconnect" }))}
          >
            Ask to reconnect
          </button>
        </div>
      </section>
    </>
  );
}

const STATES: Record<BotState["state"], string> = {
  running: "The bot is running",
  starting: "The bot is starting",
  stopping: "The bot is stopping",
  stopped: "⚠ The bot is stopped",
};

export function Bot({ bot, act }: { bot: BotState | null; act: Act }) {
  const ours = bot?.run_by_sandbox === true;
  const stopped = bot?.state === "stopped";
  const order = (what: string) => (): void => void act(() => post("/control/bot", { do: what }));
  const facts = [bot?.pid ? `process ${bot.pid}` : "", (bot?.starts ?? 0) > 1 ? `started ${bot?.starts} times` : ""];
  const more = facts.filter(Boolean).join(", ");
  return (
    <section className="world-part" aria-label="Bot">
      <h3>Bot</h3>
      <p className={stopped ? "words is-on" : "words"} role="status">
        {ours ? `${STATES[bot.state]}${more ? ` (${more})` : ""}.` : "The bot wasn't started by this sandbox."}
      </p>
      <div className="row">
        <button type="button" className="button button-danger" disabled={!ours || stopped} onClick={order("kill")}>
          Kill
        </button>
        <button type="button" className="button" disabled={!ours || stopped} onClick={order("stop")}>
          Stop
        </button>
        <button type="button" className="button" disabled={!ours} onClick={order(stopped ? "start" : "restart")}>
          {stopped ? "Start" : "Restart"}
        </button>
      </div>
    </section>
  );
}
