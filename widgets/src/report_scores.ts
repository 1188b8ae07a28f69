/** Scores per type with their intervals, what kinds of error cost, and how clean the tags are. */

import { button, h, section, table, toggle, type Child } from "./dom.ts";
import type { Explore } from "./error_explorer.ts";
import { MISTAKES } from "./example_data.ts";
import { kindBadge } from "./example_card.ts";
import { count, interval, many, percent, signed } from "./format.ts";
import { mostOf, type EntityReport, type NoisyTags, type Rates, type Scores } from "./report_data.ts";
import { sortTable, type Column, type SortTable } from "./sort_table.ts";

const SEMEVAL: Record<string, string> = {
  strict: "same borders, same type",
  exact: "same borders, any type",
  partial: "overlapping, any type; half counts",
  type: "overlapping, same type",
};
const AVERAGES = ["micro", "macro", "weighted"] as const;

type Row = [name: string, scores: Scores];

export function scoresPanel(report: EntityReport, minSupport: number, explore: Explore): HTMLElement {
  return h(
    "div",
    {},
    ...scoresPart(report, minSupport, explore),
    h("div", { class: "ft-columns" }, ...kindsPart(report, explore), ...semevalPart(report)),
    ...noisePart(report),
    ...(report.notes.length ? [h("ul", { class: "ft-notes", "data-testid": "notes" }, ...report.notes.map((note) => h("li", { dir: "auto" }, note)))] : []),
  );
}

function scoresPart(report: EntityReport, minSupport: number, explore: Explore): HTMLElement[] {
  const rows = Object.entries(report.per_type);
  const { root, fill } = scoresTable(report, explore);
  const hidden = h("span", { class: "ft-muted", "aria-live": "polite", "data-testid": "hidden-types" });
  const show = (least: number): void => {
    const kept = rows.filter(([, { support }]) => support >= least);
    const rare = rows.length - kept.length;
    hidden.textContent = rare ? `${many(rare, "type is", "types are")} hidden; the averages count all types` : "";
    fill(kept);
  };
  const all = toggle("all intervals", (pressed) => root.classList.toggle("ft-all-intervals", pressed));
  const least = supportBox(minSupport, show);
  show(minSupport);
  return [h("div", { class: "ft-tools" }, least, ...(hasIntervals(report) ? [all] : []), hidden), root];
}

function hasIntervals({ per_type }: EntityReport): boolean {
  return Object.values(per_type).some(({ intervals }) => intervals);
}

function supportBox(start: number, change: (least: number) => void): HTMLElement {
  const input = h("input", { type: "number", min: 0, step: 1, value: start, "data-testid": "min-support" });
  input.addEventListener("input", () => change(Math.max(0, Number(input.value) || 0)));
  return h("label", {}, "only types with at least ", input, " gold entities");
}

function scoresTable(report: EntityReport, explore: Explore): SortTable<Row> {
  const some = hasIntervals(report);
  const rate = (key: keyof Rates, head: string): Column<Row> => ({
    head,
    value: ([, scores]) => scores[key],
    show: ([, scores]) => percent(scores[key]),
  });
  const bounds = (key: keyof Rates, kind: string): Column<Row>[] => {
    const show = ([, scores]: Row): Child => interval(scores.intervals?.[key]) || "–";
    return some ? [{ head: `${percent(report.level, 0)} % interval`, class: `ft-muted ${kind}`, show }] : [];
  };
  const number = (key: "support" | "predicted" | "correct"): Column<Row> => ({
    head: key,
    value: ([, scores]) => scores[key],
    show: ([, scores]) => count(scores[key]),
  });
  const columns: Column<Row>[] = [
    { head: "entity type", value: ([name]) => name, show: ([name]) => typeName(name, report, explore) },
    rate("precision", "precision"),
    ...bounds("precision", "ft-more"),
    rate("recall", "recall"),
    ...bounds("recall", "ft-more"),
    rate("f1", "F1"),
    ...bounds("f1", ""),
    { head: "F1, drawn", drawn: true, class: "ft-wide", show: ([, scores]) => range(scores) },
    ...(["support", "predicted", "correct"] as const).map(number),
  ];
  const foot = AVERAGES.map((name): Row => [name, report[name]]);
  return sortTable({ columns, name: ([name]) => name, foot, attributes: { "data-testid": "per-type-table" } });
}

function typeName(name: string, report: EntityReport, explore: Explore): Child {
  if (!(name in report.per_type)) return name;
  const look = (): void => explore({ type: name, kinds: MISTAKES }, "scores", link);
  const link = button(name, look, { class: "ft-link", dir: "auto", title: `mistakes with ${name}` });
  return link;
}

/** F1 as a dot on a line from 0 to 100, its interval as a bar. */
function range({ f1, intervals }: Scores): HTMLElement {
  const line = h("span", { class: "ft-range", "aria-hidden": true });
  const bounds = intervals?.f1;
  if (f1 === null) return line;
  line.style.setProperty("--at", String(f1));
  line.style.setProperty("--low", String(bounds?.[0] ?? f1));
  line.style.setProperty("--high", String(bounds?.[1] ?? f1));
  line.append(h("i"), h("b"));
  return line;
}

function kindsPart({ error_kinds, micro }: EntityReport, explore: Explore): HTMLElement[] {
  if (error_kinds.length === 0) return [];
  const rows = error_kinds.map(({ kind, count: number, f1_if_fixed, per_type }) => {
    const look = (): void => explore({ kinds: [kind] }, "scores", name);
    const name = button("", look, { class: "ft-link", "data-kind": kind, title: "show these" });
    name.append(kindBadge(kind));
    const gain = f1_if_fixed === null || micro.f1 === null ? null : f1_if_fixed - micro.f1;
    const cells = [count(number), percent(f1_if_fixed), signed(gain), h("bdi", { class: "ft-muted" }, mostOf(per_type) || "–")];
    return [name, ...cells];
  });
  const heads = ["kind of error", "pairs", "F1 if fixed", "gain", "mostly"];
  return [section("What mistakes cost", table(heads, rows, { "data-testid": "error-kinds", class: "ft-last-start" }))];
}

function semevalPart({ semeval }: EntityReport): HTMLElement[] {
  const entries = Object.entries(semeval);
  if (entries.length === 0) return [];
  const rows = entries.map(([name, row]) => [
    h("span", { title: SEMEVAL[name] ?? "" }, name, h("span", { class: "ft-muted ft-aside" }, `  ${SEMEVAL[name] ?? ""}`)),
    ...[row.correct, row.incorrect, row.partial, row.missed, row.spurious].map(count),
    ...[row.precision, row.recall, row.f1].map((share) => percent(share)),
  ]);
  const heads = ["what counts", "correct", "incorrect", "partial", "missed", "spurious", "precision", "recall", "F1"];
  return [section("SemEval-2013 scores", table(heads, rows, { "data-testid": "semeval" }))];
}

function noisePart({ tag_noise: noise }: EntityReport): HTMLElement[] {
  if (!noise) return [];
  const sentences = [noisy("gold", noise.gold), noisy("predicted", noise.predicted)];
  if (noise.cut) {
    sentences.push(`${many(noise.cut.entities, "entity was", "entities were")} cut by a window or by truncation; ${count(noise.cut.missed)} of them missed.`);
  }
  return [section("Tag noise", h("p", { "data-testid": "tag-noise" }, sentences.filter(Boolean).join(" ")))];
}

function noisy(side: string, tags: NoisyTags | null): string {
  if (!tags) return "";
  return `${count(tags.invalid)} of ${many(tags.tags, `${side} tag`)} (${percent(tags.rate)} %) cannot follow the tag before.`;
}
