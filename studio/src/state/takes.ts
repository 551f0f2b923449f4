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
/** Takes of the words before: each is replaced as soon as a new one arrives. */
export const stale = signal<ReadonlySet<Id>>(new Set());
export const auditioning = signal(false);
const lastGrid = remembered<string[]>("grid", []);
/** Takes of the words before that found no place, as fewer were asked for. */
let spare: Id[] = [];

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
  const old = [...grid.peek(), ...spare];
  grid.value = Array.from({ length: takes }, (_, index) => old[index] ?? null);
  spare = old.slice(takes).filter((id) => id !== null);
  stale.value = new Set(grid.peek().filter((id) => id !== null));
}

/** Whether a new take can have the place. */
const isFree = (id: Id | null): boolean => id === null || stale.peek().has(id);

function arrive(clip: Clip, aloud: boolean): void {
  keep(clip);
  const places = grid.peek();
  const own = places[clip.take ?? 0];
  const free = own !== undefined && isFree(own) ? (clip.take ?? 0) : places.findIndex(isFree);
  const index = free < 0 ? places.length : free; // a place may have been deleted meanwhile
  const before = places[index] ?? null;
  grid.value = [...places.slice(0, index), clip.id, ...places.slice(index + 1)];
  load(clip.id).catch(fault);
  // The choice follows its place in the grid; a sound that was chosen elsewhere stays chosen.
  if (aloud || chosen.peek() === null || chosen.peek() === before) choose(clip.id);
  if (aloud) void play({ id: clip.id, loudness: clip.loudness }).catch(fault);
  else say(`Take ${index + 1} is ready.`);
}

function settle(): void {
  auditioning.value = false;
  // Places that got nothing (cancelled, failed) would wait for ever. Where none did, the takes before are not lost.
  const fresh = grid.peek().filter((id) => !isFree(id));
  grid.value = fresh.length ? fresh : [...grid.peek(), ...spare].filter((id) => id !== null && isHere(id));
  spare = [];
  stale.value = new Set();
  remember();
}

function remember(): void {
  lastGrid.value = grid.peek().filter((id) => id !== null);
}

/** Brings back the grid that was there before a reload. */
export async function restoreGrid(): Promise<void> {
  const last = lastGrid.peek().slice(0, 16);
  await refreshClips(last);
  grid.value = last.filter(isHere);
  const first = chosen.peek();
  if (first) await fetchClip(first);
  if (first && !isHere(first)) choose(null);
  if (!chosen.peek()) choose(grid.peek()[0] ?? null);
  for (const id of grid.peek()) if (id) await load(id).catch(fault);
}

export async function discard(id: Id): Promise<void> {
  const index = grid.peek().indexOf(id);
  stop();
  await deleteClips([id], clipOf(id).peek()?.name ?? "The sound");
  grid.value = grid.peek().filter((other) => other !== id);
  remember();
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
  remember();
});
