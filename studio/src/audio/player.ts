/**
 * Plays one sound, or two in step. Both voices of a pair run all the time and only their gains change, so the switch has
 * no gap and stays on the sample.
 */

import { signal } from "@preact/signals";
import type { Id } from "../api/types";
import { audio, wake } from "./context";
import { load } from "./buffers";
import { matchedGains } from "./levels";

const AHEAD = 0.03; // seconds: a pair is told early when to begin, so that both begin on one sample
const FADE = 0.012; // seconds; short enough to feel like a switch, long enough not to click

export type Side = "a" | "b";
export interface Sound {
  id: Id;
  loudness: number;
}

interface Voice {
  id: Id;
  source: AudioBufferSourceNode;
  gain: GainNode;
  level: number;
}

export const playing = signal<{ a: Id; b: Id | null } | null>(null);
export const side = signal<Side>("a");
export const looping = signal(false);
/** Seconds into the sound; moves while it plays. */
export const playhead = signal(0);

let voices: Voice[] = [];
let startedAt = 0;
let offset = 0;
let length = 0; // of the longest voice
let round = 0; // seconds of one turn of the loop: the shortest voice
let turn = 0; // counts plays and stops, so that a load that was overtaken does not start

export async function play(a: Sound, b: Sound | null = null, from = 0): Promise<void> {
  stop();
  const mine = ++turn;
  const [first, second] = await Promise.all([load(a.id), b ? load(b.id) : null, wake()]);
  if (mine !== turn) return;
  const [levelA, levelB] = b ? matchedGains(a.loudness, b.loudness) : [1, 1];
  const now = audio().currentTime + (second ? AHEAD : 0);
  measure(first, second);
  const begin = from < (looping.peek() ? round : length) ? Math.max(0, from) : 0;
  voices = [voice(a.id, first, levelA, now, begin)];
  if (b && second) voices.push(voice(b.id, second, levelB, now, begin));
  else side.value = "a";
  setGains(now, 0);
  longest().source.onended = () => ended(mine);
  [startedAt, offset] = [now, begin];
  playing.value = { a: a.id, b: b?.id ?? null };
  tick();
}

/** A second voice joins the one that plays, at the place where that is. */
export async function join(a: Sound, b: Sound): Promise<void> {
  const mine = turn;
  const buffer = await load(b.id);
  const only = voices[0];
  if (mine !== turn || !only || only.id !== a.id || voices.length !== 1) return;
  const [levelA, levelB] = matchedGains(a.loudness, b.loudness);
  only.level = levelA;
  const now = audio().currentTime + AHEAD;
  const at = place(now);
  measure(only.source.buffer!, buffer);
  only.source.loopEnd = round;
  only.source.onended = null;
  voices.push(voice(b.id, buffer, levelB, now, at));
  longest().source.onended = () => ended(mine);
  playing.value = { a: a.id, b: b.id };
  setGains(now, FADE);
}

function measure(first: AudioBuffer, second: AudioBuffer | null): void {
  length = Math.max(first.duration, second?.duration ?? 0);
  round = Math.min(first.duration, second?.duration ?? length);
}

const longest = (): Voice =>
  voices.reduce((most, voice) => (voice.source.buffer!.duration > most.source.buffer!.duration ? voice : most));

function voice(id: Id, buffer: AudioBuffer, level: number, when: number, from: number): Voice {
  const source = new AudioBufferSourceNode(audio(), { buffer, loop: looping.value, loopEnd: round });
  const gain = new GainNode(audio(), { gain: 0 });
  source.connect(gain).connect(audio().destination);
  source.start(when, Math.min(from, buffer.duration));
  return { id, source, gain, level };
}

function setGains(when: number, fade: number): void {
  const heard = side.value === "b" && voices.length > 1 ? 1 : 0;
  voices.forEach(({ gain, level }, index) => {
    gain.gain.cancelScheduledValues(when);
    gain.gain.setValueAtTime(gain.gain.value, when);
    gain.gain.linearRampToValueAtTime(index === heard ? level : 0, when + fade);
  });
}

export function hear(which: Side): void {
  side.value = which;
  if (voices.length) setGains(audio().currentTime, FADE);
}

export function setLoop(on: boolean): void {
  // From now on the place must be counted from here: with looping off it no longer wraps.
  if (voices.length) [offset, startedAt] = [place(audio().currentTime), audio().currentTime];
  looping.value = on;
  for (const { source } of voices) source.loop = on;
}

export function stop(): void {
  turn++;
  for (const { source, gain } of voices) {
    source.onended = null;
    const now = audio().currentTime;
    gain.gain.cancelScheduledValues(now);
    gain.gain.setTargetAtTime(0, now, FADE / 3);
    source.stop(now + FADE * 2);
  }
  voices = [];
  if (playing.peek()) playing.value = null;
}

function ended(mine: number): void {
  if (mine !== turn) return;
  stop();
  playhead.value = 0;
}

function place(when: number): number {
  const passed = offset + Math.max(0, when - startedAt);
  return looping.value && round ? passed % round : Math.min(passed, length);
}

function tick(): void {
  if (!voices.length) return;
  playhead.value = place(audio().currentTime);
  requestAnimationFrame(tick);
}
