import { useLayoutEffect, useRef } from "preact/hooks";
import type { Clip, Id } from "../../api/types";
import { distinctionOf, likeness } from "../../lib/format";
import { clipOf } from "../../state/clips";
import { relatives } from "../../state/family";
import { rival } from "../../state/place";
import { compareWith, pick } from "../../state/sound";
import { Wave } from "../Wave";

/** What the sound came from and what was made of it, to compare with a click. */
export function Relatives({ clip }: { clip: Clip }) {
  const ids = relatives(clip.id);
  const strip = useRef<HTMLUListElement>(null);
  useLayoutEffect(() => reveal(strip.current), [rival.value, ids.length]);
  if (!ids.length) return null;
  return (
    <ul ref={strip} class="relatives" aria-label="Relatives to compare with">
      {ids.map((id) => (
        <Relative key={id} id={id} clip={clip} />
      ))}
    </ul>
  );
}

/** What is compared is in sight; the page itself stays where it is. */
function reveal(strip: HTMLElement | null): void {
  const pressed = strip?.querySelector("[aria-pressed=true]")?.getBoundingClientRect();
  if (!strip || !pressed) return;
  const { left, right } = strip.getBoundingClientRect();
  if (pressed.left < left) strip.scrollLeft -= left - pressed.left;
  else if (pressed.right > right) strip.scrollLeft += pressed.right - right;
}

function Relative({ id, clip }: { id: Id; clip: Clip }) {
  const relative = clipOf(id).value;
  if (!relative || relative.deleted) return null;
  const isParent = clip.parents.includes(id);
  const what = distinctionOf(relative);
  const near = isParent ? likeness(clip, relative) : likeness(relative, clip);
  return (
    <li>
      <button
        class="relative"
        aria-pressed={rival.value === id}
        title="Compare (double click: go on with it)"
        onClick={() => compareWith(rival.value === id ? null : id)}
        onDblClick={() => pick(id, false)}
      >
        <Wave id={id} seconds={relative.seconds} />
        <span>
          {isParent ? "from " : ""}
          {what}
        </span>{" "}
        {near !== null && <span class="dim">{near.toFixed(2)}</span>}
        <span class="unseen">
          {near !== null && (isParent ? " alike" : " alike its parent")}, compare with this {isParent ? "parent" : "child"}
        </span>
      </button>
    </li>
  );
}
