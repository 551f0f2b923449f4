import { useRef } from "preact/hooks";
import { prompt, settings } from "../state/settings";
import { auditioning, grid, stale } from "../state/takes";
import { TakeCard } from "./TakeCard";
import { useColumns } from "./columns";

export function TakeGrid() {
  const list = useRef<HTMLUListElement>(null);
  useColumns(list);
  const places = grid.value;
  return (
    <section class="takes" aria-label="Takes" aria-busy={auditioning.value}>
      <ul ref={list} class="cards">
        {places.map((id, index) => (
          <TakeCard key={index} id={id} index={index} stale={id !== null && stale.value.has(id)} />
        ))}
        {places.length === 0 &&
          prompt.value === "" &&
          Array.from({ length: Math.min(6, settings.value.takes) }, (_, index) => (
            <li key={index} class="card blank" aria-hidden="true" />
          ))}
      </ul>
    </section>
  );
}
