import { useSyncExternalStore } from "react";

const dark = window.matchMedia("(prefers-color-scheme: dark)");

function subscribe(changed: () => void): () => void {
  dark.addEventListener("change", changed);
  return () => dark.removeEventListener("change", changed);
}

export function useTheme(): "dark" | "light" {
  return useSyncExternalStore(subscribe, () => (dark.matches ? "dark" : "light"));
}
