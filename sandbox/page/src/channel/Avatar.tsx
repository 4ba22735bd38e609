import type { User } from "../types";

const COLOURS = ["#2f6f9f", "#8a4f9e", "#a2541b", "#3c7a3c", "#9a3b57", "#4a5aa8"];

export function Avatar({ user, name, small = false }: { user: User | undefined; name: string; small?: boolean }) {
  const className = small ? "avatar avatar-small" : "avatar";
  if (user?.bot) {
    return (
      <span className={`${className} avatar-bot`} aria-hidden="true">
        <svg viewBox="0 0 20 20" width="60%" height="60%">
          <path fill="currentColor" d="M11.5 2 5 11h4l-1 7 7-10h-4.2z" />
        </svg>
      </span>
    );
  }
  const number = [...(user?.id ?? name)].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0);
  return (
    <span className={className} aria-hidden="true" style={{ background: COLOURS[number % COLOURS.length] }}>
      {name.charAt(0).toUpperCase()}
    </span>
  );
}
