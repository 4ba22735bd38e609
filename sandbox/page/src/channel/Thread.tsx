import { Icon } from "../lib/Icon";
import { useEffect, useMemo, useRef } from "react";
import { useAnnounced } from "../lib/announce";
import { useRoute } from "../lib/route";
import { count } from "../lib/text";
import { newestTs, threadPlace } from "../live/unread";
import type { Message } from "../types";
import { Composer } from "./Composer";
import { MessageList } from "./MessageList";
import { audible, useConversation, useVisible } from "./useConversation";

const NONE: Message[] = [];

export function Thread({ channel, name, ts }: { channel: string; name: string; ts: string }) {
  const here = useConversation(channel);
  const { as, me, state, markRead } = here;
  const [, go] = useRoute();
  const visible = useVisible();
  const close = useRef<HTMLButtonElement>(null);
  const parent = here.messages.find((message) => message.ts === ts);
  const replies = parent?.replies ?? NONE;
  const messages = useMemo(() => (parent ? [withoutThread(parent), ...replies] : NONE), [parent, replies]);
  const privates = useMemo(
    () => here.privates.filter((each) => each.thread_ts === ts && each.ts !== ts),
    [here.privates, ts],
  );
  const heard = useMemo(
    () => (parent ? audible(replies, privates, here.bot) : undefined),
    [parent, replies, privates, here.bot],
  );
  useAnnounced(`${as}/${channel}/${ts}`, heard, me, here.nameOf);
  useEffect(() => {
    if (visible && replies.length) markRead(threadPlace(channel, ts), newestTs(replies));
  }, [visible, replies, channel, ts, markRead]);
  useEffect(() => {
    const opener = document.activeElement;
    close.current?.focus({ preventScroll: true });
    return () => {
      // Back to where it was opened, unless the focus has gone elsewhere since.
      if (document.activeElement === document.body && opener instanceof HTMLElement && opener.isConnected) {
        opener.focus({ preventScroll: true });
      }
    };
  }, [ts]);

  if (!state) return null;
  const leave = (): void => go({ thread: "" });
  return (
    <aside
      className="column pane"
      aria-label="Thread"
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.defaultPrevented) leave();
      }}
    >
      <header className="column-head">
        <button type="button" className="icon-button back" aria-label={`Back to ${name}`} onClick={leave}>
          <Icon name="back" size={18} />
        </button>
        <div className="column-title">
          <h2>Thread</h2>
          <p>
            {name}
            {replies.length > 0 && ` · ${count(replies.length, "reply", "replies")}`}
          </p>
        </div>
        <button type="button" className="icon-button" ref={close} aria-label="Close thread" onClick={leave}>
          <Icon name="close" />
        </button>
      </header>
      {here.loaded && !parent && <p className="composer-closed">This message is gone.</p>}
      <MessageList
        label="Messages in thread"
        messages={messages}
        privates={privates}
        as={as}
        me={me}
        bot={here.bot}
        channel={channel}
        read={here.read}
        shortcuts={here.shortcuts}
        place={`${as}/${channel}/${ts}`}
        days={false}
        compactable={false}
        onDismiss={here.dismiss}
        onShortcut={here.onShortcut}
      />
      {parent && (
        <Composer
          key={`${as}/${channel}/${ts}`}
          label="Reply in thread"
          place={{ as, channel, thread: ts }}
          state={state}
        />
      )}
    </aside>
  );
}

// The same message without its bar of replies, which stand below it here.
const parents = new WeakMap<Message, Message>();
function withoutThread(parent: Message): Message {
  let found = parents.get(parent);
  if (!found) {
    found = { ...parent, replies: [] };
    parents.set(parent, found);
  }
  return found;
}
