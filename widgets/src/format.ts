/** Numbers as people read them. A metric that does not exist is a dash. */

import type { Metric, Value } from "./metrics.ts";

export function percent(share: number | null, places = 2): string {
  return share === null ? "–" : rounded(100 * share, places);
}

/** As Python rounds, so that a live page and a saved one agree: a tie, such as 78.125, goes to the even digit. */
function rounded(value: number, places: number): string {
  const text = value.toFixed(places);
  const tie = Math.abs(value * 2 ** (places + 1)) % 2 === 1;
  if (!tie || Number(text.at(-1)) % 2 === 0) return text;
  return (Number(text) - Math.sign(value) * 10 ** -places).toFixed(places);
}

/** A metric's value: a share in percent, another number with four digits that count. */
export function measured(value: Value | undefined, metric: Metric, places = 2): string {
  if (value === null || value === undefined) return "–";
  if (metric.unit === "share") return percent(value, places);
  const size = Math.abs(value);
  if (size >= 1e12 || (size > 0 && size < 1e-4)) return value.toExponential(3);
  return size >= 999.95 ? count(value) : value.toPrecision(4);
}

/** What stands above a column of a metric's values; which way is better is said where that is down. */
export function columnHead({ label, higher_is_better }: Metric): string {
  return higher_is_better ? label : `${label} ↓`;
}

export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** "1 sentence", "1,234 sentences". */
export function many(value: number, one: string, more = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : more}`;
}

export function decimal(value: number, places = 2): string {
  return String(Number(value.toFixed(places)));
}

/** A loss, a learning rate: as many digits as one can use. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  return value === 0 || (size >= 1e-3 && size < 1e5) ? value.toFixed(size < 10 ? 4 : 2) : value.toExponential(2);
}

export function bytes(value: number): string {
  return value < 1e9 ? `${count(value / 1e6)} MB` : `${decimal(value / 1e9, 1)} GB`;
}
