/** A report against others, as it comes from the kernel. */

import type { Span, Words } from "./example_data.ts";
import type { Interval } from "./report_data.ts";
import type { Value } from "./metrics.ts";

export interface Sentence extends Words {
  row: string;
  sentence: number;
  gold_spans: Span[];
  baseline_spans: Span[];
  other_spans: Span[];
}
export interface Difference {
  difference: Value;
  interval: Interval | null;
  p: Value;
}
export interface TypeDifference extends Difference {
  type: string;
  support: number;
  baseline_f1: Value;
  f1: Value;
}
export interface Other extends Difference {
  title: string;
  f1: Value;
  per_type: TypeDifference[];
  gained: number;
  lost: number;
}
export interface Comparison {
  baseline: string;
  baseline_f1: Value;
  others: Other[];
  /** The first of those that the first other gained and lost. */
  sentences?: Record<Change, Sentence[]>;
}
export type Change = "gained" | "lost";
