/** Evaluations on dev: all of them in a table, and the headline for each label over them. */

import { h, svg, table, tableRow } from "./dom.ts";
import { columnHead, count, decimal, measured, number } from "./format.ts";
import type { Metric } from "./metrics.ts";
import { bestEvaluation, metricsOf, type Evaluated, type RunStarted, type RunState } from "./run_state.ts";

/** Columns of the table of labels; the line in front of them has every evaluation. */
const MOST_COLUMNS = 10;
const [WIDTH, HEIGHT] = [90, 16];

export interface Part {
  root: HTMLElement;
  update(state: RunState): void;
}

export function devTable(): Part {
  const view = table([], [], { "data-testid": "dev-table" });
  const rows = h("div", { class: "ft-scroll ft-dev", role: "region", "aria-label": "evaluations on dev", tabindex: 0 }, view);
  const none = h("div", { class: "ft-muted", "data-testid": "no-dev" }, "No dev data: nothing is evaluated on the way.");
  const { update } = onEvaluation(rows, (state) => {
    const [best, metrics] = [bestEvaluation(state), metricsOf(state)];
    const heads = ["epoch", "step", "dev loss", ...metrics.map(columnHead), ""];
    view.tHead?.replaceChildren(h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head))));
    view.tBodies[0]?.replaceChildren(...state.evaluations.map((event) => devRow(event, metrics, event === best)));
    rows.scrollTop = rows.scrollHeight; // the newest row is in view
  });
  return {
    root: h("div", {}, rows, none),
    update(state) {
      const config = state.started?.config;
      rows.hidden = config !== undefined && !config.data?.["dev"];
      none.hidden = !rows.hidden;
      update(state);
    },
  };
}

function devRow(event: Evaluated, metrics: readonly Metric[], best: boolean): HTMLElement {
  const scores = metrics.map((metric) => measured(event.metrics[metric.name], metric));
  const cells = [count(event.step), number(event.loss), ...scores, best ? "★ best" : ""];
  return tableRow(decimal(event.epoch), cells, { class: best ? "ft-best" : undefined });
}

export function labelTable(): Part {
  const inside = h("div", { class: "ft-scroll ft-labels", role: "region", tabindex: 0 });
  const title = h("summary", {});
  const root = h("details", { open: true, hidden: true, "data-testid": "label-table" }, title, inside);
  return onEvaluation(root, (state) => {
    const { evaluations } = state;
    const [headline] = metricsOf(state);
    const labels = [...new Set(evaluations.flatMap((event) => Object.keys(event.by_label)))];
    root.hidden = labels.length === 0 || !headline;
    if (!headline) return;
    const name = headline.by_label ?? headline.label;
    inside.ariaLabel = `${name} by label`;
    title.textContent = `${name} by label over epochs`;
    const [shown, across] = [evaluations.slice(-MOST_COLUMNS), span(evaluations, headline)];
    const value = (event: Evaluated, label: string): string => measured(event.by_label[label], headline, 1);
    const rows = labels.map((label) => [label, line(evaluations, label, across), ...shown.map((event) => value(event, label))]);
    inside.replaceChildren(table(["label", "", ...shown.map((event) => `epoch ${decimal(event.epoch)}`)], rows));
    inside.scrollLeft = inside.scrollWidth; // the newest column is in view
  });
}

/** What the lines reach over: all of a share, so that they compare from run to run; else what was measured. */
function span(evaluations: readonly Evaluated[], { unit }: Metric): [low: number, high: number] {
  if (unit === "share") return [0, 1];
  const values = evaluations.flatMap((event) => Object.values(event.by_label)).filter((value) => value !== null);
  return [Math.min(...values), Math.max(...values)];
}

function line(evaluations: readonly Evaluated[], label: string, [low, high]: [number, number]): Element {
  const values = evaluations.map((event) => event.by_label[label] ?? null);
  const across = (at: number): number => 2 + (at * (WIDTH - 4)) / Math.max(1, values.length - 1);
  const down = (value: number): number => 2 + ((high - value) / (high - low || 1)) * (HEIGHT - 4);
  const points = values.flatMap((value, at) => (value === null ? [] : [`${across(at).toFixed(1)},${down(value).toFixed(1)}`]));
  const [x, y] = points.at(-1)?.split(",") ?? [];
  const end = x && y ? [svg("circle", { cx: x, cy: y, r: 2 })] : [];
  return svg("svg", { width: WIDTH, height: HEIGHT, "aria-hidden": "true" }, svg("polyline", { points: points.join(" ") }), ...end);
}

/** Draw only when the evaluations, or what they measure, are others than before: a table that is scrolled or selected in stays as it is. */
function onEvaluation(root: HTMLElement, draw: (state: RunState) => void): Part {
  let drawn: Evaluated[] | null = null;
  let begun: RunStarted | null = null;
  return {
    root,
    update(state) {
      if (state.evaluations === drawn && state.started === begun) return;
      [drawn, begun] = [state.evaluations, state.started];
      draw(state);
    },
  };
}
