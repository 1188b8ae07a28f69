/** The report as it comes from the kernel, and what its tables need of it. Pure functions. */

import type { Example } from "./example_data.ts";
import type { Value } from "./metrics.ts";

export type Interval = [low: number, high: number];

export interface Rates {
  precision: Value;
  recall: Value;
  f1: Value;
}
export interface Scores extends Rates {
  support: number;
  predicted: number;
  correct: number;
  intervals?: Record<keyof Rates, Interval | null>;
}
export interface Confusion {
  types: string[];
  /** (K + 1) × (K + 1): rows gold types then spurious, columns predicted types then missed. */
  counts: number[][];
}
export interface ErrorKind {
  kind: string;
  count: number;
  f1_if_fixed: Value;
  per_type: Record<string, number>;
}
export interface SemEvalRow extends Rates {
  correct: number;
  incorrect: number;
  partial: number;
  missed: number;
  spurious: number;
}
export interface Bucket extends Rates {
  label: string;
  support: number;
  predicted: number;
  correct: number;
}
export interface Calibration {
  ece: Value;
  bins: { low: number; high: number; count: number; confidence: Value; accuracy: Value }[];
  thresholds: (Rates & { threshold: number; predicted: number })[];
}
export interface NoisyTags {
  invalid: number;
  tags: number;
  rate: Value;
}
export interface TagNoise {
  gold: NoisyTags | null;
  predicted: NoisyTags | null;
  cut: { entities: number; missed: number } | null;
}
export interface HistoryEntry extends Rates {
  epoch: number;
  loss: Value;
}
export type Suspect = Example & { score: number; reason: string };

export interface EntityReport {
  schema: number;
  /** Names the static twin. */
  id: string;
  mode: string;
  scheme: string | null;
  title: string;
  sentences: number;
  words: number;
  level: number;
  resamples: number;
  per_type: Record<string, Scores>;
  micro: Scores;
  macro: Scores;
  weighted: Scores;
  confusion: Confusion;
  error_kinds: ErrorKind[];
  semeval: Record<string, SemEvalRow>;
  buckets: Record<string, Bucket[]>;
  calibration: Calibration | null;
  tag_noise: TagNoise | null;
  suspects: Suspect[];
  confident_mistakes: Example[];
  least_confident_correct: Example[];
  history: HistoryEntry[];
  notes: string[];
}

/** A report of an older schema has fewer parts: those that it lacks are empty. */
export function completeReport(report: Partial<EntityReport>): EntityReport {
  const none: Scores = { precision: null, recall: null, f1: null, support: 0, predicted: 0, correct: 0 };
  return {
    schema: 1,
    id: "",
    mode: "conll",
    scheme: null,
    title: "",
    sentences: 0,
    words: 0,
    level: 0.95,
    resamples: 0,
    per_type: {},
    micro: none,
    macro: none,
    weighted: none,
    confusion: { types: [], counts: [] },
    error_kinds: [],
    semeval: {},
    buckets: {},
    calibration: null,
    tag_noise: null,
    suspects: [],
    confident_mistakes: [],
    least_confident_correct: [],
    history: [],
    notes: [],
    ...report,
  };
}

/** Rows in the order of a column; what does not exist comes last either way, and equal rows go by name. */
export function sortedRows<Row>(rows: readonly Row[], value: (row: Row) => string | Value, descending: boolean, name: (row: Row) => string): Row[] {
  const sign = descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null) || name(a).localeCompare(name(b));
    const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
    return sign * order || name(a).localeCompare(name(b));
  });
}

export interface ConfusionView {
  /** Indices into the types; the last row and column (spurious, missed) are always shown. */
  shown: number[];
  leftOut: number;
}

/** Which types a grid shows: all of a few; of many, those with most confusions. */
export function confusionView(confusion: Confusion, most = 30): ConfusionView {
  const { types, counts } = confusion;
  const all = types.map((_, at) => at);
  if (types.length <= most) return { shown: all, leftOut: 0 };
  const wrong = all.map((at) => {
    const row = counts[at] ?? [];
    const columnSum = counts.reduce((sum, line) => sum + (line[at] ?? 0), 0);
    return total(row) + columnSum - 2 * (row[at] ?? 0);
  });
  const shown = all
    .filter((at) => (wrong[at] ?? 0) > 0)
    .sort((a, b) => (wrong[b] ?? 0) - (wrong[a] ?? 0))
    .slice(0, most)
    .sort((a, b) => a - b);
  return { shown, leftOut: types.length - shown.length };
}

export function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

const ATTRIBUTES: Record<string, string> = {
  entity_length: "Length of the entity",
  sentence_length: "Length of the sentence",
  seen: "Seen in training",
  train_frequency: "Times seen in training",
  ambiguity: "Ambiguity of the surface",
  capitalisation: "Capitalisation",
};

/** A bucket attribute as people say it. */
export function attributeName(attribute: string): string {
  return ATTRIBUTES[attribute] ?? attribute.replaceAll("_", " ");
}

/** The bucket tables, the asked-for one first. */
export function bucketTables(buckets: EntityReport["buckets"], by: string): [string, Bucket[]][] {
  return Object.entries(buckets).sort(([a], [b]) => Number(b === by) - Number(a === by));
}

/** The types with most of something: "person 12, location 9, 3 more types". */
export function mostOf(perType: Record<string, number>, most = 3): string {
  const some = Object.entries(perType)
    .filter(([, many]) => many > 0)
    .sort((a, b) => b[1] - a[1]);
  const named = some.slice(0, most).map(([type, many]) => `${type} ${many}`);
  const rest = some.length - named.length;
  return [...named, ...(rest ? [`${rest} more type${rest === 1 ? "" : "s"}`] : [])].join(", ");
}
