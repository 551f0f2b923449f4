/** What can be done to the chosen sound from anywhere: play, compare, star, refine, edit. */

import { computed, signal } from "@preact/signals";
import {
  hear,
  join,
  looping,
  play,
  playhead,
  playing,
  setLoop,
  side,
  stop,
  type Side,
  type Sound,
} from "../audio/player";
import { load } from "../audio/buffers";
import * as calls from "../api/calls";
import type { Clip, Id, Target } from "../api/types";
import { change, clipOf, fetchClip, isHere } from "./clips";
import { numbersOf } from "../lib/format";
import { belongs } from "./family";
import { run } from "./jobs";
import { fault, say } from "./notices";
import { choose, chosen, rival } from "./place";
import { generateRequest, refineSteps, setQuietly, settings } from "./settings";
import { grid } from "./takes";

export const current = computed(() => (chosen.value ? clipOf(chosen.value).value : null));
export const other = computed(() => (rival.value ? clipOf(rival.value).value : null));
/** The part of the chosen sound that is selected, in seconds. */
export const region = signal<{ start: number; end: number } | null>(null);

// However another sound came to be chosen: the selection was a part of the one before.
chosen.subscribe(() => (region.value = null));

const soundOf = (id: Id): Sound => ({ id, loudness: clipOf(id).peek()?.loudness ?? 0 });

export async function playChosen(from = 0): Promise<void> {
  const id = chosen.peek();
  if (!id) return;
  await fetchClip(id);
  await play(soundOf(id), rival.peek() ? soundOf(rival.peek()!) : null, from);
}

/** Plays from the beginning, or from the beginning of the selection. */
export function toggle(): void {
  if (!playing.peek()) return void playChosen(region.peek()?.start ?? 0).catch(fault);
  stop();
  playhead.value = 0;
}

export function pick(id: Id, aloud: boolean): void {
  if (id !== chosen.peek()) {
    stop();
    playhead.value = 0;
  }
  choose(id);
  load(id).catch(fault);
  if (aloud) playChosen().catch(fault);
}

export function pickPlace(index: number, aloud: boolean): void {
  const id = grid.peek()[index];
  if (id) pick(id, aloud);
}

/** Arrow keys in the grid: `by` places on. */
export function step(by: number): void {
  const places = grid.peek().flatMap((id, index) => (id ? [index] : []));
  if (!places.length) return;
  const at = places.indexOf(grid.peek().indexOf(chosen.peek()));
  const next = at < 0 ? 0 : Math.min(places.length - 1, Math.max(0, at + by));
  const wasPlaying = playing.peek() !== null;
  pickPlace(places[next] ?? 0, wasPlaying);
}

export function compareWith(id: Id | null): void {
  const mine = chosen.peek();
  if (!mine || id === mine) return;
  rival.value = id;
  if (!id) return hear("a");
  load(id).catch(fault);
  if (playing.peek()?.a !== mine) return;
  if (playing.peek()?.b === null) join(soundOf(mine), soundOf(id)).catch(fault);
  else playChosen(playhead.peek()).catch(fault);
}

export function switchSide(to?: Side): void {
  if (!rival.peek()) return say("Nothing to compare with yet. Refine the take first.");
  hear(to ?? (side.peek() === "a" ? "b" : "a"));
  say(side.peek() === "a" ? "A: the chosen sound" : "B: the other sound");
}

export function toggleLoop(): void {
  setLoop(!looping.peek());
  say(looping.peek() ? "Plays in a loop." : "Plays once.");
}

export async function star(id = chosen.peek()): Promise<void> {
  const clip = id ? clipOf(id).peek() : null;
  if (!clip || clip.deleted) return;
  await change(clip.id, { starred: !clip.starred });
  say(clip.starred ? "Star removed." : "Starred.");
}

/** Runs a job on the chosen sound; what comes out first is heard as B beside it. */
async function derive(path: string, body: object): Promise<void> {
  const from = chosen.peek();
  if (!from || !isHere(from)) return say("Choose a sound first.");
  let first = true;
  await run(path, body, (clip) => {
    belongs(from, clip.id);
    load(clip.id).catch(fault);
    if (first && chosen.peek() === from) {
      compareWith(clip.id);
      hear("b");
      say(`Ready: ${clip.name}. Press X to switch between it and the sound it came from.`);
    }
    first = false;
  });
}

export const refine = (steps = refineSteps.peek()): Promise<void> =>
  derive("/v1/refine", { clip: chosen.peek(), steps });
/** Relatives by a `turn` of the noise they start from, in the take's own steps, or by `gamma`, other noise on the way.
 *  Those that are there are not made again: numbers go on. */
export async function vary(by: { turn: number } | { gamma: number; steps: number }, takes: number): Promise<void> {
  const clip = current.peek();
  if (!clip) return say("Choose a sound first.");
  const first = await nextNumber(clip, takes);
  if (chosen.peek() === clip.id) await derive("/v1/vary", { clip: clip.id, takes, first, ...by });
}

/** The last number that was given in the line of a first sound, in this visit: its sounds may not be there yet. */
const given = new Map<Id, number>();

/** A number from which so many relatives are none that are there, in the whole line of the sound: those of a relative
 *  by γ are its siblings, those of a refined take may be those of the take. */
async function nextNumber(clip: Clip, takes: number): Promise<number> {
  const mine = await calls.tree(clip.id);
  const known = new Map(mine.clips.map((each) => [each.id, each]));
  let first = clip;
  for (let up = known.get(first.parents[0] ?? ""); up; up = known.get(first.parents[0] ?? "")) first = up;
  const { clips } = first === clip ? mine : await calls.tree(first.id);
  const next = 1 + Math.max(given.get(first.id) ?? 0, ...clips.flatMap(numbersOf), 0);
  given.set(first.id, next + takes - 1);
  return next;
}

export const edit = (kind: string, fields: Record<string, unknown>): Promise<void> =>
  derive(`/v1/edit/${kind}`, { clip: chosen.peek(), ...fields });

/** Takes of the chosen sound's own recipe that follow curves. */
export const shape = (targets: Target[], takes: number, steps: number): Promise<void> =>
  derive("/v1/shape", { clip: chosen.peek(), targets, takes, steps });

/** A recording has no recipe: takes of words as long as it, with the guidance of the settings, that follow curves. */
export async function follow(words: string, targets: Target[], takes: number, steps: number): Promise<void> {
  const seconds = current.peek()?.seconds ?? null;
  await derive("/v1/generate", { ...generateRequest(words), seconds, takes, steps, targets });
}

/** Locks the seed to the chosen take's, or lets it go. */
export function lockSeed(locked: boolean): void {
  const seed = current.peek()?.seed;
  setQuietly({ seedLocked: locked, ...(locked && seed ? { seed } : {}) });
  say(locked ? `Seed ${settings.peek().seed} locked.` : "A new seed each time.");
}
