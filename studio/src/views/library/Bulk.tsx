import { doomed, restore } from "../../state/bin";
import { exporting } from "../../state/exports";
import {
  bin,
  deleteSelected,
  found,
  news,
  selectAll,
  selected,
  showNews,
  starSelected,
  tagSelected,
} from "../../state/library";
import { attempt } from "../../state/notices";
import { Icon } from "../Icon";

/** What can be done to all that is selected. */
export function Bulk() {
  const count = selected.value.size;
  const all = count > 0 && found.value.every((id) => selected.value.has(id));
  return (
    <div class="bulk" role="group" aria-label="Selection">
      <label class="check">
        <input
          type="checkbox"
          checked={all}
          indeterminate={count > 0 && !all}
          disabled={!found.value.length}
          onChange={(event) => selectAll(event.currentTarget.checked)}
        />
        {count ? `${count} selected` : "Select all"}
      </label>
      {count > 0 && (bin.value ? <OfDeleted /> : <OfKept />)}
      <span class="grow" />
      {news.value.size > 0 && (
        <button class="small primary" onClick={() => attempt(showNews)}>
          {news.value.size} new
        </button>
      )}
      <span class="dim">{found.value.length ? `${found.value.length} shown` : ""}</span>
    </div>
  );
}

function OfDeleted() {
  const ids = [...selected.value];
  return (
    <>
      <button class="small" onClick={() => attempt(() => restore(ids))}>
        <Icon name="reset" /> Restore
      </button>
      <button class="small" onClick={() => (doomed.value = ids)}>
        <Icon name="bin" /> Delete for good
      </button>
    </>
  );
}

function OfKept() {
  return (
    <>
      <button class="small" onClick={() => (exporting.value = [...selected.value])}>
        <Icon name="download" /> Export
      </button>
      <button class="small" onClick={() => attempt(starSelected)}>
        <Icon name="star" /> Star
      </button>
      <form
        class="tag-form"
        onSubmit={(event) => {
          event.preventDefault();
          addTag(event.currentTarget);
        }}
      >
        <label>
          <span class="unseen">Tag to add</span>
          <input class="small" name="tag" placeholder="add a tag" maxLength={40} />
        </label>
      </form>
      <button class="small" onClick={() => attempt(deleteSelected)}>
        <Icon name="bin" /> Delete
      </button>
    </>
  );
}

function addTag(form: HTMLFormElement): void {
  const tag = String(new FormData(form).get("tag") ?? "").trim();
  form.reset();
  if (tag) attempt(() => tagSelected(tag));
}
