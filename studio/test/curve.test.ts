import { expect, test } from "vitest";
import { inOrder, insertAfter, move, overwrite, simplify, toTarget, type Bound } from "../src/audio/curve";

const at = (curve: readonly Bound[], time: number): number => {
  const after = curve.findIndex(([seconds]) => seconds >= time);
  const [a, b] = [curve[Math.max(0, after - 1)]!, curve[after]!];
  return b[0] === a[0] ? b[1] : a[1] + ((time - a[0]) / (b[0] - a[0])) * (b[1] - a[1]);
};

test("a simplified curve stays within the tolerance", () => {
  const points: Bound[] = Array.from({ length: 200 }, (_, i) => [i / 40, -30 + 20 * Math.sin(i / 9)]);
  const fewer = simplify(points, 1);
  expect(fewer.length).toBeLessThan(60);
  for (const [time, level] of points) expect(Math.abs(at(fewer, time) - level)).toBeLessThanOrEqual(1.0001);
});

test("a stroke, drawn backwards too, replaces only what it passes over", () => {
  const curve: Bound[] = [
    [0, -10],
    [1, -20],
    [2, -30],
    [3, -40],
  ];
  expect(
    overwrite(curve, [
      [2.4, -5],
      [0.6, -5],
    ]),
  ).toEqual([
    [0, -10],
    [0.6, -5],
    [2.4, -5],
    [3, -40],
  ]);
});

test("times rise from point to point", () => {
  const target = toTarget(
    [
      [3, -1],
      [1, -2],
      [1, -3],
      [5, -5],
    ],
    5,
  );
  target.slice(1).forEach(([time], index) => expect(time).toBeGreaterThan(target[index]![0]));
  expect(target.at(-1)![0]).toBe(5);
  expect(inOrder([])).toEqual([]);
});

test("a curve that is longer than the sound is cut where the sound ends, at the level it has there", () => {
  const curve: Bound[] = [
    [0, -40],
    [2, -20],
    [6, -60],
    [9, 0],
  ];
  expect(toTarget(curve, 3)).toEqual([
    [0, -40],
    [2, -20],
    [3, -30],
  ]);
  expect(toTarget(curve, 6)).toEqual(curve.slice(0, 3));
  expect(toTarget(curve, 2)).toEqual(curve.slice(0, 2)); // a point at the very end needs no other
  expect(toTarget(curve, 9.5)).toEqual(curve);
});

test("a moved point stays between its neighbours and in range", () => {
  const curve: Bound[] = [
    [0, -10],
    [1, -20],
    [2, -30],
  ];
  expect(move(curve, 1, 9, 50, 2)[1]).toEqual([1.99, 0]);
  expect(move(curve, 2, 9, -99, 2)[2]).toEqual([2, -60]);
});

test("an inserted point lies on the curve", () => {
  expect(
    insertAfter(
      [
        [0, -10],
        [2, -30],
      ],
      0,
    ),
  ).toEqual([
    [0, -10],
    [1, -20],
    [2, -30],
  ]);
  expect(
    insertAfter(
      [
        [0, -10],
        [2, -30],
      ],
      1,
    ),
  ).toHaveLength(3);
});
