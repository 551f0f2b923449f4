/** Recordings that come in: by the file picker, or dropped anywhere on the page. */

import { signal } from "@preact/signals";
import * as calls from "../api/calls";
import { keep } from "./clips";
import { search } from "./library";
import { note, say } from "./notices";
import { patiently } from "./patience";
import { show, tab, view } from "./place";
import { adoptRecipe } from "./settings";
import { pick } from "./sound";

export const uploading = signal(0);

export async function bringIn(files: Iterable<File>): Promise<void> {
  for (const file of files) {
    uploading.value++;
    try {
      const clip = await patiently(() => calls.upload(file));
      keep(clip);
      pick(clip.id, false);
      if (clip.recipe) {
        adoptRecipe(clip.recipe);
        note(`${clip.name}: its recipe is restored, the controls stand as they did. G generates with them.`);
      } else {
        tab.value = "edit";
        say(`${clip.name} is in the library.`);
      }
    } finally {
      uploading.value--;
    }
  }
  if (view.peek() === "library") await search();
  else show("studio");
}

/** Lets a sound be dragged out of the page as a file (the browser asks the server for it when it is dropped). */
export function dragOut(event: DragEvent, id: string, name: string, url: string): void {
  const ending = /format=(ogg|flac)/.exec(url)?.[1] ?? "wav";
  const type = ending === "wav" ? "audio/wav" : `audio/${ending}`;
  const safe = name.replace(/[^\p{L}\p{N} ._-]+/gu, "_").slice(0, 80) || id;
  event.dataTransfer?.setData("DownloadURL", `${type}:${safe}.${ending}:${location.origin}${url}`);
  event.dataTransfer?.setData("text/uri-list", `${location.origin}${url}`);
  event.dataTransfer?.setData("application/x-soundctm", id);
}
