import { useEffect, useRef } from "preact/hooks";
import { cursor, found, layout, search, searched, searching, similarTo, text } from "../../state/library";
import { useColumns } from "../columns";
import { Row } from "./Row";

export function Listing() {
  const list = useRef<HTMLUListElement>(null);
  useColumns(list);
  const empty = searched.value && !searching.value && found.value.length === 0;
  return (
    <div class="listing" aria-busy={searching.value}>
      {empty && (
        <p class="dim empty">
          {text.value || similarTo.value ? "Nothing fits." : "Every sound you make is kept here. Nothing yet."}
        </p>
      )}
      <ul ref={list} class={layout.value === "grid" ? "rows tiles" : "rows"} aria-label="Sounds">
        {found.value.map((id) => (
          <Row key={id} id={id} />
        ))}
      </ul>
      {cursor.value && <More key={cursor.value} />}
    </div>
  );
}

/** The next page comes when the end of this one comes into view. */
function More() {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && void search(true), {
      rootMargin: "400px",
    });
    if (end.current) observer.observe(end.current);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={end} class="more">
      <button class="quiet" onClick={() => void search(true)}>
        More
      </button>
    </div>
  );
}
