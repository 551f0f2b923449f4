import { useRef } from "preact/hooks";
import { clipOf } from "../../state/clips";
import { bringIn } from "../../state/files";
import { bin, filter, filters, layout, openBin, searchSoon, similarTo, soundsLike, tags, text } from "../../state/library";
import { attempt } from "../../state/notices";
import { Icon } from "../Icon";

const KINDS = [
  ["", "All kinds"],
  ["take", "Takes"],
  ["refined", "Refined"],
  ["edit", "Edits"],
  ["upload", "Recordings"],
] as const;

export function Filters() {
  const { starred, kind } = filters.value;
  return (
    <form class="filters" role="search" aria-label="Library" onSubmit={(event) => event.preventDefault()}>
      <div class="filter-line">
        <label class="search-field">
          <Icon name="search" />
          <span class="unseen">Search by name, words or tag</span>
          <input
            id="search"
            type="search"
            placeholder="Search"
            value={text.value}
            onInput={(event) => {
              text.value = event.currentTarget.value;
              searchSoon();
            }}
          />
        </label>
        <label>
          <span class="unseen">Kind</span>
          <select value={kind} onChange={(event) => filter({ kind: event.currentTarget.value })}>
            {KINDS.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          class={starred ? "pressed" : ""}
          aria-pressed={starred}
          onClick={() => filter({ starred: !starred })}
        >
          <Icon name="star" filled={starred} /> Starred
        </button>
        <button
          type="button"
          class={bin.value ? "pressed" : ""}
          aria-pressed={bin.value}
          onClick={() => openBin(!bin.value)}
        >
          <Icon name="bin" /> Deleted
        </button>
        <span class="grow" />
        <div class="segments" role="group" aria-label="Layout">
          <button
            type="button"
            class="segment"
            aria-pressed={layout.value === "list"}
            aria-label="List"
            onClick={() => (layout.value = "list")}
          >
            <Icon name="list" />
          </button>
          <button
            type="button"
            class="segment"
            aria-pressed={layout.value === "grid"}
            aria-label="Grid"
            onClick={() => (layout.value = "grid")}
          >
            <Icon name="tiles" />
          </button>
        </div>
        <Add />
      </div>
      <Tags />
      {similarTo.value && (
        <p class="similar-to">
          <Icon name="ear" /> Sounds like <strong>{clipOf(similarTo.value).value?.name ?? "the chosen one"}</strong>
          <button type="button" class="link" onClick={() => soundsLike(null)}>
            Show all
          </button>
        </p>
      )}
    </form>
  );
}

/** A file picker behind a proper button. */
export function Add() {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" onClick={() => input.current?.click()}>
        <Icon name="plus" /> Add recordings
      </button>
      <input
        ref={input}
        type="file"
        accept="audio/*"
        multiple
        class="unseen"
        tabIndex={-1}
        aria-label="Recordings to add"
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = "";
          attempt(() => bringIn(files));
        }}
      />
    </>
  );
}

function Tags() {
  if (!tags.value.length) return null;
  const wanted = filters.value.tags;
  return (
    <div class="tags" role="group" aria-label="Tags">
      {tags.value.map((tag) => {
        const on = wanted.includes(tag);
        return (
          <button
            key={tag}
            type="button"
            class="chip"
            aria-pressed={on}
            onClick={() => filter({ tags: on ? wanted.filter((each) => each !== tag) : [...wanted, tag] })}
          >
            {tag}
          </button>
        );
      })}
    </div>
  );
}
