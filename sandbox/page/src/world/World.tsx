import { Icon } from "../lib/Icon";
import { useEffect, useState } from "react";
import { get, told } from "../lib/api";
import { useRoute } from "../lib/route";
import { live, useLive } from "../live/store";
import type { BoltState, BotState } from "../types";
import { Calls } from "./Calls";
import { BoltFaults, Bot, SlackFaults } from "./Faults";
import { Runs } from "./Runs";
import { Scheduler, Warehouse } from "./Scheduler";

const EVERY_MS = 2000;
const RUNS = 100;

// What happens outside Slack, what goes wrong, and who calls whom.
export function World() {
  const { world, calls } = useLive();
  const [, go] = useRoute();
  const [bolt, setBolt] = useState<BoltState | null>(null);
  const [bot, setBot] = useState<BotState | null>(null);
  const [problem, setProblem] = useState("");
  const [asked, setAsked] = useState(0);

  useEffect(() => {
    const stopped = new AbortController();
    get<BoltState>(`/control/bolt/state?runs=${RUNS}`, stopped.signal).then(setBolt, () => undefined);
    get<BotState>("/control/bot", stopped.signal).then(setBot, () => setBot(null));
    return () => stopped.abort();
  }, [world, asked]);
  useEffect(() => {
    // Runs go on by themselves, which nothing tells of.
    const timer = window.setInterval(() => setAsked((number) => number + 1), EVERY_MS);
    return () => window.clearInterval(timer);
  }, []);

  async function act(what: () => Promise<unknown>): Promise<void> {
    setProblem("");
    try {
      await what();
    } catch (error) {
      setProblem(told(error));
    }
    live.refreshState();
    setAsked((number) => number + 1);
  }

  return (
    <section className="column pane world" aria-label="World">
      <header className="column-head">
        <button type="button" className="icon-button back" aria-label="Back to the channel" onClick={() => go({ pane: "" })}>
          <Icon name="back" size={18} />
        </button>
        <div className="column-title">
          <h2>World</h2>
          <p>Control Bolt, Slack and the bot, and make things go wrong</p>
        </div>
        <button type="button" className="icon-button" aria-label="Close world" onClick={() => go({ pane: "" })}>
          <Icon name="close" />
        </button>
      </header>
      <div className="world-controls">
        {problem && (
          <p className="field-error" role="alert">
            <Icon name="warning" /> 
            {problem}
          </p>
        )}
        <Bot bot={bot} act={act} />
        <Scheduler bolt={bolt} act={act} />
        <Runs bolt={bolt} act={act} />
        <Warehouse bolt={bolt} act={act} />
        <BoltFaults faults={bolt?.faults ?? []} act={act} />
        <SlackFaults act={act} />
      </div>
      <Calls version={calls} />
    </section>
  );
}
