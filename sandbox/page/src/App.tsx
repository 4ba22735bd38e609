import { Icon } from "./lib/Icon";
import { useEffect, useMemo, useState } from "react";
import { NamesContext, type Names } from "./blocks/Mention";
import { AppPage, DirectPage } from "./channel/AppPage";
import { ChannelPage } from "./channel/ChannelPage";
import { Thread } from "./channel/Thread";
import { Announcer } from "./lib/announce";
import { ConfirmHost } from "./lib/dialogs";
import { go, useRoute } from "./lib/route";
import { keep, kept } from "./lib/storage";
import { live, useLive } from "./live/store";
import { Modals } from "./modal/Modals";
import { Sidebar } from "./Sidebar";
import type { ChannelInfo } from "./types";
import { World } from "./world/World";

const FIRST = { as: "ada", channel: "data-eng" };
const PATIENCE_MS = 1200;

export function App() {
  const { as, state, down } = useLive();
  const [route] = useRoute();

  useEffect(() => {
    live.follow(route.as || kept("as") || FIRST.as);
  }, [route.as]);
  useEffect(() => {
    // The remembered person may not be in this workspace.
    const people = state?.users.filter((user) => !user.bot && user.id !== state.bot) ?? [];
    if (people[0] && as && !people.some((user) => user.name === as)) actAs(people[0].name);
  }, [state, as]);

  const mine = useMemo(
    () => state?.channels.filter((each) => each.kind !== "im" && each.members.includes(as)) ?? [],
    [state, as],
  );
  const current = currentOf(route.channel, mine);
  const info = mine.find((each) => each.name === current);
  const names = useMemo<Names>(
    () => ({
      users: new Map(state?.users.map((user) => [user.id, { ...user, bot: user.bot || user.id === state.bot }])),
      channels: new Map(state?.channels.map((each) => [each.id, each])),
      usergroups: new Map(state?.usergroups?.map((each) => [each.id, each])),
      me: state?.users.find((user) => user.name === as)?.id ?? "",
      open: (channel) => go({ channel, thread: "", nav: false }),
    }),
    [state?.users, state?.channels, state?.usergroups, state?.bot, as],
  );
  useEffect(() => {
    // The address is whole from the beginning, so that it can be copied.
    if (state && as && (!route.as || !route.channel)) go({ as, channel: current }, "replace");
  }, [state, as, current, route.as, route.channel]);
  useEffect(() => {
    document.title = `${info ? `#${info.name}` : "Bolt"} – ${state?.team_name ?? "Sandbox"}`;
  }, [info, state?.team_name]);

  const place = current === "dm" || current === "app" ? "dm" : (info?.id ?? "");
  const pane = route.pane === "world" ? "world" : route.thread && place ? "thread" : "";
  const shell = ["shell", pane ? "has-pane" : "", route.nav ? "shows-nav" : ""].join(" ");
  return (
    <NamesContext value={names}>
      <ConfirmHost>
        {down && <Banner />}
        <div className={shell}>
          <Sidebar mine={mine} current={current} onAs={actAs} />
          {!state || !as ? (
            <main className="column loading" aria-busy="true" />
          ) : current === "app" ? (
            <AppPage key={as} />
          ) : current === "dm" ? (
            <DirectPage key={as} />
          ) : info ? (
            <ChannelPage key={as} info={info} />
          ) : (
            <main className="column loading">
              <p className="note">You aren't in any channel.</p>
            </main>
          )}
          {pane === "thread" && (
            <Thread
              key={`${as}/${place}/${route.thread}`}
              channel={place}
              name={info ? `#${info.name}` : "Bolt"}
              ts={route.thread}
            />
          )}
          {pane === "world" && <World />}
        </div>
        <Modals key={as} />
        <Announcer />
      </ConfirmHost>
    </NamesContext>
  );
}

function currentOf(wanted: string, mine: ChannelInfo[]): string {
  if (wanted === "dm" || wanted === "app" || mine.some((each) => each.name === wanted)) return wanted;
  return mine.find((each) => each.name === FIRST.channel)?.name ?? mine[0]?.name ?? "dm";
}

function actAs(as: string): void {
  keep("as", as);
  go({ as, thread: "" });
}

// Not for a connection that is back at once.
function Banner() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setLate(true), PATIENCE_MS);
    return () => window.clearTimeout(timer);
  }, []);
  if (!late) return null;
  return (
    <p className="banner" role="alert">
      <Icon name="warning" /> 
      Can't reach the sandbox. Trying again…
    </p>
  );
}
