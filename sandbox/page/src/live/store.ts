import { useSyncExternalStore } from "react";
import { get, whenUnreachable } from "../lib/api";
import { keep, kept } from "../lib/storage";
import type { ChannelData, State, UserData } from "../types";
import { Refetch } from "./refetch";
import { sharedChannel } from "./same";

// Everything that the page shows, for the person that its user acts as, kept up to date.

export interface Snapshot {
  as: string;
  state: State | null;
  channels: Record<string, ChannelData>;
  user: UserData | null;
  down: boolean;
  // These grow when the bot, the faults or the log may have changed.
  world: number;
  calls: number;
  // The ts up to which that person has read, by channel, and by channel and thread.
  read: Record<string, string>;
}

const RETRY_MS = 1000;
const EMPTY: Snapshot = {
  as: "",
  state: null,
  channels: {},
  user: null,
  down: false,
  world: 0,
  calls: 0,
  read: {},
};

class Live {
  private now: Snapshot = EMPTY;
  private readonly listeners = new Set<() => void>();
  private source: EventSource | null = null;
  private retry = 0;
  private fetches = new Map<string, Refetch>();

  readonly subscribe = (changed: () => void): (() => void) => {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  };

  readonly snapshot = (): Snapshot => this.now;

  private set(changes: Partial<Snapshot>): void {
    this.now = { ...this.now, ...changes };
    for (const listener of [...this.listeners]) listener();
  }

  // Acts as that person from here on.
  follow(as: string): void {
    if (as === this.now.as) return;
    for (const fetch of this.fetches.values()) fetch.stop();
    this.fetches = new Map();
    this.set({ as, channels: {}, user: null, read: readMarks(as) });
    this.refreshAll();
    this.connect();
  }

  constructor() {
    // A browser opens at most six connections to a server. Each stream holds one, so a hidden tab closes its stream.
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.source?.close();
      else if (this.now.as) this.connect();
    });
  }

  private connect(): void {
    window.clearTimeout(this.retry);
    this.source?.close();
    if (document.hidden) return;
    const source = new EventSource(`/control/events?as=${encodeURIComponent(this.now.as)}`);
    this.source = source;
    // Events aren't repeated, so the changes missed in between are fetched.
    source.addEventListener("open", () => this.refreshAll());
    source.addEventListener("error", () => {
      source.close();
      if (source !== this.source) return;
      this.set({ down: true });
      this.retry = window.setTimeout(() => this.connect(), RETRY_MS);
    });
    source.addEventListener("change", (event) => this.changed(JSON.parse(event.data as string)));
    source.addEventListener("calls", () => this.set({ calls: this.now.calls + 1 }));
    source.addEventListener("world", () => {
      this.refreshState();
      this.set({ world: this.now.world + 1 });
    });
  }

  private changed({ kind, channel }: { kind: string; channel: string }): void {
    if (kind === "view" || !channel) this.refreshUser();
    if (!channel) return;
    if (this.now.state?.channels.some((each) => each.id === channel)) return this.refreshChannel(channel);
    // A new channel: the state says what it is.
    this.refreshState();
    this.refreshChannel("dm");
  }

  refreshAll(): void {
    this.refreshState();
    this.refreshUser();
    for (const key of Object.keys(this.now.channels)) this.refreshChannel(key);
    this.set({ world: this.now.world + 1, calls: this.now.calls + 1 });
  }

  refreshState(): void {
    this.fetch("state", async (as) => {
      const state = await get<State>("/control/state");
      if (as !== this.now.as) return;
      this.set({ state, down: false });
      for (const channel of this.mine(state)) if (!this.now.channels[channel]) this.refreshChannel(channel);
    });
  }

  private mine(state: State): string[] {
    const shown = state.channels.filter((each) => each.kind !== "im" && each.members.includes(this.now.as));
    return [...shown.map((each) => each.id), "dm"];
  }

  refreshUser(): void {
    this.fetch("user", async (as) => {
      const user = await get<UserData>(`/control/users/${encodeURIComponent(as)}`);
      if (as === this.now.as) this.set({ user, down: false });
    });
  }

  // `id` is a channel's id, or "dm".
  refreshChannel(id: string): void {
    const info = this.now.state?.channels.find((each) => each.id === id);
    if (info?.kind === "im" && !info.members.includes(this.now.as)) return;
    const key = info?.kind === "im" ? "dm" : id;
    this.fetch(`channel ${key}`, async (as) => {
      const path = `/control/channels/${encodeURIComponent(key)}?as=${encodeURIComponent(as)}`;
      const found = await get<ChannelData>(path);
      if (as !== this.now.as) return;
      const channels = { ...this.now.channels, [key]: sharedChannel(this.now.channels[key], found) };
      this.set({ channels, down: false });
    });
  }

  private fetch(name: string, load: (as: string) => Promise<void>): void {
    let found = this.fetches.get(name);
    if (!found) {
      const as = this.now.as;
      found = new Refetch(() => load(as));
      this.fetches.set(name, found);
    }
    found.ask();
  }

  // A call got no answer, so events may have been missed: connect again, and fetch everything again.
  lost(): void {
    this.set({ down: true });
    window.clearTimeout(this.retry);
    this.retry = window.setTimeout(() => this.connect(), RETRY_MS);
  }

  markRead(place: string, ts: string): void {
    if (Number(this.now.read[place] ?? 0) >= Number(ts)) return;
    const read = { ...this.now.read, [place]: ts };
    keep(`read:${this.now.as}`, JSON.stringify(read));
    this.set({ read });
  }
}

function readMarks(as: string): Record<string, string> {
  try {
    const found: unknown = JSON.parse(kept(`read:${as}`) ?? "{}");
    return typeof found === "object" && found !== null ? (found as Record<string, string>) : {};
  } catch {
    return {};
  }
}

export const live = new Live();
whenUnreachable(() => live.lost());
export const useLive = (): Snapshot => useSyncExternalStore(live.subscribe, live.snapshot);
