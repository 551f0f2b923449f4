import { describe, expect, it } from "vitest";
import type { Clip, Recipe } from "../src/api/types";
import { bytes, distinctionOf, isPlainTake, kindOf, labelOf, likeness, takes } from "../src/lib/format";

const clip = (fields: Partial<Clip>): Clip =>
  ({ id: "a", name: "rain", kind: "take", steps: 1, seed: "7", take: 0, parents: [], recipe: null, ...fields }) as Clip;

describe("what a sound is called", () => {
  it("counts takes from 1 and tells the takes of one prompt apart", () => {
    const labels = [clip({}), clip({ take: 1 }), clip({ kind: "refined", steps: 16 }), clip({ seed: "8" })].map(labelOf);
    expect(labels[0]).toBe("rain, take 1, 1 step, seed 7");
    expect(new Set(labels).size).toBe(4);
  });

  it("gives an edit no number: its own is not that of the take it was made from", () => {
    const recipe = { edit: { kind: "fill" } } as Recipe;
    expect(labelOf(clip({ kind: "edit", steps: 16, recipe }))).toBe("rain, fill, 16 steps, seed 7");
  });

  it("tells the variants of one take apart", () => {
    const variant = (variation: number) => clip({ steps: 16, recipe: { variation } as Recipe });
    const turned = (variations: number[], fields: Partial<Recipe> = {}) =>
      clip({ recipe: { turns: variations.map((variation) => ({ variation, share: 0.2 })), ...fields } as Recipe });
    const others = [turned([1]), turned([2]), turned([2, 1]), turned([2], { variation: 4 })];
    expect([variant(1), variant(2), ...others].map(labelOf)).toEqual([
      "rain, variant 1, take 1, 16 steps, seed 7",
      "rain, variant 2, take 1, 16 steps, seed 7",
      "rain, variant 1, take 1, 1 step, seed 7",
      "rain, variant 2, take 1, 1 step, seed 7",
      "rain, variant 2.1, take 1, 1 step, seed 7",
      "rain, variant 2.4, take 1, 1 step, seed 7",
    ]);
  });

  it("says how a relative was made", () => {
    const made = (recipe: Partial<Recipe>, kind: Clip["kind"] = "take") => clip({ kind, recipe: recipe as Recipe });
    const turns = [{ variation: 3, share: 0.2 }];
    const chance = { variation: 2, gamma: 0.3 };
    const clips = [made(chance), made({ turns }), made({ turns, ...chance }), made({ turns }, "refined"), made({})];
    expect(clips.map(distinctionOf)).toEqual([
      "variant 2, γ 0.3",
      "variant 3, turned 0.2",
      "variant 3.2, turned 0.2, γ 0.3",
      "1 step",
      "1 step",
    ]);
    expect(kindOf(clips[3]!)).toBe("refined");
  });

  it("calls nothing a recording that was made here", () => {
    expect(labelOf(clip({ kind: "upload", recipe: {} as Recipe }))).toBe("rain, brought back, take 1, 1 step, seed 7");
  });

  it("says of a recording no more than is known", () => {
    expect(labelOf(clip({ kind: "upload", steps: null, seed: null, take: null }))).toBe("rain, recording");
  });
});

it("likeness is to the first parent, and to no other", () => {
  const child = clip({ id: "c", parents: ["a", "b"], similarity: 0.5 });
  expect([likeness(child, clip({ id: "a" })), likeness(child, clip({ id: "b" }))]).toEqual([0.5, null]);
});

it("one take is one", () => {
  expect([1, 2].map(takes)).toEqual(["1 take", "2 takes"]);
});

it("sizes are read in the unit that fits", () => {
  expect([0, 999, 1000, 2_340_000, 5e9].map(bytes)).toEqual(["0 bytes", "999 bytes", "1.0 kB", "2.3 MB", "5.0 GB"]);
});

it("a take is plain that its noise and words alone have made", () => {
  const made = (recipe: Partial<Recipe>) => isPlainTake(clip({ recipe: recipe as Recipe }));
  for (const audition of [null, 0, 3]) expect(made({ gamma: 0, turns: [], targets: [], audition })).toBe(true);
  const others = [{ turns: [{ variation: 1, share: 0.2 }] }, { gamma: 0.2 }, { loop: true }];
  expect(others.map(made)).toEqual([false, false, false]);
});
