/** What is measured, which way is better, and the value of it. Python's twin is `metrics.py`. */

/** Null where it does not exist. */
export type Value = number | null;

export interface Metric {
  name: string;
  label: string;
  higher_is_better: boolean;
  /** A share goes from 0 to 1 and is shown in percent. */
  unit: "share" | "number";
  /** What it is called where it is broken down by label; absent where that is the same. */
  by_label?: string;
}
