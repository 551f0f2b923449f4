/** Work that lives on the server by itself: refinements, edits, and whatever another page has begun. */

import { computed, signal } from "@preact/signals";
import * as calls from "../api/calls";
import { isAbort } from "../api/http";
import type { Clip, Id, Job } from "../api/types";
import { clipOf, keep, refreshClips } from "./clips";
import { fault, note } from "./notices";
import { patiently } from "./patience";

const POLL = 1000; // milliseconds between looks at jobs that have no stream
const STREAMS = 2; // a browser opens six connections to one server; the rest is for sounds

export const jobs = signal<Job[]>([]);
export const busy = computed(() => jobs.value.filter((job) => !isFinal(job)));
export const drawer = signal(false);

export const isFinal = (job: Job): boolean => job.state !== "queued" && job.state !== "running";
export const canRunAgain = (job: Job): boolean => ["interrupted", "failed", "cancelled"].includes(job.state);

let streams = 0;
let polling = false;

function put(job: Job): void {
  const rest = jobs.peek().filter((other) => other.id !== job.id);
  jobs.value = [job, ...rest].sort((a, b) => (a.created < b.created ? 1 : -1));
}

/** Starts a job and hands over its clips one by one; resolves with the job when it is over. */
export async function run(path: string, body: unknown, onClip: (clip: Clip) => void): Promise<Job> {
  const job = await patiently(() => calls.start(path, body));
  put(job);
  return follow(job, onClip);
}

async function follow(job: Job, onClip: (clip: Clip) => void): Promise<Job> {
  const last = streams < STREAMS ? await stream(job, onClip) : await wait(job, onClip);
  await settle(last);
  if (last.error) note(last.error, { tone: "bad", seconds: 12 });
  return last;
}

/** The similarity to the parent is measured after the sound was handed over: look again. */
async function settle(job: Job): Promise<void> {
  const unmeasured = job.clips
    .map((id) => clipOf(id).peek())
    .filter((clip) => clip?.parents.length && clip.similarity === null);
  await refreshClips(unmeasured.map((clip) => clip!.id));
}

async function stream(job: Job, onClip: (clip: Clip) => void): Promise<Job> {
  streams++;
  let last = job;
  try {
    for await (const event of calls.watchJob(job.id, new AbortController().signal)) {
      if ("job" in event) put((last = event.job));
      else {
        keep(event.clip);
        onClip(event.clip);
      }
    }
    return last;
  } finally {
    streams--;
  }
}

async function wait(job: Job, onClip: (clip: Clip) => void): Promise<Job> {
  void poll();
  const seen = new Set<Id>();
  for (;;) {
    const now = jobs.peek().find((other) => other.id === job.id) ?? job;
    const fresh = now.clips.filter((each) => !seen.has(each));
    await refreshClips(fresh);
    for (const id of fresh) {
      seen.add(id);
      const clip = clipOf(id).peek();
      if (clip) onClip(clip);
    }
    if (isFinal(now)) return now;
    await new Promise((resolve) => setTimeout(resolve, POLL / 2));
  }
}

/** Looks at the list until nothing is left to wait for (and once more when the list is opened). */
export async function poll(): Promise<void> {
  if (polling) return;
  polling = true;
  try {
    do {
      jobs.value = (await calls.jobs()).jobs;
      if (!busy.peek().length && !drawer.peek()) return;
      await new Promise((resolve) => setTimeout(resolve, POLL));
    } while (busy.peek().length || drawer.peek());
  } catch (error) {
    if (!isAbort(error)) fault(error);
  } finally {
    polling = false;
  }
}

export async function cancel(id: Id): Promise<void> {
  put(await calls.cancelJob(id));
}

export async function again(id: Id): Promise<void> {
  put(await patiently(() => calls.againJob(id)));
  void poll();
}
