import type { Clip } from "../../api/types";
import { side } from "../../audio/player";
import { distinctionOf, likeness, seconds } from "../../lib/format";
import { compareWith, pick, switchSide } from "../../state/sound";
import { Icon } from "../Icon";

/** A/B: which is heard, what B is, how near it is to where it came from. */
export function Compare({ clip, other }: { clip: Clip; other: Clip }) {
  const related = likeness(other, clip) ?? likeness(clip, other);
  return (
    <div class="compare" role="group" aria-label="Compare">
      <div class="segments" role="group" aria-label="Heard">
        <button class="segment a" aria-pressed={side.value === "a"} onClick={() => switchSide("a")}>
          A <span>{short(clip)}</span>
        </button>
        <button class="segment b" aria-pressed={side.value === "b"} onClick={() => switchSide("b")}>
          B <span>{short(other)}</span>
        </button>
      </div>
      <span class="dim">
        <kbd>X</kbd> switches<span class="hint">, in step and equally loud</span>
      </span>
      {related !== null && <Similarity value={related} />}
      <span class="grow" />
      <button class="small" onClick={() => pick(other.id, false)}>
        Go on with B
      </button>
      <button class="quiet icon-only" aria-label="End the comparison" title="Esc" onClick={() => compareWith(null)}>
        <Icon name="close" />
      </button>
    </div>
  );
}

const short = (clip: Clip): string => [distinctionOf(clip), seconds(clip.seconds)].filter(Boolean).join(", ");

function Similarity({ value }: { value: number }) {
  return (
    <span class="similarity" title="Cosine between the embeddings of a sound and of the one it was made from: 1 is the same content">
      <span id="similarity-label">Similarity to its parent</span>
      <meter min={0} max={1} value={Math.max(0, value)} aria-labelledby="similarity-label" />
      <output>{value.toFixed(2)}</output>
    </span>
  );
}
