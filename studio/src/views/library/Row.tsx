import { useRef } from "preact/hooks";
import type { Clip, Id } from "../../api/types";
import { ago, labelOf, particularsOf, seconds } from "../../lib/format";
import { clipOf } from "../../state/clips";
import { dragOut } from "../../state/exports";
import { bin, scores, selected } from "../../state/library";
import { attempt } from "../../state/notices";
import { chosen, show } from "../../state/place";
import { pick, star } from "../../state/sound";
import { useFollowFocus } from "../focus";
import { Icon } from "../Icon";
import { Name } from "../sound/Name";
import { Wave } from "../Wave";
import { BinLine } from "./BinLine";
import { Check } from "./Check";
import { PlayButton } from "./PlayButton";

export function Row({ id }: { id: Id }) {
  const clip = clipOf(id).value;
  if (!clip) return null;
  return bin.value ? <BinLine clip={clip} /> : <Line clip={clip} />;
}

function Line({ clip }: { clip: Clip }) {
  const { id } = clip;
  const mine = chosen.value === id;
  const button = useRef<HTMLButtonElement>(null);
  useFollowFocus(button, mine, "row-play");
  const score = scores.value.get(id);
  return (
    <li
      class={`row${mine ? " chosen" : ""}${selected.value.has(id) ? " selected" : ""}`}
      aria-current={mine ? "true" : undefined}
      draggable
      onDragStart={(event) => dragOut(event, clip)}
      onClick={(event) => !(event.target as Element).closest("button, input, a") && pick(id, false)}
      onDblClick={(event) => {
        if (!(event.target as Element).closest("button, input, a")) {
          pick(id, false);
          show("studio");
        }
      }}
    >
      <Check clip={clip} />
      <PlayButton clip={clip} kind="row-play" button={button} onPlay={() => pick(id, true)} />
      <span class="row-wave">
        <Wave id={id} seconds={clip.seconds} />
      </span>
      <span class="row-words">
        <Name clip={clip} level="span" />
        <span class="row-about dim">
          {particularsOf(clip).join(", ")}
          {clip.tags.map((tag) => (
            <span key={tag} class="tag">
              {tag}
            </span>
          ))}
        </span>
      </span>
      {score !== undefined && (
        <span class="row-score" title="Similarity of sound">
          {score.toFixed(2)}
        </span>
      )}
      <span class="row-length">{seconds(clip.seconds)}</span>
      <span class="row-age dim">{ago(clip.created)}</span>
      <button
        class={clip.starred ? "quiet icon-only starred" : "quiet icon-only"}
        aria-pressed={clip.starred}
        aria-label={`Star ${labelOf(clip)}`}
        onClick={() => attempt(() => star(id))}
      >
        <Icon name="star" filled={clip.starred} />
      </button>
    </li>
  );
}
