import { useEffect } from "preact/hooks";
import { columns } from "../state/measures";

/** Counts what stands side by side in a grid, for the arrow keys. */
export function useColumns(list: { current: HTMLElement | null }): void {
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const observer = new ResizeObserver(
      () => (columns.value = getComputedStyle(element).gridTemplateColumns.split(" ").length),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
}
