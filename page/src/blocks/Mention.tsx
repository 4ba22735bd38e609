import { createContext, use } from "react";
import type { ChannelInfo, User } from "../types";

export interface Names {
  users: Map<string, User>;
  channels: Map<string, ChannelInfo>;
  me: string;
  open: (channel: string) => void;
}

export const NamesContext = createContext<Names>({
  users: new Map(),
  channels: new Map(),
  me: "",
  open: () => undefined,
});

export function UserMention({ id }: { id: string }) {
  const { users, me } = use(NamesContext);
  const user = users.get(id);
  return <span className={id === me ? "mention mention-me" : "mention"}>@{user?.name ?? id}</span>;
}

export function ChannelMention({ id }: { id: string }) {
  const { channels, open } = use(NamesContext);
  const [key = id, label] = id.split("|");
  const channel = channels.get(key);
  if (!channel) return <span className="mention">#{label || key}</span>;
  return (
    <button type="button" className="mention mention-link" onClick={() => open(channel.name)}>
      #{channel.name}
    </button>
  );
}
