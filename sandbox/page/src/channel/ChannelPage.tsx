import { Icon } from "../lib/Icon";
import { useRoute } from "../lib/route";
import { useLive } from "../live/store";
import type { ChannelInfo } from "../types";
import { Conversation } from "./Conversation";
import { PaneButtons } from "./PaneButtons";

export function ChannelPage({ info }: { info: ChannelInfo }) {
  const { state } = useLive();
  const bot = state?.users.find((user) => user.id === state.bot);
  const hasBot = bot ? info.members.includes(bot.name) : false;
  const kind = info.kind === "private" ? "Private channel" : "Public channel";
  const facts = [kind, `${info.members.length} members`, hasBot ? "Bolt is here" : "Bolt isn't here"];
  return (
    <main className="column channel" aria-label={`#${info.name}`}>
      <Head title={info.name} sign={info.kind === "private" ? "lock" : "hash"} facts={facts.join(" · ")} />
      <Conversation
        key={info.id}
        channel={info.id}
        name={`#${info.name}`}
        hasBot={hasBot}
        closed={info.is_archived ? "This channel is archived." : ""}
      />
    </main>
  );
}

export function Head({ title, sign, facts }: { title: string; sign: string; facts: string }) {
  const [, go] = useRoute();
  return (
    <header className="column-head">
      <button type="button" className="icon-button back" aria-label="Back to channels" onClick={() => go({ nav: true })}>
        <Icon name="back" size={18} />
      </button>
      <div className="column-title">
        <h1>
          {sign && <Icon name={sign} size={17} />}
          {title}
        </h1>
        <p>{facts}</p>
      </div>
      <PaneButtons />
    </header>
  );
}
