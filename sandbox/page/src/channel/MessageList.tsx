import { useCallback, useLayoutEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { newReplies, threadPlace } from "../live/unread";
import { dayLabel, ofTs } from "../lib/time";
import type { Message, Private, Shortcut } from "../types";
import { MessageItem, type Shown } from "./MessageItem";

const TOGETHER_S = 300;
const AT_END_PX = 60;

interface Props {
  label: string;
  messages: Message[];
  privates: Private[];
  as: string;
  me: string;
  bot: string;
  channel: string;
  read: Record<string, string>;
  shortcuts: Shortcut[];
  // Where one stays when the messages are another place's: by this key.
  place: string;
  days: boolean;
  compactable: boolean;
  onThread?: ((ts: string) => void) | undefined;
  onDismiss: (ts: string) => void;
  onShortcut: (shortcut: Shortcut, ts: string) => void;
  children?: ReactNode;
}

const known = new WeakMap<object, Shown>();

function shown(message: Message): Shown {
  let found = known.get(message);
  if (!found) {
    found = { ...message, edited: message.edited !== undefined };
    known.set(message, found);
  }
  return found;
}

function shownPrivate(message: Private, bot: string): Shown {
  let found = known.get(message);
  if (!found) {
    const user = message.kind === "notice" ? "" : bot;
    found = { ts: message.ts, user, text: message.text, blocks: message.blocks, isPrivate: true };
    known.set(message, found);
  }
  return found;
}

export function MessageList(props: Props) {
  const { messages, privates, bot, place, days, compactable, children } = props;
  const all = useMemo(
    () =>
      [...messages.map(shown), ...privates.map((each) => shownPrivate(each, bot))].sort(
        (one, other) => Number(one.ts) - Number(other.ts),
      ),
    [messages, privates, bot],
  );
  const { scroller, content, atEnd, toEnd } = useStick(place, all.length > 0);

  return (
    <div className="scroller" ref={scroller} tabIndex={0}>
      <div className="scrolled" ref={content}>
        {children}
        <ol className="messages" role="list" aria-label={props.label}>
          {all.map((message, at) => {
            const before = all[at - 1];
            const newDay = !before || ofTs(before.ts).toDateString() !== ofTs(message.ts).toDateString();
            const compact =
              compactable &&
              !newDay &&
              !message.isPrivate &&
              !before?.isPrivate &&
              before?.user === message.user &&
              !before?.replies?.length &&
              Number(message.ts) - Number(before?.ts) < TOGETHER_S;
            return (
              <li key={message.ts}>
                {days && newDay && (
                  <div className="day">
                    <span>{dayLabel(ofTs(message.ts))}</span>
                  </div>
                )}
                <MessageItem
                  message={message}
                  as={props.as}
                  channel={props.channel}
                  compact={compact}
                  shortcuts={props.shortcuts}
                  newCount={
                    message.isPrivate
                      ? 0
                      : newReplies(message as Message, props.read[threadPlace(props.channel, message.ts)], props.me)
                  }
                  onThread={message.isPrivate ? undefined : props.onThread}
                  onDismiss={props.onDismiss}
                  onShortcut={props.onShortcut}
                />
              </li>
            );
          })}
        </ol>
      </div>
      {!atEnd && (
        <button type="button" className="to-end" onClick={toEnd}>
          <span aria-hidden="true">↓ </span>Newest messages
        </button>
      )}
    </div>
  );
}

// Follows the end, unless one has scrolled away from it.
function useStick(place: string, filled: boolean) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const sticks = useRef(true);
  const [atEnd, setAtEnd] = useState(true);
  const toEnd = useCallback(() => {
    const box = scroller.current;
    if (box) box.scrollTop = box.scrollHeight;
  }, []);
  useLayoutEffect(() => {
    sticks.current = true;
    toEnd();
  }, [place, filled, toEnd]);
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box || !content.current) return;
    const scrolled = (): void => {
      sticks.current = box.scrollHeight - box.scrollTop - box.clientHeight < AT_END_PX;
      setAtEnd(sticks.current);
    };
    const resized = new ResizeObserver(() => {
      if (sticks.current) toEnd();
      else scrolled();
    });
    resized.observe(content.current);
    resized.observe(box);
    box.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      resized.disconnect();
      box.removeEventListener("scroll", scrolled);
    };
  }, [toEnd]);
  return { scroller, content, atEnd, toEnd };
}
