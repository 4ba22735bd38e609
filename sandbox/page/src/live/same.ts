import type { ChannelData, Message, Private } from "../types";

// Objects that have not changed keep their identity, so React keeps what it has rendered for them.

function shared<T extends { ts: string }>(before: T[] | undefined, now: T[]): T[] {
  if (!before?.length) return now;
  const known = new Map(before.map((each) => [each.ts, each]));
  return now.map((each) => {
    const old = known.get(each.ts);
    return old && JSON.stringify(old) === JSON.stringify(each) ? old : each;
  });
}

export function sharedChannel(before: ChannelData | undefined, now: ChannelData): ChannelData {
  const old = new Map((before?.messages ?? []).map((each) => [each.ts, each]));
  const messages = now.messages.map((message): Message => {
    const replies = message.replies;
    return replies ? { ...message, replies: shared(old.get(message.ts)?.replies, replies) } : message;
  });
  return {
    ...now,
    messages: shared(before?.messages, messages),
    private: shared<Private>(before?.private, now.private ?? []),
  };
}
