// The control API, and its refusals as sentences.

// Longer than the slowest of them: Slack waits 3 s for the app, and a bot has 25 s to stop.
const ANSWER_MS = 30_000;

export class ApiError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly body: Record<string, unknown> = {},
  ) {
    super(sentence(code, status));
  }
}

const SENTENCES: Record<string, string> = {
  user_not_in_channel: "You aren't in this channel.",
  is_archived: "This channel is archived.",
  channel_not_found: "This channel doesn't exist.",
  message_not_found: "This message is gone.",
  action_not_found: "This button is gone: the message has changed.",
  option_not_found: "This choice is gone: the message has changed.",
  not_found: "This is no longer open.",
  missing_input: "Please fill this in.",
  unreachable: "Can't reach the sandbox.",
};

function sentence(code: string, status: number): string {
  if (SENTENCES[code]) return SENTENCES[code];
  if (status === 400) return code;
  return `Slack refused the request: ${code}`;
}

// Called after each request that got no response.
let onUnreachable: () => void = () => undefined;
export function whenUnreachable(then: () => void): void {
  onUnreachable = then;
}

async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      cache: "no-store",
      signal: AbortSignal.any([AbortSignal.timeout(ANSWER_MS), ...(signal ? [signal] : [])]),
      ...(body === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    onUnreachable();
    throw new ApiError("unreachable", 0);
  }
  const told: unknown = await answer.json().catch(() => null);
  if (answer.ok && told !== null) return told as T;
  const fields = typeof told === "object" && told !== null ? (told as Record<string, unknown>) : {};
  throw new ApiError(typeof fields["error"] === "string" ? fields["error"] : `HTTP ${answer.status}`, answer.status, fields);
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => ask<T>("GET", path, undefined, signal);
export const post = <T>(path: string, body: unknown): Promise<T> => ask<T>("POST", path, body);
export const del = <T>(path: string): Promise<T> => ask<T>("DELETE", path);

export function told(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
