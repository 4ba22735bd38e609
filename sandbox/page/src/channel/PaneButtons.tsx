import { useRoute } from "../lib/route";

export function PaneButtons() {
  const [route, go] = useRoute();
  const open = route.pane === "world";
  return (
    <button
      type="button"
      className={open ? "button is-on" : "button"}
      aria-pressed={open}
      onClick={() => go({ pane: open ? "" : "world", thread: "" })}
    >
      World
    </button>
  );
}
