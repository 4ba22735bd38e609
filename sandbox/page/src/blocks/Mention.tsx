import { createContext, use } from "react";
import type { ChannelInfo, User, UserGroup } from "../types";

export interface Names {
  users: Map<string, User>;
  channels: Map<string, ChannelInfo>;
  usergroups: Map<string, UserGroup>;
  me: string;
  open: (channel: string) => void;
}

export const NamesContext = createContext<Names>({
  users: new Map(),
  channels: new Map(),
  usergroups: new Map(),
  me: "",
  open: () => undefined,
});

export function UserMention({ id }: { id: string }) {
  const { users, me } = use(NamesContext);
  const user = users.get(id);
  return <span className={id === me ? "mention mention-me" : "mention"}>@{user?.name ?? id}</span>;
}

export function UserGroupMention({ id }: { id: string }) {
  const { usergroups } = use(NamesContext);
  const [key = id, label] = id.split("|");
  return <span className="mention">@{usergroups.get(key)?.handle ?? (label?.replace(/^@/, "") || key)}</span>;
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
