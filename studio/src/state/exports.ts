/** Sounds that leave the page as files: exported by a dialog, or dragged out, always in the chosen format. */

import { signal } from "@preact/signals";
import * as calls from "../api/calls";
import type { AudioFormat, Clip, Id, Rate } from "../api/types";
import { remembered } from "./memory";
import { note } from "./notices";

/** The sounds that the dialog is about; null while it is closed. */
export const exporting = signal<readonly Id[] | null>(null);
export const exportFormat = remembered<AudioFormat>("format", "wav24");
export const exportRate = remembered<Rate>("rate", "original");

const fileOf = (id: Id): string => calls.audioUrl(id, exportFormat.peek(), exportRate.peek(), true);

export async function exportClips(ids: readonly Id[]): Promise<void> {
  const [first] = ids;
  if (!first) return;
  if (ids.length === 1) return download(fileOf(first), "");
  const url = URL.createObjectURL(await calls.exportZip([...ids], exportFormat.peek(), exportRate.peek()));
  download(url, "sounds.zip");
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  note(`${ids.length} sounds exported.`);
}

function download(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

/** Lets a sound be dragged out of the page as a file (the browser asks the server for it when it is dropped). */
export function dragOut(event: DragEvent, clip: Clip): void {
  const ending = /^(ogg|flac)$/.exec(exportFormat.peek())?.[1] ?? "wav";
  const safe = clip.name.replace(/[^\p{L}\p{N} ._-]+/gu, "_").slice(0, 80) || clip.id;
  const url = location.origin + fileOf(clip.id);
  event.dataTransfer?.setData("DownloadURL", `audio/${ending}:${safe}.${ending}:${url}`);
  event.dataTransfer?.setData("text/uri-list", url);
  event.dataTransfer?.setData("application/x-soundctm", clip.id);
}
