/** Recordings that come in: by the file picker, or dropped anywhere on the page. */

import { signal } from "@preact/signals";
import * as calls from "../api/calls";
import type { Clip } from "../api/types";
import { keep } from "./clips";
import { search } from "./library";
import { fault, note, say } from "./notices";
import { patiently } from "./patience";
import { tab, view } from "./place";
import { restoreControls } from "./settings";
import { pick } from "./sound";

export const uploading = signal(0);

export async function bringIn(files: Iterable<File>): Promise<void> {
  let came = false;
  for (const file of files) {
    uploading.value++;
    try {
      const { note: lost, ...clip } = await patiently(() => calls.upload(file));
      take(clip);
      if (lost) note(`${clip.name}: ${lost}`, { seconds: 12 });
      came = true;
    } catch (error) {
      fault(error, file.name); // the others may be sound
    } finally {
      uploading.value--;
    }
  }
  if (came && view.peek() === "library") await search();
}

function take(clip: Clip): void {
  keep(clip);
  pick(clip.id, false);
  if (clip.recipe) return restoreControls(clip.name, clip.recipe);
  tab.value = "edit";
  say(`${clip.name} is in the library.`);
}
