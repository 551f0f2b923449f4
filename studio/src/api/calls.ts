/** The calls of the API, one function each. */

import { brokenOff, get, request, send } from "./http";
import { parse, write } from "./json";
import { eventsOf } from "./sse";
import type { AudioFormat, Clip, GenerateRequest, Id, Job, Model, Page, Rate, Tree } from "./types";

export interface Query {
  text?: string;
  tags?: string[];
  starred?: boolean;
  kind?: string;
  similarTo?: Id;
  /** Among the deleted sounds. */
  deleted?: boolean;
  limit: number;
  cursor?: string;
}

export const isFinal = (job: Job): boolean => job.state !== "queued" && job.state !== "running";

export type JobEvent = { job: Job } | { clip: Clip };

export const model = () => get<Model>("/v1/model");
/** Those of the clips that there are, deleted or not. */
export const clips = (ids: Id[]) =>
  get<Page>(`/v1/clips?${new URLSearchParams(ids.map((id) => ["ids", id]))}`).then((page) => page.clips);
export const tree = (id: Id) => get<Tree>(`/v1/clips/${id}/tree`);
export const understood = (prompt: string, signal: AbortSignal) =>
  get<{ prompt: string; understood: string | null }>(`/v1/understood?prompt=${encodeURIComponent(prompt)}`, signal);

export function search(query: Query, signal?: AbortSignal): Promise<Page> {
  const parameters = new URLSearchParams();
  if (query.text) parameters.set("text", query.text);
  for (const tag of query.tags ?? []) parameters.append("tag", tag);
  if (query.starred) parameters.set("starred", "true");
  if (query.kind) parameters.set("kind", query.kind);
  if (query.deleted) parameters.set("deleted", "true");
  if (query.similarTo) parameters.set("similar_to", query.similarTo);
  if (query.cursor) parameters.set("cursor", query.cursor);
  parameters.set("limit", String(query.limit));
  return get<Page>(`/v1/clips?${parameters}`, signal);
}

export const change = (id: Id, fields: Partial<Pick<Clip, "name" | "starred" | "tags">>) =>
  send<Clip>("PATCH", `/v1/clips/${id}`, fields);
/** What was not deleted before; the token is null where that is nothing. */
export const remove = (ids: Id[]) =>
  send<{ deleted: Id[]; undo: string | null }>("POST", "/v1/clips/delete", { ids });
export const undo = (token: string) => send<{ clips: Clip[] }>("POST", "/v1/undo", { token });
export const restore = (ids: Id[]) => send<{ clips: Clip[] }>("POST", "/v1/clips/restore", { ids });
export const purge = (ids: Id[]) => send<{ bytes: number }>("POST", "/v1/clips/purge", { ids });

/** Starts a job that lives on by itself. */
export const start = (path: string, body: unknown) => send<Job>("POST", path, body);
export const job = (id: Id) => get<Job>(`/v1/jobs/${id}`);
export const jobs = (limit = 50) => get<{ jobs: Job[] }>(`/v1/jobs?limit=${limit}`);
export const cancelJob = (id: Id) => send<Job>("DELETE", `/v1/jobs/${id}`);
export const againJob = (id: Id) => send<Job>("POST", `/v1/jobs/${id}/again`);

/** Generates and hears of it in one request; leaving it cancels the job. */
export async function* generate(body: GenerateRequest, signal: AbortSignal): AsyncGenerator<JobEvent> {
  const response = await request("/v1/generate", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
    body: write(body),
    signal,
  });
  yield* jobEvents(response);
}

export async function* watchJob(id: Id, signal: AbortSignal): AsyncGenerator<JobEvent> {
  yield* jobEvents(await request(`/v1/jobs/${id}/events`, { headers: { Accept: "text/event-stream" }, signal }));
}

/** The events up to the job's end; a stream that ends before that broke off, whatever the browser calls it. */
async function* jobEvents(response: Response): AsyncGenerator<JobEvent> {
  let over = false;
  for await (const { event, data } of eventsOf(response)) {
    if (event === "clip") yield { clip: parse<Clip>(data) };
    if (event !== "job") continue;
    const job = parse<Job>(data);
    over = isFinal(job);
    yield { job };
  }
  if (!over) throw brokenOff();
}

/** `note` says what the file had that could not be kept. */
export async function upload(file: File): Promise<Clip & { note: string | null }> {
  const body = new FormData();
  body.append("file", file);
  return parse(await (await request("/v1/clips", { method: "POST", body })).text());
}

export async function exportZip(ids: Id[], format: AudioFormat, rate: Rate): Promise<Blob> {
  const response = await request("/v1/export", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ids, format, rate }),
  });
  return response.blob();
}

export const audioUrl = (id: Id, format: AudioFormat = "wav24", rate: Rate = "original", download = false): string =>
  `/v1/clips/${id}/audio?format=${format}&rate=${rate}${download ? "&download=1" : ""}`;
export const spectrogramUrl = (id: Id, width: number, height: number): string =>
  `/v1/clips/${id}/spectrogram.png?width=${width}&height=${height}`;
export const peaks = (id: Id, points: number, signal?: AbortSignal) =>
  get<{ peaks: [number, number][]; seconds: number }>(`/v1/clips/${id}/peaks?points=${points}`, signal);
