import { use, useCallback, useMemo, useState, useSyncExternalStore } from "react";
import { NamesContext } from "../blocks/Mention";
import type { Audible } from "../lib/announce";
import { post, told } from "../lib/api";
import { shownName } from "../lib/text";
import { live, useLive } from "../live/store";
import type { Message, Private, Shortcut } from "../types";
import { useDismissed } from "./dismissed";

const NO_MESSAGES: Message[] = [];
const NO_PRIVATES: Private[] = [];
const NO_SHORTCUTS: Shortcut[] = [];

export function audible(messages: Message[], privates: Private[], bot: string): Audible[] {
  const told = privates.map(({ ts, kind, text }) => ({ ts, text, user: kind === "notice" ? "" : bot }));
  return [...messages, ...told];
}

// The part that a channel and its thread pane share: their content, and the actions on it.
export function useConversation(channel: string) {
  const { as, state, channels, read } = useLive();
  const { users, usergroups } = use(NamesContext);
  const [dismissed, dismiss] = useDismissed(as);
  const [problem, setProblem] = useState("");
  const data = channels[channel];
  const me = state?.users.find((user) => user.name === as)?.id ?? "";
  const gone = [...dismissed].join(" ");
  const privates = useMemo(
    () => data?.private?.filter((each) => !each.deleted && !gone.includes(each.ts)) ?? NO_PRIVATES,
    [data?.private, gone],
  );
  const shortcuts = useMemo(
    () => state?.shortcuts?.filter((each) => each.type === "message") ?? NO_SHORTCUTS,
    [state?.shortcuts],
  );
  const onShortcut = useCallback(
    (shortcut: Shortcut, ts: string) => {
      setProblem("");
      post("/control/shortcut", { user: as, callback_id: shortcut.callback_id, channel, ts }).catch((error: unknown) =>
        setProblem(told(error)),
      );
    },
    [as, channel],
  );
  const nameOf = useCallback(
    (id: string) => usergroups.get(id)?.handle ?? shownName(users.get(id), id || "Slackbot"),
    [users, usergroups],
  );
  const markRead = useCallback((place: string, ts: string) => live.markRead(place, ts), []);
  return {
    as,
    me,
    bot: state?.bot ?? "",
    state,
    read,
    loaded: data !== undefined,
    messages: data?.messages ?? NO_MESSAGES,
    privates,
    dismiss,
    shortcuts,
    onShortcut,
    problem,
    nameOf,
    markRead,
  };
}

const watchVisible = (changed: () => void): (() => void) => {
  document.addEventListener("visibilitychange", changed);
  return () => document.removeEventListener("visibilitychange", changed);
};

export const useVisible = (): boolean => useSyncExternalStore(watchVisible, () => !document.hidden);
