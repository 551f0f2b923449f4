/** What can be done to a recording, as data: one form draws them all. */

import type { Clip } from "../api/types";

export interface Field {
  key: string;
  label: string;
  unit?: string;
  low: number;
  high: (clip: Clip) => number;
  step: number;
  start: (clip: Clip) => number;
  explanation: string;
}

export interface EditForm {
  kind: string;
  title: string;
  explanation: string;
  fields: Field[];
  /** Whether words may or must be given; "again": they may, but then a plain take is not made again whole. */
  words: "may" | "must" | "again";
  /** A plain take brings its own words and guidance, and refuses others. */
  ownWords?: boolean;
  /** A second sound. */
  pair?: boolean;
  /** Start and end are the selection on the waveform. */
  region?: boolean;
}

const whole = (clip: Clip): number => Math.round(clip.seconds * 100) / 100;
const constant = (value: number) => (): number => value;

export const EDITS: EditForm[] = [
  {
    kind: "fill",
    title: "Refill",
    words: "may",
    region: true,
    explanation: "Invents the selected part anew and keeps every sample around it. Drag on the waveform to select.",
    fields: [
      {
        key: "start",
        label: "From",
        unit: "s",
        low: 0,
        high: whole,
        step: 0.01,
        start: (c) => whole(c) * 0.4,
        explanation: "Where the new part begins.",
      },
      {
        key: "end",
        label: "To",
        unit: "s",
        low: 0,
        high: whole,
        step: 0.01,
        start: (c) => whole(c) * 0.6,
        explanation: "Where the new part ends.",
      },
    ],
  },
  {
    kind: "extend",
    title: "Extend",
    words: "may",
    explanation: "Invents what came before and what comes after. The sound itself stays as it is.",
    fields: [
      {
        key: "before",
        label: "Before",
        unit: "s",
        low: 0,
        high: constant(20),
        step: 0.1,
        start: constant(0),
        explanation: "Seconds that are added at the beginning.",
      },
      {
        key: "after",
        label: "After",
        unit: "s",
        low: 0,
        high: constant(20),
        step: 0.1,
        start: constant(2),
        explanation: "Seconds that are added at the end.",
      },
    ],
  },
  {
    kind: "loop",
    title: "Loop",
    words: "again",
    explanation:
      "Makes the end lead into the beginning. Without words, a take is made again as a circle; otherwise only the seam is new.",
    fields: [
      {
        key: "seam",
        label: "Seam",
        unit: "s",
        low: 0.05,
        high: (c) => whole(c) / 2,
        step: 0.05,
        start: (c) => Math.min(0.5, whole(c) / 2),
        explanation: "Seconds that are invented, half at each end.",
      },
    ],
  },
  {
    kind: "transform",
    title: "Transform",
    words: "must",
    explanation: "Makes the sound again under other words, with its course in time kept.",
    fields: [
      {
        key: "strength",
        label: "Strength",
        low: 0,
        high: constant(1),
        step: 0.01,
        start: constant(0.6),
        explanation: "0 keeps the sound, 1 forgets it and keeps only the words.",
      },
    ],
  },
  {
    kind: "morph",
    title: "Morph",
    words: "may",
    pair: true,
    ownWords: true,
    explanation: "Makes a sound between this one and another.",
    fields: [
      {
        key: "amount",
        label: "Amount",
        low: 0,
        high: constant(1),
        step: 0.01,
        start: constant(0.5),
        explanation: "0 is this sound, 1 the other.",
      },
    ],
  },
  {
    kind: "join",
    title: "Join",
    words: "may",
    pair: true,
    explanation: "Puts another sound after this one and invents the passage between them.",
    fields: [
      {
        key: "gap",
        label: "Passage",
        unit: "s",
        low: 0.05,
        high: constant(10),
        step: 0.05,
        start: constant(1),
        explanation: "Seconds that lead from one to the other.",
      },
    ],
  },
  {
    kind: "extend-bandwidth",
    title: "Bandwidth",
    words: "may",
    explanation: "Invents the treble of a dull recording: what lies above a frequency.",
    fields: [
      {
        key: "cutoff",
        label: "Above",
        unit: "Hz",
        low: 20,
        high: (c) => Math.floor(c.sample_rate * 0.49),
        step: 10,
        start: constant(4000),
        explanation: "Below this frequency everything is kept.",
      },
    ],
  },
  {
    kind: "declip",
    title: "Declip",
    words: "may",
    explanation: "Restores the peaks of a recording that was too loud for its recorder.",
    fields: [
      {
        key: "level",
        label: "Level",
        low: 0.01,
        high: constant(1),
        step: 0.01,
        start: constant(0.99),
        explanation: "The sample value at which it was clipped; 1 is full scale.",
      },
    ],
  },
];
