/** Pairs of gold and predicted span: which of them a filter keeps, and in which order. Pure functions. */

import type { Value } from "./metrics.ts";
import { plainText } from "./sentence_layout.ts";

export type Span = [start: number, end: number, type: string];
export const KINDS = ["correct", "boundary", "type", "both", "missed", "spurious"] as const;
export type Kind = (typeof KINDS)[number];
export const MISTAKES: Kind[] = KINDS.filter((kind) => kind !== "correct");

export interface Words {
  words: string[];
  /** Whether words are written with spaces between them. */
  spaces: boolean;
}
export interface Example extends Words {
  pair: number;
  row: string;
  sentence: number;
  kind: Kind;
  gold: Span | null;
  pred: Span | null;
  confidence: Value;
  /** Whether words were cut off there. */
  before: boolean;
  after: boolean;
  gold_spans: Span[];
  pred_spans: Span[];
  buckets: Record<string, string[]>;
}

export interface Filter {
  /** Empty: all kinds. */
  kinds: string[];
  /** A type; "" for no span on that side; null for anything. */
  gold: string | null;
  pred: string | null;
  /** A type on either side. */
  type: string | null;
  bucket: [attribute: string, label: string] | null;
  text: string;
}
export const SORTS = ["row", "confidence", "doubt"] as const;
export type Sort = (typeof SORTS)[number];

export const EVERYTHING: Filter = { kinds: [], gold: null, pred: null, type: null, bucket: null, text: "" };

export function matches(example: Example, filter: Filter): boolean {
  const gold = example.gold?.[2] ?? "";
  const pred = example.pred?.[2] ?? "";
  const { bucket } = filter;
  return (
    (filter.kinds.length === 0 || filter.kinds.includes(example.kind)) &&
    (filter.gold === null || filter.gold === gold) &&
    (filter.pred === null || filter.pred === pred) &&
    (filter.type === null || filter.type === gold || filter.type === pred) &&
    (bucket === null || (example.buckets[bucket[0]] ?? []).includes(bucket[1])) &&
    contains(example, filter.text)
  );
}

function contains(example: Example, text: string): boolean {
  const wanted = folded(text.trim());
  return wanted === "" || folded(plainText(example)).includes(wanted) || folded(example.row).includes(wanted);
}

/** Capitals and ways of composing a letter make no difference to a search. */
function folded(text: string): string {
  return text.normalize("NFC").toLowerCase();
}

/** The examples that a filter keeps, in order; no confidence comes last. */
export function selected(examples: readonly Example[], filter: Filter, sort: Sort): Example[] {
  const kept = examples.filter((example) => matches(example, filter));
  if (sort === "row") return kept.sort((a, b) => a.pair - b.pair);
  const sign = sort === "confidence" ? -1 : 1;
  const rank = ({ confidence }: Example): number => (confidence === null ? Infinity : sign * confidence);
  return kept.sort((a, b) => rank(a) - rank(b) || a.pair - b.pair);
}

/** Whether the examples at hand are all that a filter can find, so that nobody need be asked. */
export function atHand(examples: readonly Example[], all: number, filter: Filter): boolean {
  const cut = examples.some((example) => example.before || example.after);
  return examples.length >= all && !(cut && filter.text.trim());
}

/** A cell of the confusion grid, or nothing where the filter is none. */
export function cellName({ gold, pred }: Filter): string {
  if (gold === null && pred === null) return "";
  if (gold === "") return `spurious: predicted ${pred ?? "anything"}, no gold entity`;
  if (pred === "") return `missed: gold ${gold ?? "anything"}, nothing predicted`;
  return `gold ${gold ?? "anything"}, predicted ${pred ?? "anything"}`;
}
