import { expect, it } from "vitest";
import { parse, seedIn, write } from "../src/api/json";

const HIGHEST = "9223372036854775807"; // 2^63 - 1, which no number of JavaScript is

it("seeds come and go with all their digits", () => {
  const sent = `{"clips":[{"seed":${HIGHEST},"recipe":{"seed":7,"take":0}}],"seed":null}`;
  const read = parse<{ clips: { seed: string; recipe: { seed: string } }[] }>(sent);
  expect(read.clips[0]).toMatchObject({ seed: HIGHEST, recipe: { seed: "7", take: 0 } });
  expect(write(read)).toBe(sent);
});

it("what only looks like a seed stays what it is", () => {
  const told = { prompt: '"seed":12 "seed":"12"', tags: ["seed"], limits: { seed: [0, 5] } };
  expect(parse(JSON.stringify(told))).toEqual(told);
  expect(parse(write(told))).toEqual(told);
});

it("a seed that is typed is digits, no more than the highest has", () => {
  expect([HIGHEST, " 007 ", "0"].map(seedIn)).toEqual([HIGHEST, "7", "0"]);
  expect(["", "-1", "1.5", "1e3", "9".repeat(20)].map(seedIn)).toEqual([null, null, null, null, null]);
});
