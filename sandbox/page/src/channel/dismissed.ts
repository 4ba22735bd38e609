import { useCallback, useState } from "react";
import { keep, kept } from "../lib/storage";

// Ephemeral messages that a person has dismissed. Slack keeps them no longer than that either.
export function useDismissed(as: string): [ReadonlySet<string>, (ts: string) => void] {
  const name = `dismissed:${as}`;
  const [, changed] = useState(0);
  const gone = new Set((kept(name) ?? "").split(" ").filter(Boolean));
  const dismiss = useCallback(
    (ts: string) => {
      const all = [...(kept(name) ?? "").split(" ").filter(Boolean), ts].slice(-200);
      keep(name, all.join(" "));
      changed((number) => number + 1);
    },
    [name],
  );
  return [gone, dismiss];
}
