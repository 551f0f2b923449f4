/** What the server says and is told; names and units are those of the API. */

export type Id = string;
/** Its digits: see json.ts. */
export type Seed = string;
export type ClipKind = "take" | "refined" | "edit" | "upload";
export type JobState = "queued" | "running" | "done" | "failed" | "cancelled" | "interrupted";
export type Point = [seconds: number, value: number | null];

export interface Target {
  feature: "intensity" | "brightness" | "band" | "onsets" | "pitch";
  points: Point[];
}

export interface Recipe {
  prompt: string;
  seed: Seed;
  take: number;
  steps: number;
  seconds: number;
  omega: number;
  nu: number;
  gamma: number;
  negative?: string;
  loop?: boolean;
  variation?: number;
  audition?: number | null;
  turns?: { variation: number; share: number }[];
  targets?: Target[];
  edit?: { kind: string } | null;
}

export interface Clip {
  id: Id;
  created: string;
  name: string;
  prompt: string;
  kind: ClipKind;
  seconds: number;
  sample_rate: number;
  channels: number;
  steps: number | null;
  seed: Seed | null;
  take: number | null;
  omega: number | null;
  nu: number | null;
  gamma: number | null;
  parents: Id[];
  starred: boolean;
  tags: string[];
  deleted: string | null;
  /** RMS in dB full scale. */
  loudness: number;
  /** Cosine to the first parent. */
  similarity: number | null;
  job: string | null;
  recipe: Recipe | null;
}

export interface Job {
  id: Id;
  kind: string;
  state: JobState;
  created: string;
  /** Jobs before this one in the queue. */
  place: number | null;
  done: number;
  total: number;
  seconds_left: number | null;
  clips: Id[];
  error: string | null;
  request: Record<string, unknown>;
}

export interface GenerateRequest {
  prompt: string;
  takes: number;
  steps: number;
  seconds: number | null;
  seed: Seed | null;
  omega: number | null;
  nu: number;
  gamma: number;
  negative: string;
  loop?: boolean;
  targets?: Target[];
}

export interface Page {
  clips: Clip[];
  next_cursor: string | null;
  scores: number[] | null;
}

export interface Tree {
  root: Id;
  clips: Clip[];
  links: [parent: Id, child: Id][];
  missing: Id[];
}

export interface Model {
  name: string;
  hash: string;
  sample_rate: number;
  seconds: number;
  max_seconds: number;
  omega: number;
  limits: Record<string, unknown>;
}

export interface Changes {
  serial: number;
  ids: Id[];
  gone: Id[];
}

export type AudioFormat = "wav24" | "wav32f" | "flac" | "ogg";
export type Rate = "original" | "44100" | "48000";
