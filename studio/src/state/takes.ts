/** The audition: what is typed becomes a grid of takes, each shown as soon as it arrives. */

import { signal } from "@preact/signals";
import * as calls from "../api/calls";
import { load } from "../audio/buffers";
import { play, stop } from "../audio/player";
import { isAbort } from "../api/http";
import type { Clip, Id, JobState } from "../api/types";
import { clipOf, fetchClip, isHere, keep, refreshClips } from "./clips";
import { remembered } from "./memory";
import { fault, note, say } from "./notices";
import { patiently } from "./patience";
import { choose, chosen } from "./place";
import { generateRequest, listening, onChange, prompt } from "./settings";
import { deleteClips, onRestore } from "./undo";

const PAUSE = 250; // milliseconds without a key: then the words are meant

/** Ids by place in the grid; null is a take that is awaited. */
export const grid = signal<(Id | null)[]>([]);
/** Places that still show takes of the words before. */
export const stale = signal<ReadonlySet<number>>(new Set());
export const auditioning = signal(false);
const lastGrid = remembered<string[]>("grid", []);

let timer: ReturnType<typeof setTimeout> | undefined;
let current: AbortController | null = null;

/** Call on every change of the words or of a setting. */
export function schedule(): void {
  clearTimeout(timer);
  current?.abort();
  auditioning.value = false;
  if (!prompt.peek().trim()) return settle();
  timer = setTimeout(() => void audition(listening.peek()), PAUSE);
}

onChange(schedule);

/** Generates now; `aloud` plays the first take as it arrives. */
export async function audition(aloud: boolean): Promise<void> {
  clearTimeout(timer);
  current?.abort();
  const text = prompt.peek().trim();
  if (!text) return;
  const mine = (current = new AbortController());
  const request = generateRequest(text);
  begin(request.takes);
  let arrived = 0;
  let state: JobState = "queued";
  try {
    await patiently(async () => {
      for await (const event of calls.generate(request, mine.signal)) {
        if ("clip" in event) {
          arrive(event.clip, aloud && arrived === 0);
          arrived++;
        } else if (event.job.error) throw new Error(event.job.error);
        else state = event.job.state;
      }
    }, mine.signal);
    if (current === mine) conclude(state, arrived, request.takes);
  } catch (error) {
    if (!isAbort(error) && current === mine) fault(error);
  } finally {
    // Overtaken: what is there stays until the next takes replace it.
    if (current === mine && !mine.signal.aborted) settle();
  }
}

function conclude(state: JobState, arrived: number, wanted: number): void {
  if (state === "done") say(arrived === 1 ? "The take is ready." : `${arrived} takes are ready.`);
  else note(`The takes were ${state} on the server: ${arrived} of ${wanted} are ready.`);
}

function begin(takes: number): void {
  auditioning.value = true;
  const old = grid.peek();
  grid.value = Array.from({ length: takes }, (_, index) => old[index] ?? null);
  stale.value = new Set(grid.peek().flatMap((id, index) => (id ? [index] : [])));
}

function arrive(clip: Clip, aloud: boolean): void {
  keep(clip);
  const free = grid.peek().findIndex((id, index) => id === null || stale.peek().has(index));
  const index = clip.take !== null && clip.take < grid.peek().length ? clip.take : Math.max(0, free);
  const before = grid.peek()[index] ?? null;
  grid.value = grid.peek().map((id, at) => (at === index ? clip.id : id));
  stale.value = new Set([...stale.peek()].filter((at) => at !== index));
  load(clip.id).catch(fault);
  // The choice follows its place in the grid; a sound that was chosen elsewhere stays chosen.
  if (aloud || chosen.peek() === null || chosen.peek() === before) choose(clip.id);
  if (aloud) void play({ id: clip.id, loudness: clip.loudness }).catch(fault);
  else say(`Take ${index + 1} is ready.`);
}

function settle(): void {
  auditioning.value = false;
  // Places that got nothing (cancelled, failed) would wait for ever.
  grid.value = grid.peek().filter((id, index) => id !== null && !stale.peek().has(index));
  stale.value = new Set();
  lastGrid.value = grid.peek().filter((id) => id !== null);
}

/** Brings back the grid that was there before a reload. */
export async function restoreGrid(): Promise<void> {
  const last = lastGrid.peek().slice(0, 16);
  await refreshClips(last);
  grid.value = last.filter(isHere);
  const first = chosen.peek();
  if (first && !(await fetchClip(first))) choose(null);
  if (!chosen.peek()) choose(grid.peek()[0] ?? null);
  for (const id of grid.peek()) if (id) await load(id).catch(fault);
}

export async function discard(id: Id): Promise<void> {
  const index = grid.peek().indexOf(id);
  stop();
  await deleteClips([id], clipOf(id).peek()?.name ?? "The sound");
  grid.value = grid.peek().filter((other) => other !== id);
  lastGrid.value = grid.peek().filter((other) => other !== null);
  if (chosen.peek() === id) choose(grid.peek()[Math.min(Math.max(index, 0), grid.peek().length - 1)] ?? null);
  homes.set(id, index);
}

const homes = new Map<Id, number>(); // where a deleted take was

onRestore((clips) => {
  for (const { id } of clips) {
    const index = homes.get(id);
    if (index === undefined || index < 0 || grid.peek().includes(id)) continue;
    grid.value = [...grid.peek().slice(0, index), id, ...grid.peek().slice(index)];
    choose(id);
  }
  lastGrid.value = grid.peek().filter((id) => id !== null);
});
