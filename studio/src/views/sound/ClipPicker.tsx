import { useEffect, useId, useState } from "preact/hooks";
import { search } from "../../api/calls";
import type { Clip, Id } from "../../api/types";
import { seconds } from "../../lib/format";
import { clipOf, keep } from "../../state/clips";
import { fault } from "../../state/notices";
import { grid } from "../../state/takes";

/** A second sound: from the grid, or the newest of the library. */
export function ClipPicker({
  exclude,
  value,
  onChange,
}: {
  exclude: Id;
  value: Id | null;
  onChange: (id: Id | null) => void;
}) {
  const id = useId();
  const [recent, setRecent] = useState<Clip[]>([]);
  useEffect(() => {
    search({ limit: 40 }).then(({ clips }) => {
      keep(...clips);
      setRecent(clips);
    }, fault);
  }, []);
  const takes = grid.value.flatMap((each, index) =>
    each && each !== exclude ? [{ clip: clipOf(each).value, index }] : [],
  );
  const inGrid = new Set(grid.value);
  return (
    <div class="field">
      <label for={id}>Other sound</label>
      <select id={id} value={value ?? ""} onChange={(event) => onChange(event.currentTarget.value || null)}>
        <option value="">Choose…</option>
        {takes.length > 0 && (
          <optgroup label="Takes">
            {takes.map(
              ({ clip, index }) =>
                clip && (
                  <option key={clip.id} value={clip.id}>
                    {index + 1}: {clip.name}
                  </option>
                ),
            )}
          </optgroup>
        )}
        <optgroup label="Library, newest first">
          {recent
            .filter((clip) => clip.id !== exclude && !inGrid.has(clip.id))
            .map((clip) => (
              <option key={clip.id} value={clip.id}>
                {clip.starred ? "★ " : ""}
                {clip.name} ({seconds(clip.seconds)})
              </option>
            ))}
        </optgroup>
      </select>
    </div>
  );
}
