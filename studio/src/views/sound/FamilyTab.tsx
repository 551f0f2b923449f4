import { layTree } from "../../lib/layout";
import { kindOf, stepsOf } from "../../lib/format";
import { family } from "../../state/family";
import { chosen } from "../../state/place";
import { pick } from "../../state/sound";
import type { Clip } from "../../api/types";

const COLUMN = 168;
const ROW = 54;
const BOX = { width: 132, height: 40 };

/** The tree of ancestry: from what, by what, into what. */
export function FamilyTab() {
  const tree = family.value;
  if (!tree) return <p class="dim">Looking up the family…</p>;
  const known = new Set(tree.clips.map((clip) => clip.id));
  const spots = layTree(
    tree.clips.map((clip) => clip.id),
    tree.links.filter(([a, b]) => known.has(a) && known.has(b)),
  );
  const place = new Map(spots.map((spot) => [spot.id, spot]));
  const width = (Math.max(0, ...spots.map((spot) => spot.column)) + 1) * COLUMN;
  const height = (Math.max(0, ...spots.map((spot) => spot.row)) + 1) * ROW;
  return (
    <div class="family" tabIndex={0} role="region" aria-label="Family tree">
      <svg width={width} height={height} role="group" aria-label={`${tree.clips.length} sounds, from left to right`}>
        {tree.links.map(([parent, child]) => {
          const [from, to] = [place.get(parent), place.get(child)];
          if (!from || !to) return null;
          const [x1, y1] = [from.column * COLUMN + BOX.width, from.row * ROW + BOX.height / 2];
          const [x2, y2] = [to.column * COLUMN, to.row * ROW + BOX.height / 2];
          const bend = (x2 - x1) / 2;
          return (
            <path
              key={`${parent}${child}`}
              class="branch"
              d={`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`}
            />
          );
        })}
        {tree.clips.map((clip) => (
          <Node key={clip.id} clip={clip} x={place.get(clip.id)!.column * COLUMN} y={place.get(clip.id)!.row * ROW} />
        ))}
      </svg>
      <p class="dim">A number says how alike a sound is to its parent, 1 being the same content.</p>
      {tree.missing.length > 0 && <p class="dim">{tree.missing.length} ancestors were deleted for good.</p>}
    </div>
  );
}

function Node({ clip, x, y }: { clip: Clip; x: number; y: number }) {
  const open = (): void => pick(clip.id, false);
  const mine = clip.id === chosen.value;
  return (
    <g
      class={`node ${clip.kind}${mine ? " mine" : ""}${clip.deleted ? " deleted" : ""}`}
      role="button"
      tabIndex={0}
      transform={`translate(${x} ${y})`}
      aria-description={`${clip.name}${clip.deleted ? ", deleted" : ""}`}
      aria-current={mine ? "true" : undefined}
      onClick={open}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        open();
      }}
    >
      <rect width={BOX.width} height={BOX.height} rx={8} />
      <text x={12} y={17}>
        {kindOf(clip)}
        {clip.starred ? " ★" : ""}
      </text>
      <text class="second" x={12} y={31}>
        {[stepsOf(clip), clip.similarity === null ? "" : clip.similarity.toFixed(2)].filter(Boolean).join(" · ")}
      </text>
    </g>
  );
}
