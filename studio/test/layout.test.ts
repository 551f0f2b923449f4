import { expect, test } from "vitest";
import { layTree } from "../src/lib/layout";

test("children stand right of their parents and nothing overlaps", () => {
  const links = [
    ["a", "b"],
    ["a", "c"],
    ["b", "d"],
    ["c", "d"],
    ["a", "e"],
  ] as const;
  const spots = layTree(["a", "b", "c", "d", "e"], links);
  const of = new Map(spots.map((spot) => [spot.id, spot]));
  for (const [parent, child] of links) expect(of.get(child)!.column).toBeGreaterThan(of.get(parent)!.column);
  expect(new Set(spots.map(({ column, row }) => `${column}/${row}`)).size).toBe(5);
});

test("a circle does not hang", () => {
  expect(
    layTree(
      ["a", "b"],
      [
        ["a", "b"],
        ["b", "a"],
      ],
    ),
  ).toHaveLength(2);
});
