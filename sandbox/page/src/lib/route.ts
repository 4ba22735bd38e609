import { useCallback, useSyncExternalStore } from "react";

// The open channel, thread and panel are part of the address, so back, forward and copied links work.

export interface Route {
  as: string;
  channel: string;
  thread: string;
  pane: "" | "world";
  tab: "home" | "messages";
  nav: boolean;
}

const NONE: Route = { as: "", channel: "", thread: "", pane: "", tab: "home", nav: false };

function read(hash: string): Route {
  const found = new URLSearchParams(hash.replace(/^#/, ""));
  return {
    as: found.get("as") ?? "",
    channel: found.get("channel") ?? "",
    thread: found.get("thread") ?? "",
    pane: found.get("pane") === "world" ? "world" : "",
    tab: found.get("tab") === "messages" ? "messages" : "home",
    nav: found.get("nav") === "1",
  };
}

function written(route: Route): string {
  const told = new URLSearchParams();
  if (route.channel) told.set("channel", route.channel);
  if (route.tab !== "home") told.set("tab", route.tab);
  if (route.thread) told.set("thread", route.thread);
  if (route.pane) told.set("pane", route.pane);
  if (route.nav) told.set("nav", "1");
  if (route.as) told.set("as", route.as);
  return `#${told.toString()}`;
}

let seenHash: string | null = null;
let seen: Route = NONE;

function current(): Route {
  if (location.hash !== seenHash) {
    seenHash = location.hash;
    seen = read(seenHash);
  }
  return seen;
}

const EVENT = "sandbox-route";

function subscribe(changed: () => void): () => void {
  for (const name of ["hashchange", "popstate", EVENT]) window.addEventListener(name, changed);
  return () => {
    for (const name of ["hashchange", "popstate", EVENT]) window.removeEventListener(name, changed);
  };
}

export function go(changes: Partial<Route>, how: "push" | "replace" = "push"): void {
  const next = written({ ...current(), ...changes });
  if (next === location.hash) return;
  if (how === "push") history.pushState(null, "", next);
  else history.replaceState(null, "", next);
  window.dispatchEvent(new Event(EVENT));
}

export function useRoute(): [Route, typeof go] {
  const route = useSyncExternalStore(subscribe, current);
  return [route, useCallback(go, [])];
}
