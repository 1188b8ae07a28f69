/** The report as it comes from the kernel, and what its tables need of it. Pure functions. */

import type { Metric } from "./run_state.ts";

export interface Scores {
  precision: Metric;
  recall: Metric;
  f1: Metric;
  support: number;
  predicted: number;
  correct: number;
}
export interface HistoryEntry {
  epoch: number;
  loss: Metric;
  precision: Metric;
  recall: Metric;
  f1: Metric;
}
export interface EntityReport {
  schema: number;
  id: string;
  title: string;
  mode: string;
  sentences: number;
  words: number;
  per_type: Record<string, Scores>;
  micro: Scores;
  macro: Scores;
  weighted: Scores;
  /** (K + 1) × (K + 1): rows gold types then spurious, columns predicted types then missed. */
  confusion: { types: string[]; counts: number[][] };
  history: HistoryEntry[];
}

export type SortKey = "type" | keyof Scores;
export interface Sorting {
  key: SortKey;
  descending: boolean;
}

/** Type names in the order of a column; metrics that do not exist come last either way. */
export function sortedTypes(perType: Record<string, Scores>, sorting: Sorting): string[] {
  const sign = sorting.descending ? -1 : 1;
  return Object.keys(perType).sort((a, b) => {
    if (sorting.key === "type") return sign * a.localeCompare(b);
    const [x, y] = [perType[a]?.[sorting.key] ?? null, perType[b]?.[sorting.key] ?? null];
    if (x === null || y === null) return Number(x === null) - Number(y === null) || a.localeCompare(b);
    return sign * (x - y) || a.localeCompare(b);
  });
}

export interface ConfusionView {
  /** Indices into the types; the last row and column (spurious, missed) are always shown. */
  shown: number[];
  leftOut: number;
}

/** Which types a grid shows: all of a few; of many, those with most confusions. */
export function confusionView(confusion: EntityReport["confusion"], most = 30): ConfusionView {
  const { types, counts } = confusion;
  const all = types.map((_, at) => at);
  if (types.length <= most) return { shown: all, leftOut: 0 };
  const wrong = all.map((at) => {
    const row = counts[at] ?? [];
    const rowSum = row.reduce((sum, value) => sum + value, 0);
    const columnSum = counts.reduce((sum, line) => sum + (line[at] ?? 0), 0);
    return rowSum + columnSum - 2 * (row[at] ?? 0);
  });
  const shown = all
    .filter((at) => (wrong[at] ?? 0) > 0)
    .sort((a, b) => (wrong[b] ?? 0) - (wrong[a] ?? 0))
    .slice(0, most)
    .sort((a, b) => a - b);
  return { shown, leftOut: types.length - shown.length };
}
