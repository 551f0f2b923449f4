import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { isFinal } from "../api/calls";
import type { Job } from "../api/types";
import { ago, stateOf, takes as takesOf } from "../lib/format";
import { again, cancel, canRunAgain, drawer, jobs } from "../state/jobs";
import { clipOf, fetchClip } from "../state/clips";
import { attempt } from "../state/notices";
import { show } from "../state/place";
import { pick } from "../state/sound";
import { Icon } from "./Icon";

/** Auditions that were overtaken while typing are no news. */
const isNews = (job: Job): boolean => !(job.kind === "generate" && job.state === "cancelled" && !job.clips.length);

export function Jobs() {
  return drawer.value ? <Drawer /> : null;
}

/** Takes the focus when it opens, and gives it back when it closes with the focus in it. */
function Drawer() {
  const drawn = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    drawn.current?.focus();
    const mine = drawn.current;
    return () => {
      if (mine?.contains(document.activeElement) && before instanceof HTMLElement) before.focus();
    };
  }, []);
  const listed = jobs.value.filter(isNews);
  return (
    <aside ref={drawn} class="drawer" id="jobs" aria-label="Jobs" tabIndex={-1}>
      <header>
        <h2>Jobs</h2>
        <button class="quiet icon-only" aria-label="Close" onClick={() => (drawer.value = false)}>
          <Icon name="close" />
        </button>
      </header>
      {listed.length === 0 && <p class="dim empty">Nothing yet. Refinements and edits appear here while they run.</p>}
      <ul>
        {listed.map((job) => (
          <Line key={job.id} job={job} />
        ))}
      </ul>
    </aside>
  );
}

function Line({ job }: { job: Job }) {
  const title = titleOf(job);
  const { clip } = job.request;
  useEffect(() => {
    if (typeof clip === "string") fetchClip(clip).catch(() => undefined); // only for its name
  }, [clip]);
  const first = job.clips[0];
  return (
    <li class={`job ${job.state}`}>
      <div class="job-head">
        <strong>{title}</strong>
        <span class="dim">{ago(job.created)}</span>
      </div>
      {!isFinal(job) && <progress max={Math.max(1, job.total)} value={job.done} aria-label={`Progress of ${title}`} />}
      <div class="job-foot">
        <span class={`state ${job.state}`}>{stateOf(job)}</span>
        {!isFinal(job) && job.total > 0 && (
          <span class="dim">
            {job.done} of {job.total} steps
          </span>
        )}
        <span class="grow" />
        {!isFinal(job) && (
          <button class="small" onClick={() => attempt(() => cancel(job.id))}>
            Cancel
          </button>
        )}
        {canRunAgain(job) && (
          <button class="small" onClick={() => attempt(() => again(job.id))}>
            Run again
          </button>
        )}
        {first && (
          <button
            class="small"
            onClick={() => {
              show("studio");
              pick(first, false);
            }}
          >
            Show
          </button>
        )}
      </div>
      {job.error && <p class="bad">{job.error}</p>}
    </li>
  );
}

function titleOf(job: Job): string {
  const { prompt, clip, steps, takes } = job.request;
  if (job.kind === "generate") return `${takesOf(Number(takes ?? 1))} of “${String(prompt ?? "")}”`;
  const name = typeof clip === "string" ? clipOf(clip).value?.name : undefined;
  const what =
    job.kind === "refine"
      ? `Refine to ${String(steps ?? "")} steps`
      : job.kind.replace(/-/g, " ").replace(/^./, (c) => c.toUpperCase());
  return name ? `${what}: ${name}` : what;
}
