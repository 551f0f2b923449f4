import type { Clip } from "../../api/types";
import { ago, labelOf, particularsOf, seconds } from "../../lib/format";
import { doomed, hearDeleted, restore } from "../../state/bin";
import { selected } from "../../state/library";
import { attempt } from "../../state/notices";
import { Wave } from "../Wave";
import { Check } from "./Check";
import { PlayButton } from "./PlayButton";

/** A deleted sound: to be heard, restored, or deleted for good. */
export function BinLine({ clip }: { clip: Clip }) {
  const { id } = clip;
  const label = labelOf(clip);
  return (
    <li class={selected.value.has(id) ? "row selected" : "row"}>
      <Check clip={clip} />
      <PlayButton clip={clip} kind="row-hear" onPlay={() => attempt(() => hearDeleted(id))} />
      <span class="row-wave">
        <Wave id={id} seconds={clip.seconds} />
      </span>
      <span class="row-words">
        <span class="name">{clip.name}</span>
        <span class="row-about dim">{particularsOf(clip).join(", ")}</span>
      </span>
      <span class="row-length">{seconds(clip.seconds)}</span>
      <span class="row-age dim">{clip.deleted && ago(clip.deleted)}</span>
      <span class="row-acts">
        <button class="small" aria-label={`Restore ${label}`} onClick={() => attempt(() => restore([id]))}>
          Restore
        </button>
        <button class="small" aria-label={`Delete for good: ${label}`} onClick={() => (doomed.value = [id])}>
          Delete for good
        </button>
      </span>
    </li>
  );
}
