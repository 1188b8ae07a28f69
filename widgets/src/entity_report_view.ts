/** A report one can look into: scores, confusion, the examples behind every number, and how sure all that is. */

import type { AnyModel, RenderProps } from "@anywidget/types";

import type { Comparison } from "./comparison_data.ts";
import { h, keepKeys } from "./dom.ts";
import { errorExplorer, exampleSource, type Explore } from "./error_explorer.ts";
import type { Example } from "./example_data.ts";
import { count, interval, many, percent } from "./format.ts";
import { bucketsPanel } from "./report_buckets.ts";
import { calibrationPanel } from "./report_calibration.ts";
import { comparisonPanel } from "./report_comparison.ts";
import { confusionPanel } from "./report_confusion.ts";
import { completeReport, total, type EntityReport } from "./report_data.ts";
import { historyPanel } from "./report_history.ts";
import { scoresPanel } from "./report_scores.ts";
import { suspectsPanel } from "./report_suspects.ts";
import { hideStaticTwin } from "./static_twin.ts";
import { tabs, type Tab } from "./tabs.ts";

interface Model {
  report: Partial<EntityReport>;
  comparison: Comparison | null;
  examples: Example[];
  total: number;
  by: string;
  min_support: number;
}
const WAYS_BACK: Record<string, string> = { scores: "the scores", confusion: "the confusion grid", buckets: "the buckets" };
const TRAITS = ["report", "comparison", "examples", "total", "by", "min_support"] as const;

export default {
  render({ model, el }: RenderProps<Model>) {
    const root = h("div", { class: "ft-root ft-entity-report", "data-testid": "entity-report", "data-state": "ready" });
    keepKeys(root);
    el.append(root);
    let close = draw(model, root);
    const redraw = (): void => {
      close();
      close = draw(model, root);
    };
    TRAITS.forEach((trait) => model.on(`change:${trait}`, redraw));
    // The view is attached to its output area after render returns.
    let restore = (): void => {};
    const frame = requestAnimationFrame(() => {
      restore = hideStaticTwin(root, model.get("report").id ?? "");
    });
    return () => {
      TRAITS.forEach((trait) => model.off(`change:${trait}`, redraw));
      cancelAnimationFrame(frame);
      close();
      restore();
    };
  },
};

/** Fill the view; gives what ends it. */
function draw(model: AnyModel<Model>, root: HTMLElement): () => void {
  const report = completeReport(model.get("report"));
  const examples = model.get("examples") ?? [];
  const some = Math.max(model.get("total") ?? 0, examples.length);
  const explorer = errorExplorer(report, exampleSource(examples, some, model));
  const closers = [explorer.close];
  const explore: Explore = (filter, from, focus) => {
    const back = (): void => {
      parts.open(from);
      focus.focus();
    };
    explorer.aim(filter, { words: WAYS_BACK[from] ?? from, back });
    parts.open("errors");
  };
  const by = model.get("by") ?? "type";
  const list: Tab[] = [
    { name: "scores", label: "Scores", panel: () => scoresPanel(report, model.get("min_support") ?? 0, explore) },
    { name: "confusion", label: "Confusion", panel: () => confusionPanel(report, explore) },
    {
      name: "errors",
      label: label("Errors", mistakes(report)),
      panel: () => (some ? explorer.root : h("p", { class: "ft-muted" }, "This report came without examples.")),
      opened: explorer.opened,
    },
    { name: "buckets", label: "Buckets", panel: () => bucketsPanel(report, by, explore) },
    { name: "calibration", label: "Calibration", panel: () => calibrationPanel(report) },
    { name: "suspects", label: label("Suspected gold errors", report.suspects.length), panel: () => suspectsPanel(report) },
    ...comparisonTab(model, closers),
    ...(report.history.length ? [{ name: "history", label: "History", panel: () => historyPanel(report) }] : []),
  ];
  const compared = list.some(({ name }) => name === "comparison");
  const parts = tabs(list, by !== "type" ? "buckets" : compared ? "comparison" : "scores");
  root.replaceChildren(headline(report), parts.root);
  return () => closers.forEach((close) => close());
}

function comparisonTab(model: AnyModel<Model>, closers: (() => void)[]): Tab[] {
  const comparison = model.get("comparison");
  if (!comparison?.others.length) return [];
  const panel = (): HTMLElement => {
    const { root, close } = comparisonPanel(comparison, model);
    closers.push(close);
    return root;
  };
  return [{ name: "comparison", label: "Comparison", panel }];
}

function label(name: string, number: number): string {
  return number ? `${name} ${count(number)}` : name;
}

function mistakes({ error_kinds }: EntityReport): number {
  return total(error_kinds.map((kind) => kind.count));
}

function headline(report: EntityReport): HTMLElement {
  const { micro } = report;
  const figure = (name: string, key: "precision" | "recall" | "f1"): HTMLElement =>
    h(
      "span",
      { class: "ft-figure" },
      h("span", { class: "ft-value" }, percent(micro[key])),
      ` ${name} `,
      h("span", { class: "ft-muted" }, interval(micro.intervals?.[key])),
    );
  return h(
    "div",
    { class: "ft-headline" },
    h("strong", { dir: "auto" }, report.title),
    figure("F1", "f1"),
    figure("precision", "precision"),
    figure("recall", "recall"),
    h("span", { class: "ft-muted" }, basis(report)),
  );
}

/** What the numbers rest on. */
function basis({ micro, sentences, words, mode, scheme, resamples, level }: EntityReport): string {
  const rule = mode === "strict" ? "strict rule" : "conlleval's rule";
  return [
    `${count(micro.support)} gold, ${count(micro.predicted)} predicted, ${count(micro.correct)} correct`,
    `${many(sentences, "sentence")}, ${many(words, "word")}`,
    scheme ? `${rule}, ${scheme}` : rule,
    ...(resamples ? [`${percent(level, 0)} % intervals from ${count(resamples)} resamples`] : []),
  ].join(" · ");
}
