/** The controls of a generation, with the words that explain them. */

import { computed, signal } from "@preact/signals";
import type { GenerateRequest, Model, Recipe, Seed } from "../api/types";
import { remembered } from "./memory";
import { dismiss, note } from "./notices";

export interface Settings {
  steps: number;
  /** null: the model's own. */
  seconds: number | null;
  omega: number | null;
  nu: number;
  gamma: number;
  takes: number;
  negative: string;
  seedLocked: boolean;
  seed: Seed;
}

export const DEFAULTS: Settings = {
  steps: 1,
  seconds: null,
  omega: null,
  nu: 1,
  gamma: 0,
  takes: 6,
  negative: "",
  seedLocked: false,
  seed: "1",
};

export const prompt = remembered("prompt", "");
export const settings = remembered("settings", DEFAULTS);
export const refineSteps = remembered("refineSteps", 16);
/** Play the first take as soon as it arrives. */
export const listening = remembered("listening", false);
export const model = signal<Model | null>(null);

export type Numeric = "steps" | "seconds" | "omega" | "nu" | "gamma" | "takes";

export interface Control {
  key: Numeric;
  label: string;
  symbol?: string;
  unit?: string;
  low: number;
  high: number;
  step: number;
  explanation: string;
}

/** The server's word for a limit, [low, high] or a highest value, where it gives one. */
function limit(key: string, low: number, high: number): [number, number] {
  const given = model.value?.limits[key];
  if (Array.isArray(given) && typeof given[0] === "number" && typeof given[1] === "number") {
    return [Math.max(low, given[0]), Math.min(high, given[1])];
  }
  return typeof given === "number" ? [low, Math.min(high, given)] : [low, high];
}

/** The most characters of a text, as the server says, or as far as is known where it does not. */
const longest = (key: string, otherwise: number): number => {
  const given = model.value?.limits[key];
  return typeof given === "number" ? given : otherwise;
};
export const mostWords = computed(() => longest("prompt", 1000));
export const mostName = computed(() => longest("name", 120));

const mostTakes = (): number => limit("takes", 1, 9)[1];

export const controls = computed<Control[]>(() => {
  const [leastSteps, mostSteps] = limit("steps", 1, 32);
  const [leastTakes, mostTakes] = limit("takes", 1, 9);
  const [shortest, longest] = limit("seconds", 0.5, model.value?.max_seconds ?? 30);
  const [lowOmega, highOmega] = limit("omega", 0, 10);
  const [lowNu, highNu] = limit("nu", 0, 2);
  const [lowGamma, highGamma] = limit("gamma", 0, 1);
  return [
    {
      key: "takes",
      label: "Takes",
      low: leastTakes,
      high: mostTakes,
      step: 1,
      explanation: "How many sounds are made of one prompt, each from noise of its own.",
    },
    {
      key: "seconds",
      label: "Length",
      unit: "s",
      low: shortest,
      high: longest,
      step: 0.5,
      explanation: "Length of the sound in seconds. Longer sounds take proportionally longer to make.",
    },
    {
      key: "steps",
      label: "Steps",
      low: leastSteps,
      high: mostSteps,
      step: 1,
      explanation:
        "Jumps from noise to sound. One is instant, good for trying out. More are cleaner: or refine the take you like afterwards.",
    },
    {
      key: "omega",
      label: "Guidance",
      symbol: "ω",
      low: lowOmega,
      high: highOmega,
      step: 0.1,
      explanation:
        "How strongly the prompt was driven home when the model was taught. Higher follows the words more closely, lower sounds more varied.",
    },
    {
      key: "nu",
      label: "Text weight",
      symbol: "ν",
      low: lowNu,
      high: highNu,
      step: 0.05,
      explanation:
        "Weighs jumps with the prompt against jumps without it. 1 uses the prompt alone, below 1 loosens it, above 1 pushes away from what comes without the prompt.",
    },
    {
      key: "gamma",
      label: "Chance",
      symbol: "γ",
      low: lowGamma,
      high: highGamma,
      step: 0.05,
      explanation:
        "Fresh noise that is added between steps. 0 keeps refinement true to the take, more brings new detail. Without effect at one step.",
    },
  ];
});

export const NEGATIVE_EXPLANATION = "What the sound should move away from. Counts when the text weight is not 1.";
export const SEED_EXPLANATION =
  "The seed chooses the noise. Locked, every prompt starts from the same noise, so that only the words change the sound.";

export const defaultOf = (key: Numeric): number =>
  DEFAULTS[key] ?? (key === "seconds" ? (model.value?.seconds ?? 5) : (model.value?.omega ?? 3));
export const valueOf = (key: Numeric): number => settings.value[key] ?? defaultOf(key);

let changed: () => void = () => undefined;

/** Called when a control that shapes new takes was changed by hand. */
export function onChange(callback: () => void): void {
  changed = callback;
}

export function set(fields: Partial<Settings>): void {
  setQuietly(fields);
  changed();
}

/** Without asking for new takes: the controls only catch up with a sound that is there. */
export function setQuietly(fields: Partial<Settings>): void {
  settings.value = { ...settings.peek(), ...fields };
}

export function generateRequest(text: string): GenerateRequest {
  const { steps, seconds, omega, nu, gamma, takes, negative, seedLocked, seed } = settings.peek();
  return { prompt: text, takes, steps, seconds, omega, nu, gamma, negative, seed: seedLocked ? seed : null };
}

let restored = 0; // the message that says so

/** Puts the controls as they were when a recipe was used, and says what of it has no control. */
export function restoreControls(name: string, recipe: Recipe): void {
  const { steps, seconds, omega, nu, gamma, seed } = recipe;
  const takes = Math.min(mostTakes(), Math.max(valueOf("takes"), recipe.take + 1)); // the take itself is among them
  setQuietly({ takes, steps, seconds, omega, nu, gamma, seed, seedLocked: true, negative: recipe.negative ?? "" });
  prompt.value = recipe.prompt;
  const missing = withoutControl(recipe);
  const rest = missing.length ? ` Not restored, as no control says it: ${missing.join(", ")}.` : "";
  dismiss(restored); // of several sounds it holds for the last alone
  restored = note(`${name}: the controls stand as they did. G generates with them.${rest}`, { seconds: rest ? 12 : 6 });
}

/** What of a recipe the controls cannot say. */
function withoutControl(recipe: Recipe): string[] {
  return [
    recipe.edit ? `the edit (${recipe.edit.kind.replace(/-/g, " ")})` : "",
    recipe.loop ? "the loop" : "",
    recipe.targets?.length ? "the curve" : "",
    recipe.variation || recipe.turns?.length ? "the variation" : "",
    recipe.take >= mostTakes() ? `take ${recipe.take + 1}` : "",
  ].filter(Boolean);
}
