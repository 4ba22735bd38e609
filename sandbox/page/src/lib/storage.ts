// Small things kept for the next visit. If the browser stores nothing, they last as long as the page is open.

const memory = new Map<string, string>();
const PREFIX = "sandbox:";

export function kept(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name) ?? memory.get(name) ?? null;
  } catch {
    return memory.get(name) ?? null;
  }
}

export function keep(name: string, value: string): void {
  memory.set(name, value);
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Storage is full or forbidden: the copy in memory is used.
  }
}
