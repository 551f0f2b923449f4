/** One way to call the server: JSON in, JSON out, errors as the server words them. */

import { parse, write } from "./json";

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly field: string | null = null,
    /** Seconds to wait before the next try, when the server is full. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

/** There is nothing of that id, or no more. */
export const isMiss = (error: unknown): boolean => error instanceof ApiError && error.status === 404;
/** The server does not answer, or the line to it was lost. */
export const isOffline = (error: unknown): boolean => error instanceof ApiError && error.status === 0;
export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

/** The line to the server was lost in the middle of an answer. */
export const brokenOff = (): ApiError => new ApiError("The connection to the studio's server broke off.", 0);

/** Tells the server which page asks, so that several get their turns fairly. */
const CLIENT = Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => byte.toString(16).padStart(2, "0")).join(
  "",
);

/** The response, or an {@link ApiError} that carries the server's words. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    const headers = { "X-Client": CLIENT, ...(init.headers as Record<string, string> | undefined) };
    response = await fetch(path, { credentials: "same-origin", ...init, headers });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError("The studio's server does not answer. Is it still running?", 0);
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

async function errorOf(response: Response): Promise<ApiError> {
  const wait = Number(response.headers.get("Retry-After"));
  const retryAfter = response.status === 429 ? Math.max(1, Number.isFinite(wait) ? wait : 1) : null;
  let message = `The server answered ${response.status}${response.statusText ? ` (${response.statusText})` : ""}.`;
  let field: string | null = null;
  try {
    const body = (await response.json()) as { error?: { message?: string; field?: string | null } };
    message = body.error?.message ?? message;
    field = body.error?.field ?? null;
  } catch {
    // Not JSON, so not from the studio itself: the status has to do.
  }
  return new ApiError(message, response.status, field, retryAfter);
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, signal ? { signal } : {});
  return parse<T>(await response.text());
}

export async function send<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method };
  if (body !== undefined) {
    init.headers = { "Content-Type": "application/json" };
    init.body = write(body);
  }
  const response = await request(path, init);
  return parse<T>(await response.text());
}
