import { useEffect, useRef } from "preact/hooks";
import {
  bin,
  clearFilters,
  cursor,
  found,
  isFiltered,
  layout,
  search,
  searched,
  searching,
} from "../../state/library";
import { useColumns } from "../columns";
import { Row } from "./Row";

export function Listing() {
  const list = useRef<HTMLUListElement>(null);
  useColumns(list);
  const empty = searched.value > 0 && !searching.value && found.value.length === 0;
  return (
    <div class="listing" aria-busy={searching.value}>
      {empty && <Empty />}
      <ul ref={list} class={layout.value === "grid" ? "rows tiles" : "rows"} aria-label="Sounds">
        {found.value.map((id) => (
          <Row key={id} id={id} />
        ))}
      </ul>
      {cursor.value && <More />}
    </div>
  );
}

function Empty() {
  if (!isFiltered.value)
    return (
      <p class="dim empty">
        {bin.value ? "Nothing is deleted." : "Every sound you make is kept here. Nothing yet."}
      </p>
    );
  return (
    <p class="dim empty">
      Nothing fits.{" "}
      <button class="link" onClick={clearFilters}>
        Clear the filters
      </button>
    </p>
  );
}

/** The next page comes when the end of this one comes into view. */
function More() {
  const end = useRef<HTMLDivElement>(null);
  // Looked at anew after every answer: the end may be in view still, and then nothing else would tell.
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && void search(true), {
      rootMargin: "400px",
    });
    if (end.current) observer.observe(end.current);
    return () => observer.disconnect();
  }, [searched.value]);
  return (
    <div ref={end} class="more">
      <button class="quiet" onClick={() => void search(true)}>
        More
      </button>
    </div>
  );
}
