/** Numbers and dates as they are read. */

import type { Clip, Job } from "../api/types";

export const seconds = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;

export function decimals(value: number, step: number): string {
  const digits = Math.max(0, Math.min(3, -Math.floor(Math.log10(step) + 1e-9)));
  return value.toFixed(digits);
}

export function bytes(count: number): string {
  for (const [unit, size] of SIZES) if (count >= size) return `${(count / size).toFixed(1)} ${unit}`;
  return `${count} bytes`;
}

const SIZES: [string, number][] = [
  ["GB", 1e9],
  ["MB", 1e6],
  ["kB", 1e3],
];

const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

export function ago(iso: string, now = Date.now()): string {
  const passed = (Date.parse(iso) - now) / 1000;
  for (const [unit, length] of STEPS) {
    if (Math.abs(passed) >= length) return RELATIVE.format(Math.round(passed / length), unit);
  }
  return "just now";
}

const KINDS: Record<Clip["kind"], string> = { take: "take", refined: "refined", edit: "edit", upload: "recording" };

/** The numbers of a relative: one for each turn of its start, then that of its course. A take of one's own has none. */
export const numbersOf = ({ recipe }: Clip): number[] => [
  ...(recipe?.turns ?? []).map((turn) => turn.variation),
  ...(recipe?.variation ? [recipe.variation] : []),
];

/** What a sound is, in one or two words. */
export function kindOf(clip: Clip): string {
  if (clip.kind === "edit" && clip.recipe?.edit) return clip.recipe.edit.kind.replace(/-/g, " ");
  if (clip.kind === "edit" && clip.recipe?.targets?.length) return "shaped";
  if (clip.kind === "edit" && clip.recipe?.loop) return "loop";
  if (clip.kind === "upload" && clip.recipe) return "brought back";
  const numbers = numbersOf(clip);
  if (clip.kind === "take" && numbers.length) return `variant ${numbers.join(".")}`;
  return KINDS[clip.kind] ?? clip.kind;
}

export const stepsOf = (clip: Clip): string =>
  clip.steps === null ? "" : clip.steps === 1 ? "1 step" : `${clip.steps} steps`;

/** Recipes count takes from 0, people from 1, as the keys do. The number that an edit has is not that of its take. */
export const takeOf = (clip: Clip): string => (clip.take === null || clip.recipe?.edit ? "" : `take ${clip.take + 1}`);

/** So many takes. */
export const takes = (count: number): string => `${count} ${count === 1 ? "take" : "takes"}`;

/** The name, and what tells the sound from others of that name. */
export const labelOf = (clip: Clip): string =>
  [clip.name, ...particularsOf(clip), clip.seed === null ? "" : `seed ${clip.seed}`].filter(Boolean).join(", ");

/** What kind, which take, how many steps. */
export const particularsOf = (clip: Clip): string[] =>
  [isNumbered(clip) ? "" : kindOf(clip), takeOf(clip), stepsOf(clip)].filter(Boolean);

/** Its number alone says that it is a take. */
const isNumbered = (clip: Clip): boolean => clip.kind === "take" && clip.take !== null && !numbersOf(clip).length;

/** How a relative was made. */
const waysOf = ({ recipe }: Clip): string[] => [
  ...(recipe?.turns ?? []).map((turn) => `turned ${Number(turn.share.toFixed(2))}`),
  ...(recipe?.variation ? [`γ ${recipe.gamma}`] : []),
];

/** What tells a sound from its relatives. */
export function distinctionOf(clip: Clip): string {
  if (clip.kind === "take" && numbersOf(clip).length) return [kindOf(clip), ...waysOf(clip)].join(", ");
  if (clip.recipe?.targets?.length) return "to the curve";
  return clip.kind === "take" || clip.kind === "refined" ? stepsOf(clip) : kindOf(clip);
}

/** How alike a sound is to its parent: measured to the first one only. */
export const likeness = (clip: Clip, parent: Clip): number | null =>
  clip.parents[0] === parent.id ? clip.similarity : null;

export function stateOf(job: Job): string {
  if (job.state === "queued") return job.place ? `${job.place} before it` : "next";
  if (job.state !== "running") return job.state;
  const left = job.seconds_left;
  return left === null ? "running" : left < 1 ? (job.done ? "nearly done" : "running") : `${Math.ceil(left)} s left`;
}

/** Made from its noise and words alone: what can be made again whole, as a circle or between two. */
export function isPlainTake(clip: Clip): boolean {
  const recipe = clip.recipe;
  if (recipe === null || recipe.edit || recipe.loop || recipe.targets?.length) return false;
  return !(recipe.gamma || recipe.variation || recipe.turns?.length);
}
