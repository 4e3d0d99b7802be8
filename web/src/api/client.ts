/** Calls of the hub's API. Every failure is a Problem that says what failed, why, and what to do. */

export const BASE = "/api/v1";

export interface ProblemBody {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  hint?: string;
  retryable?: boolean;
}

export class Problem extends Error {
  readonly status: number;
  readonly detail: string;
  readonly hint: string;
  readonly retryable: boolean;
  readonly call: string;
  readonly retryAfter: number | null;

  constructor(call: string, status: number, body: ProblemBody, retryAfter: number | null = null) {
    super(body.title ?? `The hub answered ${status}`);
    this.call = call;
    this.status = status;
    this.detail = body.detail ?? "";
    this.hint = body.hint ?? "";
    this.retryable = body.retryable ?? status >= 500;
    this.retryAfter = retryAfter;
  }

  /** Everything that somebody who helps would ask for. */
  get report(): string {
    const lines = [this.message, this.detail, this.hint, `${this.call}: ${this.status || "no answer"}`];
    return [...lines, new Date().toISOString(), location.href].filter(Boolean).join("\n");
  }
}

/** The hub did not answer at all: it is down, or the way to it is. */
export const unreachable = (call: string) =>
  new Problem(call, 0, {
    title: "The hub does not answer",
    detail: "The connection failed before there was an answer.",
    hint: "Check that the hub runs (wk status) and that this machine reaches it.",
    retryable: true,
  });

let onSignedOut: () => void = () => {};

/** Names what to do when any call finds that the session is over. */
export function whenSignedOut(action: () => void) {
  onSignedOut = action;
}

export type Query = Record<string, string | number | string[] | undefined>;

export function url(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(key, String(one));
  }
  const text = search.toString();
  return BASE + path + (text ? `?${text}` : "");
}

async function call<T>(method: string, path: string, options: { query?: Query; body?: unknown; signal?: AbortSignal } = {}) {
  const name = `${method} ${path}`;
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["Wk-Csrf"] = "1";
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);
  if (options.signal) init.signal = options.signal;
  let response: Response;
  try {
    response = await fetch(url(path, options.query), init);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw unreachable(name);
  }
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  const body = (await response.json().catch(() => ({}))) as ProblemBody;
  if (response.status === 401 && path !== "/session") onSignedOut();
  const after = Number.parseFloat(response.headers.get("Retry-After") ?? "");
  throw new Problem(name, response.status, body, Number.isFinite(after) ? after : null);
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) =>
    call<T>("GET", path, { ...(query && { query }), ...(signal && { signal }) }),
  post: <T>(path: string, body: unknown) => call<T>("POST", path, { body }),
  patch: <T>(path: string, body: unknown) => call<T>("PATCH", path, { body }),
  delete: <T>(path: string, body?: unknown) => call<T>("DELETE", path, { body }),
};

/** An aborted call is no failure: somebody turned to another page. */
export function asProblem(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (error instanceof DOMException && error.name === "AbortError") return null;
  return new Problem("this page", 0, {
    title: "This page failed",
    detail: error instanceof Error ? error.message : String(error),
    hint: "Reload it; if that does not help, copy the details into a report.",
  });
}
