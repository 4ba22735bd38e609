import type { ChannelData, Message } from "../types";

export const threadPlace = (channel: string, ts: string): string => `${channel}/${ts}`;

export function newestTs(messages: { ts: string }[]): string {
  return messages.reduce((newest, each) => (Number(each.ts) > Number(newest) ? each.ts : newest), "0");
}

const isNew = (message: Message, since: string | undefined, me: string): boolean =>
  message.user !== me && Number(message.ts) > Number(since ?? 0);

export function hasUnread(data: ChannelData | undefined, since: string | undefined, me: string): boolean {
  return data?.messages.some((message) => isNew(message, since, me)) ?? false;
}

export function newReplies(message: Message, since: string | undefined, me: string): number {
  return message.replies?.filter((reply) => isNew(reply, since, me)).length ?? 0;
}
