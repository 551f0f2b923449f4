import type { Clip } from "../../api/types";
import { labelOf } from "../../lib/format";
import { select, selected } from "../../state/library";

/** Takes a sound into the selection. */
export function Check({ clip }: { clip: Clip }) {
  return (
    <input
      type="checkbox"
      class="row-check"
      checked={selected.value.has(clip.id)}
      aria-label={`Select ${labelOf(clip)}`}
      onChange={(event) => select(clip.id, event.currentTarget.checked)}
    />
  );
}
