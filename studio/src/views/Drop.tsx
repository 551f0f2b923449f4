import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { bringIn, uploading } from "../state/files";
import { attempt } from "../state/notices";

const over = signal(false);

const brings = (event: DragEvent): boolean =>
  (event.dataTransfer?.types.includes("Files") ?? false) &&
  !event.dataTransfer?.types.includes("application/x-soundctm");

/** A recording can be dropped anywhere on the page. */
export function Drop() {
  useEffect(() => {
    const enter = (event: DragEvent): void => {
      if (!brings(event)) return;
      event.preventDefault();
      over.value = true;
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) over.value = false;
    };
    const drop = (event: DragEvent): void => {
      over.value = false;
      const files = [...(event.dataTransfer?.files ?? [])];
      if (!brings(event) || !files.length) return;
      event.preventDefault();
      attempt(() => bringIn(files));
    };
    const listeners = { dragenter: enter, dragover: enter, dragleave: leave, drop };
    for (const [name, listener] of Object.entries(listeners)) addEventListener(name, listener as EventListener);
    return () => {
      for (const [name, listener] of Object.entries(listeners)) removeEventListener(name, listener as EventListener);
    };
  }, []);
  return (
    <>
      {over.value && (
        <div class="drop">
          <p>Drop to bring it into the library</p>
        </div>
      )}
      {uploading.value > 0 && (
        <div class="uploading" role="status">
          Bringing in a recording…
        </div>
      )}
    </>
  );
}
