/** Whether confidence can be believed, and what a threshold on it would do. */

import { curvePlot } from "./curve_plot.ts";
import { h, spoken, table, type Child } from "./dom.ts";
import { count, percent } from "./format.ts";
import type { Calibration, EntityReport } from "./report_data.ts";
import { pagedCards } from "./report_suspects.ts";
import type { Example } from "./example_data.ts";

export function calibrationPanel(report: EntityReport): HTMLElement {
  const { calibration, confident_mistakes, least_confident_correct } = report;
  const curves = calibration
    ? curvesPart(calibration)
    : [h("p", { class: "ft-muted" }, "These predictions come without confidences, so there is nothing to calibrate.")];
  return h("div", {}, ...curves, ...fold("The most confident mistakes", confident_mistakes), ...fold("Least confident correct", least_confident_correct));
}

function curvesPart(calibration: Calibration): HTMLElement[] {
  const { ece } = calibration;
  const error = h(
    "p",
    {},
    "Expected calibration error: ",
    h("strong", { "data-testid": "ece" }, percent(ece)),
    " points between confidence and accuracy, on average.",
  );
  return [error, h("div", { class: "ft-columns" }, reliability(calibration), thresholds(calibration))];
}

function reliability({ bins }: Calibration): HTMLElement {
  const filled = bins.filter((bin) => bin.count > 0);
  const most = Math.max(1, ...filled.map((bin) => bin.count));
  const plot = curvePlot({
    title: "Accuracy of the predicted entities at each confidence",
    x: "confidence, %",
    y: "accuracy, %",
    diagonal: true,
    testid: "reliability",
    series: [
      {
        name: "accuracy (a larger disc: more entities)",
        look: "first",
        points: filled.map((bin) => [bin.confidence ?? (bin.low + bin.high) / 2, bin.accuracy]),
        weights: filled.map((bin) => bin.count / most),
      },
    ],
  });
  const rows = bins.map((bin) => [
    `${percent(bin.low, 0)}–${percent(bin.high, 0)}`,
    ...[bin.confidence, bin.accuracy].map((share) => percent(share)),
    count(bin.count),
  ]);
  return h("section", {}, plot, numbers("accuracy by confidence", ["confidence", "mean", "accuracy", "entities"], rows));
}

function thresholds({ thresholds: all }: Calibration): HTMLElement {
  const plot = curvePlot({
    title: "Precision and recall when less confident entities are dropped",
    x: "least confidence that is kept, %",
    y: "%",
    testid: "thresholds",
    series: [
      { name: "precision", look: "first", points: all.map(({ threshold, precision }) => [threshold, precision]) },
      { name: "recall", look: "second", points: all.map(({ threshold, recall }) => [threshold, recall]) },
    ],
  });
  const best = Math.max(...all.map(({ f1 }) => f1 ?? -1));
  const rows = all.map(({ threshold, predicted, precision, recall, f1 }) => [
    threshold.toFixed(2),
    ...[precision, recall, f1].map((share) => percent(share)),
    count(predicted),
    f1 !== null && f1 === best ? "★ best F1" : "",
  ]);
  return h("section", {}, plot, numbers("scores by threshold", ["threshold", "precision", "recall", "F1", "predicted", spoken("note")], rows));
}

/** It scrolls and holds nothing that takes the focus, so it takes it itself. */
function numbers(name: string, heads: Child[], rows: string[][]): HTMLElement {
  return h("div", { class: "ft-scroll ft-short", tabindex: 0, role: "region", "aria-label": name }, table(heads, rows));
}

function fold(name: string, examples: readonly Example[]): HTMLElement[] {
  if (examples.length === 0) return [];
  const body = h("details", {}, h("summary", {}, `${name} (${examples.length})`));
  body.addEventListener("toggle", () => body.childElementCount === 1 && body.append(...pagedCards(name, examples)));
  return [body];
}
