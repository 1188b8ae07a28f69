/** Two runs side by side: differences per type with their certainty, and the sentences that changed. */

import { changedSentences } from "./changed_sentences.ts";
import type { Comparison, Difference, Other, TypeDifference } from "./comparison_data.ts";
import { button, h, section, table, type Child, type Panel } from "./dom.ts";
import { count, percent, pValue, signed, signedInterval } from "./format.ts";
import type { Mailbox } from "./kernel_pages.ts";
import type { Value } from "./metrics.ts";
import { sortTable, type Column } from "./sort_table.ts";

const AVERAGES = ["micro", "macro", "weighted"];
const SURE = 0.05;
const NOTE = `* p < ${SURE}, paired bootstrap over sentences; not corrected for the number of types.`;

export function comparisonPanel(comparison: Comparison, mailbox: Mailbox): Panel {
  let close = (): void => {};
  const holder = h("div");
  const several = comparison.others.length > 1;
  const choices = several ? comparison.others.map(({ title }, at) => button(title, () => choose(at), { dir: "auto", class: "ft-link" })) : [];
  const choose = (at: number): void => {
    close();
    choices.forEach((choice, index) => choice.setAttribute("aria-pressed", String(index === at)));
    const other = comparison.others[at];
    if (!other) return;
    const sentences = changedSentences(comparison, at, mailbox);
    close = sentences.close;
    holder.replaceChildren(section(`${other.title} against ${comparison.baseline}`, typesTable(other)), sentences.root);
  };
  choose(0);
  const root = h("div", {}, overview(comparison, choices), h("p", { class: "ft-muted" }, NOTE), holder);
  return { root, close: () => close() };
}

function overview({ baseline, baseline_f1, others }: Comparison, choices: readonly HTMLElement[]): HTMLElement {
  const first: Child[] = [h("bdi", {}, baseline), percent(baseline_f1), "baseline", "", "", "", ""];
  const rows = others.map((other, at) => [
    choices[at] ?? h("bdi", {}, other.title),
    percent(other.f1),
    ...certainty(other),
    count(other.gained),
    count(other.lost),
  ]);
  const heads = ["run", "F1", "difference", "95 % interval", "p", "sentences gained", "lost"];
  return h("div", { class: "ft-scroll" }, table(heads, [first, ...rows], { "data-testid": "comparison-overview" }));
}

function certainty({ difference, interval, p }: Difference): string[] {
  return [signed(difference), signedInterval(interval) || "–", pText(p)];
}

function pText(p: Value): string {
  return p !== null && p < SURE ? `${pValue(p)} *` : pValue(p);
}

function typesTable(other: Other): HTMLElement {
  const columns: Column<TypeDifference>[] = [
    { head: "entity type", value: ({ type }) => type, show: ({ type }) => type },
    { head: "support", value: ({ support }) => support, show: ({ support }) => count(support) },
    { head: "baseline F1", value: ({ baseline_f1 }) => baseline_f1, show: ({ baseline_f1 }) => percent(baseline_f1) },
    { head: "F1", value: ({ f1 }) => f1, show: ({ f1 }) => percent(f1) },
    { head: "difference", value: ({ difference }) => difference, show: ({ difference }) => signed(difference) },
    { head: "95 % interval", class: "ft-muted", show: ({ interval }) => signedInterval(interval) || "–" },
    { head: "difference, drawn", drawn: true, class: "ft-wide", show: (row) => whisker(row, widest(other)) },
    { head: "p", value: ({ p }) => p, show: ({ p }) => pText(p) },
  ];
  const [types, foot] = averagesApart(other.per_type);
  const sorted = sortTable({ columns, name: ({ type }) => type, foot, attributes: { "data-testid": "comparison-table" } });
  sorted.fill(types);
  return sorted.root;
}

/** Averages come last, and stay there when the types are sorted. */
function averagesApart(rows: readonly TypeDifference[]): [types: TypeDifference[], averages: TypeDifference[]] {
  const first = rows.findLastIndex(({ type }) => !AVERAGES.includes(type)) + 1;
  return [rows.slice(0, first), rows.slice(first)];
}

/** The largest bound of all intervals, for one scale of all rows. */
function widest({ per_type }: Other): number {
  return Math.max(0.01, ...per_type.flatMap(({ difference, interval }) => [difference ?? 0, ...(interval ?? [])]).map(Math.abs));
}

/** The difference as a dot left or right of nothing, its interval as a bar. */
function whisker({ difference, interval }: Difference, most: number): HTMLElement {
  const line = h("span", { class: "ft-range ft-middle", "aria-hidden": true });
  if (difference === null) return line;
  const place = (value: number): string => String(0.5 + value / most / 2);
  line.style.setProperty("--at", place(difference));
  line.style.setProperty("--low", place(interval?.[0] ?? difference));
  line.style.setProperty("--high", place(interval?.[1] ?? difference));
  line.append(h("i"), h("b"));
  return line;
}
