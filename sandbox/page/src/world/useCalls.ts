import { useCallback, useEffect, useRef, useState } from "react";
import { get } from "../lib/api";
import { live } from "../live/store";
import { Refetch } from "../live/refetch";
import type { Call } from "../types";

export const MOST = 500;

export interface Numbered extends Call {
  number: number;
}

// The newest calls. Each reading continues where the last one ended.
export function useCalls(version: number): [Numbered[], () => void] {
  const [calls, setCalls] = useState<Numbered[]>([]);
  const next = useRef(-1);
  const fetch = useRef<Refetch | null>(null);

  useEffect(() => {
    const reading = new Refetch(async () => {
      const total = live.snapshot().state?.calls ?? 0;
      const after = next.current < 0 ? Math.max(0, total - MOST) : next.current;
      const found = await get<{ calls: Call[]; next: number }>(`/control/calls?after=${after}`);
      if (found.next < after) {
        // The sandbox was replaced by another one, whose log begins at 0.
        next.current = -1;
        setCalls([]);
        return reading.ask();
      }
      next.current = found.next;
      const first = found.next - found.calls.length;
      const added = found.calls.map((call, at) => ({ ...call, number: first + at }));
      if (added.length) setCalls((before) => [...before, ...added].slice(-MOST));
    });
    fetch.current = reading;
    return () => reading.stop();
  }, []);
  useEffect(() => fetch.current?.ask(), [version]);

  return [calls, useCallback(() => setCalls([]), [])];
}
