import { post } from "../lib/api";
import { asCommand, asSent } from "../lib/text";
import { live } from "../live/store";
import type { Outcome, State } from "../types";

export interface Place {
  as: string;
  // A channel's id, or "dm".
  channel: string;
  thread: string;
}

// Sends the typed text as Slack would: as a command if it begins with a slash, otherwise as a message.
export async function send(typed: string, place: Place, state: State): Promise<void> {
  const text = typed.trim();
  if (text.startsWith("/")) return command(text, place, state);
  await post("/control/say", {
    user: place.as,
    channel: place.channel,
    text: asSent(typed.trimEnd(), state.users),
    ...(place.thread ? { thread_ts: place.thread } : {}),
  });
}

async function command(text: string, place: Place, state: State): Promise<void> {
  const [name = "", ...words] = text.split(/\s+/);
  if (place.thread) throw new Error(`${name} is not supported in threads. Sorry!`);
  if (name === "/invite" || name === "/remove") return member(name, words, place, state);
  const known = state.commands?.find((each) => each.command === name);
  if (state.commands?.length && !known) {
    throw new Error(`${name} is not a valid command. Slack treats every message that begins with a slash as a command.`);
  }
  const rest = text.slice(name.length).trim();
  await post<Outcome>("/control/slash", {
    user: place.as,
    channel: place.channel,
    command: name,
    text: known?.should_escape ? asCommand(rest, state.users, state.channels) : rest,
  });
}

async function member(name: string, words: string[], place: Place, state: State): Promise<void> {
  const wanted = (words[0] ?? "").replace(/^@/, "").toLowerCase();
  const user = state.users.find((each) => each.name === wanted || each.real_name?.toLowerCase() === wanted);
  if (!user || place.channel === "dm") throw new Error(`${name} needs the name of a person in this workspace, as in ${name} @bolt.`);
  await post("/control/members", { channel: place.channel, user: user.id, do: name === "/invite" ? "invite" : "kick" });
  live.refreshState();
  live.refreshChannel(place.channel);
}
