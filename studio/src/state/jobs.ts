/** Work that lives on the server by itself: refinements, edits, and whatever another page has begun. */

import { computed, signal } from "@preact/signals";
import * as calls from "../api/calls";
import { isFinal } from "../api/calls";
import { isMiss, isOffline } from "../api/http";
import type { Clip, Id, Job } from "../api/types";
import { clipOf, keep, refreshClips } from "./clips";
import { fault, note } from "./notices";
import { patiently, pause } from "./patience";

const POLL = 1; // seconds between looks at jobs that have no stream
const STREAMS = 2; // a browser opens six connections to one server; the rest is for sounds

export const jobs = signal<Job[]>([]);
export const busy = computed(() => jobs.value.filter((job) => !isFinal(job)));
export const drawer = signal(false);

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
  const seen = new Set<Id>();
  const once = (clip: Clip): void => {
    if (seen.has(clip.id)) return;
    seen.add(clip.id);
    onClip(clip);
  };
  let last = streams < STREAMS ? await stream(job, once) : job;
  if (!isFinal(last)) last = await wait(last, once);
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

/** The job as far as its stream tells: not to its end where the stream broke off. */
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
  } catch (error) {
    if (!isOffline(error)) throw error;
  } finally {
    streams--;
  }
  return last;
}

/** Asks for the job until it is over, through times in which the server does not answer. */
async function wait(job: Job, onClip: (clip: Clip) => void): Promise<Job> {
  for (let last = job; ; await pause(POLL)) {
    try {
      put((last = await calls.job(job.id)));
      await refreshClips(last.clips.filter((id) => !clipOf(id).peek()));
    } catch (error) {
      if (isOffline(error)) continue;
      throw error;
    }
    for (const id of last.clips) {
      const clip = clipOf(id).peek();
      if (clip) onClip(clip);
    }
    if (isFinal(last)) return last;
  }
}

/** Looks at the list until nothing is left to wait for (and once more when the list is opened). */
export async function poll(): Promise<void> {
  if (polling) return;
  polling = true;
  try {
    do {
      jobs.value = await newest();
      if (!busy.peek().length && !drawer.peek()) return;
      await pause(POLL);
    } while (busy.peek().length || drawer.peek());
  } catch (error) {
    if (!isOffline(error)) fault(error); // else the top bar says that there is no connection
  } finally {
    polling = false;
  }
}

/** The newest jobs, and older ones that were not over when last seen. */
async function newest(): Promise<Job[]> {
  const listed = (await calls.jobs()).jobs;
  const ids = new Set(listed.map((job) => job.id));
  const older = busy.peek().filter((job) => !ids.has(job.id));
  const found = await Promise.all(older.map((job) => jobIfThere(job.id)));
  return [...listed, ...found.filter((job) => job !== null)];
}

async function jobIfThere(id: Id): Promise<Job | null> {
  try {
    return await calls.job(id);
  } catch (error) {
    if (isMiss(error)) return null;
    throw error;
  }
}

/** Opens the list of jobs, or closes it. */
export function toggleJobs(): void {
  drawer.value = !drawer.peek();
  if (drawer.peek()) void poll();
}

export async function cancel(id: Id): Promise<void> {
  put(await calls.cancelJob(id));
}

export async function again(id: Id): Promise<void> {
  put(await patiently(() => calls.againJob(id)));
  void poll();
}
