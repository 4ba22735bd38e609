import { Icon } from "../lib/Icon";
import { useCallback, useEffect, useMemo, useState } from "react";
import { post, told } from "../lib/api";
import { useAnnounced } from "../lib/announce";
import { useRoute } from "../lib/route";
import { newestTs } from "../live/unread";
import type { Shortcut } from "../types";
import { Composer } from "./Composer";
import { MessageList } from "./MessageList";
import { audible, useConversation, useVisible } from "./useConversation";
import { Welcome } from "./Welcome";

interface Props {
  // A channel's id, or "dm".
  channel: string;
  // As it is called in labels: "#data-eng", "Bolt".
  name: string;
  hasBot: boolean;
  closed?: string;
}

export function Conversation({ channel, name, hasBot, closed = "" }: Props) {
  const here = useConversation(channel);
  const { as, me, state, messages, loaded, markRead } = here;
  const [, go] = useRoute();
  const visible = useVisible();
  const [filled, setFilled] = useState<{ text: string; time: number }>();
  const [problem, setProblem] = useState("");
  const privates = useMemo(
    () => here.privates.filter((each) => !each.thread_ts || each.thread_ts === each.ts),
    [here.privates],
  );
  const heard = useMemo(
    () => (loaded ? audible(messages, privates, here.bot) : undefined),
    [loaded, messages, privates, here.bot],
  );
  useAnnounced(`${as}/${channel}`, heard, me, here.nameOf);

  useEffect(() => {
    if (visible && messages.length) markRead(channel, newestTs(messages));
  }, [visible, messages, channel, markRead]);

  const openThread = useCallback((ts: string) => go({ thread: ts, pane: "", nav: false }), [go]);
  const runShortcut = useCallback(
    (shortcut: Shortcut) => {
      setProblem("");
      post("/control/shortcut", { user: as, callback_id: shortcut.callback_id, channel }).catch((error: unknown) =>
        setProblem(told(error)),
      );
    },
    [as, channel],
  );
  const globals = useMemo(() => state?.shortcuts?.filter((each) => each.type === "global") ?? [], [state?.shortcuts]);

  if (!state) return null;
  const empty = loaded && !messages.length && !privates.length;
  const trouble = problem || here.problem;
  return (
    <>
      <MessageList
        label={`Messages in ${name}`}
        messages={messages}
        privates={privates}
        as={as}
        me={me}
        bot={here.bot}
        channel={channel}
        read={here.read}
        shortcuts={here.shortcuts}
        place={`${as}/${channel}`}
        days
        compactable
        onThread={openThread}
        onDismiss={here.dismiss}
        onShortcut={here.onShortcut}
      >
        {empty && (
          <Welcome
            name={name}
            hasBot={hasBot}
            onFill={(text) => setFilled((before) => ({ text, time: (before?.time ?? 0) + 1 }))}
          />
        )}
      </MessageList>
      {trouble && (
        <p className="composer-error" role="alert">
          <Icon name="warning" /> 
          {trouble}
        </p>
      )}
      {closed ? (
        <p className="composer-closed">{closed}</p>
      ) : (
        <Composer
          key={`${as}/${channel}`}
          label={`Message ${name}`}
          place={{ as, channel, thread: "" }}
          state={state}
          filled={filled}
          shortcuts={globals}
          onShortcut={runShortcut}
        />
      )}
    </>
  );
}
