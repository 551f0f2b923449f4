import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Clip } from "../../api/types";
import { labelOf } from "../../lib/format";
import { change } from "../../state/clips";
import { attempt } from "../../state/notices";
import { mostName } from "../../state/settings";

/** A name that can be changed where it stands. */
export function Name({ clip, level = "h2" }: { clip: Clip; level?: "h2" | "span" }) {
  const [editing, setEditing] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const Tag = level;
  useLayoutEffect(() => {
    if (!editing) return;
    field.current?.focus();
    field.current?.select();
  }, [editing]);
  if (!editing) {
    return (
      <Tag class="name">
        <button
          class="name-button"
          title="Rename"
          aria-label={`${labelOf(clip)}. Rename`}
          onClick={(event) => {
            event.stopPropagation();
            setEditing(true);
          }}
        >
          {clip.name}
        </button>
      </Tag>
    );
  }
  const finish = (keep: boolean): void => {
    const name = field.current?.value.trim() ?? "";
    setEditing(false);
    if (keep && name && name !== clip.name) attempt(() => change(clip.id, { name }));
  };
  return (
    <input
      ref={field}
      class="name-field"
      aria-label="Name"
      defaultValue={clip.name}
      maxLength={mostName.value}
      onBlur={() => finish(true)}
      onKeyDown={(event) => {
        if (event.key === "Enter") finish(true);
        if (event.key === "Escape") {
          event.stopPropagation();
          finish(false);
        }
      }}
    />
  );
}
