import { useEffect, useMemo, useRef, type KeyboardEvent } from "react";
import { ActingContext } from "../blocks/acting";
import { Blocks } from "../blocks/Blocks";
import { post } from "../lib/api";
import { Boundary } from "../lib/Boundary";
import { useRoute, type Route } from "../lib/route";
import { useLive } from "../live/store";
import { viewActing } from "../modal/viewActing";
import { Head } from "./ChannelPage";
import { Conversation } from "./Conversation";

const TABS: [Route["tab"], string][] = [
  ["home", "Home"],
  ["messages", "Messages"],
];

export function AppPage() {
  const { as, state } = useLive();
  const [route, go] = useRoute();
  const tab = state?.home_tab_enabled === false ? "messages" : route.tab;
  const shown = TABS.filter(([name]) => name !== "home" || state?.home_tab_enabled !== false);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The app hears of it, and may then fill the tab.
    void post("/control/home", { user: as, tab }).catch(() => undefined);
  }, [as, tab]);

  function move(event: KeyboardEvent): void {
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
    const next = tab === "home" ? "messages" : "home";
    if (!shown.some(([name]) => name === next)) return;
    go({ tab: next }, "replace");
    list.current?.querySelector<HTMLElement>(`[data-tab=${next}]`)?.focus();
  }

  return (
    <main className="column channel" aria-label="Bolt app">
      <Head title="Bolt" sign="app" facts="App" />
      <div className="tabs" role="tablist" aria-label="Bolt" ref={list} onKeyDown={move}>
        {shown.map(([name, label]) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            data-tab={name}
            aria-selected={tab === name}
            aria-controls="tab-panel"
            tabIndex={tab === name ? 0 : -1}
            onClick={() => go({ tab: name }, "replace")}
          >
            {label}
          </button>
        ))}
      </div>
      <div className="tab-panel" role="tabpanel" id="tab-panel" aria-labelledby={`tab-${tab}`}>
        {tab === "home" ? <Home /> : <DirectMessages />}
      </div>
    </main>
  );
}

function Home() {
  const { user } = useLive();
  const view = user?.views.findLast((each) => each.type === "home");
  const id = view?.id ?? "";
  const acting = useMemo(() => viewActing(id, () => ({})), [id]);
  if (!view) {
    return (
      <div className="welcome">
        <h2>Nothing here yet</h2>
        <p>The app hasn't filled its Home tab yet.</p>
      </div>
    );
  }
  return (
    <div className="scroller home">
      <ActingContext value={acting}>
        <Boundary fallback={<p className="note">[home]</p>}>
          <Blocks blocks={view.blocks} />
        </Boundary>
      </ActingContext>
    </div>
  );
}

export function DirectMessages() {
  const { state } = useLive();
  const closed = state?.messages_tab_read_only ? "Sending messages to this app has been turned off." : "";
  return <Conversation channel="dm" name="Bolt" hasBot closed={closed} />;
}

export function DirectPage() {
  return (
    <main className="column channel" aria-label="Bolt">
      <Head title="Bolt" sign="message" facts="Direct messages" />
      <DirectMessages />
    </main>
  );
}
