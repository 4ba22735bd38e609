import { Icon } from "./lib/Icon";
import { useRoute } from "./lib/route";
import { titled } from "./lib/text";
import { useLive } from "./live/store";
import { hasUnread } from "./live/unread";
import type { ChannelInfo } from "./types";

interface Props {
  mine: ChannelInfo[];
  current: string;
  onAs: (as: string) => void;
}

export function Sidebar({ mine, current, onAs }: Props) {
  const { as, state, channels, read } = useLive();
  const [, go] = useRoute();
  const me = state?.users.find((user) => user.name === as)?.id ?? "";
  const people = state?.users.filter((user) => !user.bot && user.id !== state.bot) ?? [];
  const open = (channel: string): void => go({ channel, thread: "", nav: false, tab: "home" });
  const unread = (key: string): boolean => hasUnread(channels[key], read[key], me);

  return (
    <div className="sidebar">
      <header className="sidebar-head">
        <h2>{state?.team_name ?? "Sandbox"}</h2>
        <p>A local Slack workspace</p>
        <label className="acting-as">
          <span>Acting as</span>
          <select value={as} onChange={(event) => onAs(event.target.value)}>
            {people.map((user) => (
              <option key={user.id} value={user.name}>
                {titled(user.name)}
                {user.guest ? " (guest)" : ""}
              </option>
            ))}
          </select>
        </label>
      </header>
      <nav aria-label="Channels">
        <h3 id="nav-channels">Channels</h3>
        <ul aria-labelledby="nav-channels">
          {mine.map((channel) => (
            <Entry
              key={channel.id}
              sign={channel.kind === "private" ? "lock" : "hash"}
              label={channel.name}
              isOpen={current === channel.name}
              isNew={unread(channel.id)}
              onOpen={() => open(channel.name)}
            />
          ))}
        </ul>
        <h3 id="nav-direct">Direct messages</h3>
        <ul aria-labelledby="nav-direct">
          <Entry sign="message" label="Bolt" isOpen={current === "dm"} isNew={unread("dm")} onOpen={() => open("dm")} />
        </ul>
        <h3 id="nav-apps">Apps</h3>
        <ul aria-labelledby="nav-apps">
          <Entry
            sign="app"
            label="Bolt"
            spoken="Bolt app"
            isOpen={current === "app"}
            isNew={false}
            onOpen={() => open("app")}
          />
        </ul>
      </nav>
    </div>
  );
}

interface EntryProps {
  sign: string;
  label: string;
  spoken?: string;
  isOpen: boolean;
  isNew: boolean;
  onOpen: () => void;
}

function Entry({ sign, label, spoken, isOpen, isNew, onOpen }: EntryProps) {
  return (
    <li>
      <button
        type="button"
        className={["nav-entry", isOpen ? "is-open" : "", isNew ? "is-new" : ""].join(" ")}
        aria-current={isOpen ? "page" : undefined}
        aria-label={spoken}
        onClick={onOpen}
      >
        <Icon name={sign} />
        <span className="nav-label">{label}</span>
        {isNew && <span className="nav-new">new</span>}
      </button>
    </li>
  );
}
