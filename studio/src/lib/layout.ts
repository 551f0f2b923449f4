/** Where the sounds of a family tree stand: generations from left to right. */

import type { Id } from "../api/types";

export interface Spot {
  id: Id;
  column: number;
  row: number;
}

/** A child stands one column right of its last parent, and as near to the first parent's row as is free. */
export function layTree(ids: readonly Id[], links: readonly (readonly [Id, Id])[]): Spot[] {
  const parents = new Map<Id, Id[]>(ids.map((id) => [id, []]));
  for (const [parent, child] of links) if (parents.has(parent)) parents.get(child)?.push(parent);
  const column = new Map<Id, number>();
  const depth = (id: Id, above: ReadonlySet<Id>): number => {
    const known = column.get(id);
    if (known !== undefined) return known;
    if (above.has(id)) return 0; // a circle cannot be, but must not hang the page
    const within = new Set(above).add(id);
    const found = Math.max(-1, ...(parents.get(id) ?? []).map((parent) => depth(parent, within))) + 1;
    column.set(id, found);
    return found;
  };
  ids.forEach((id) => depth(id, new Set()));
  const spots = new Map<Id, Spot>();
  const taken = new Set<string>();
  for (const id of [...ids].sort((a, b) => (column.get(a) ?? 0) - (column.get(b) ?? 0))) {
    const at = column.get(id) ?? 0;
    const first = parents.get(id)?.[0];
    let row = first ? (spots.get(first)?.row ?? 0) : 0;
    while (taken.has(`${at}/${row}`)) row++;
    taken.add(`${at}/${row}`);
    spots.set(id, { id, column: at, row });
  }
  return ids.map((id) => spots.get(id)!);
}
