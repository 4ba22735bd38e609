import { useEffect, useRef, useState } from "react";
import { spoken } from "./spoken";

// One region that is read aloud politely. What comes in close order is read as one.

const GATHER_MS = 700;
const EDIT_MS = 4000;
let say: (text: string) => void = () => undefined;

export function Announcer() {
  const [text, setText] = useState("");
  const waiting = useRef<string[]>([]);
  const timer = useRef(0);
  useEffect(() => {
    say = (added) => {
      waiting.current.push(added);
      timer.current ||= window.setTimeout(() => {
        timer.current = 0;
        setText(waiting.current.slice(-5).join(". "));
        waiting.current = [];
      }, GATHER_MS);
    };
    return () => window.clearTimeout(timer.current);
  }, []);
  return (
    <div className="hidden" aria-live="polite" role="status">
      {text}
    </div>
  );
}

export const announce = (text: string): void => say(text);

export interface Audible {
  ts: string;
  // "" is Slackbot.
  user: string;
  text: string;
}

interface Heard {
  place: string;
  texts: Map<string, string>;
}

// Announces what is new among the messages of an open place, and what has changed its text.
export function useAnnounced(
  place: string,
  messages: Audible[] | undefined,
  me: string,
  nameOf: (id: string) => string,
): void {
  const heard = useRef<Heard | null>(null);
  const edits = useRef(new Map<string, string>());
  const timer = useRef(0);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  useEffect(() => {
    if (!messages) return;
    const texts = new Map(messages.map((message) => [message.ts, message.text]));
    const before = heard.current?.place === place ? heard.current.texts : null;
    heard.current = { place, texts };
    if (!before) return;
    for (const message of messages) {
      if (message.user === me) continue;
      const old = before.get(message.ts);
      const words = (): string => `${nameOf(message.user)}: ${spoken(message.text, nameOf)}`;
      if (old === undefined) announce(words());
      else if (old !== message.text) edits.current.set(message.ts, words());
    }
    if (edits.current.size && !timer.current) {
      timer.current = window.setTimeout(() => {
        timer.current = 0;
        for (const words of edits.current.values()) announce(words);
        edits.current.clear();
      }, EDIT_MS);
    }
  }, [place, messages, me, nameOf]);
}
