import type { Job } from "../../api/types";
import { stateOf } from "../../lib/format";

/** How far the job of a tab is; nothing when there is none. */
export function Running({ job }: { job: Job | undefined }) {
  if (!job) return null;
  return (
    <p class="progress-line" role="status">
      <progress max={Math.max(1, job.total)} value={job.done} aria-label="Progress" />{" "}
      <span class="dim">{stateOf(job)}</span>
    </p>
  );
}
