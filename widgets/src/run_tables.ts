/** Evaluations on dev: all of them in a table, and F1 of each type over them. */

import { h, svg, table, tableRow } from "./dom.ts";
import { count, decimal, number, percent } from "./format.ts";
import { bestEvaluation, type Evaluated, type RunState } from "./run_state.ts";

/** Columns of the table of types; the line in front of them has every evaluation. */
const MOST_COLUMNS = 10;
const [WIDTH, HEIGHT] = [90, 16];

export interface Part {
  root: HTMLElement;
  update(state: RunState): void;
}

export function devTable(): Part {
  const view = table(["epoch", "step", "dev loss", "precision", "recall", "F1", ""], [], { "data-testid": "dev-table" });
  const rows = h("div", { class: "ft-scroll ft-dev", role: "region", "aria-label": "evaluations on dev", tabindex: 0 }, view);
  const none = h("div", { class: "ft-muted", "data-testid": "no-dev" }, "No dev data: nothing is evaluated on the way.");
  const { update } = onEvaluation(rows, (state) => {
    const best = bestEvaluation(state);
    view.tBodies[0]?.replaceChildren(...state.evaluations.map((event) => devRow(event, event === best)));
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

function devRow(event: Evaluated, best: boolean): HTMLElement {
  const scores = [event.precision, event.recall, event.f1].map((share) => percent(share));
  const cells = [count(event.step), number(event.loss), ...scores, best ? "★ best" : ""];
  return tableRow(decimal(event.epoch), cells, { class: best ? "ft-best" : undefined });
}

export function typeTable(): Part {
  const inside = h("div", { class: "ft-scroll ft-types", role: "region", "aria-label": "F1 by type", tabindex: 0 });
  const root = h("details", { open: true, hidden: true, "data-testid": "type-table" }, h("summary", {}, "F1 by type over epochs"), inside);
  return onEvaluation(root, (state) => {
    const types = [...new Set(state.evaluations.flatMap((event) => Object.keys(event.per_type_f1 ?? {})))];
    root.hidden = types.length === 0;
    const shown = state.evaluations.slice(-MOST_COLUMNS);
    const rows = types.map((type) => [type, line(state.evaluations, type), ...shown.map((event) => percent(event.per_type_f1?.[type] ?? null, 1))]);
    inside.replaceChildren(table(["type", "", ...shown.map((event) => `epoch ${decimal(event.epoch)}`)], rows));
    inside.scrollLeft = inside.scrollWidth; // the newest column is in view
  });
}

function line(evaluations: readonly Evaluated[], type: string): Element {
  const values = evaluations.map((event) => event.per_type_f1?.[type] ?? null);
  const across = (at: number): number => 2 + (at * (WIDTH - 4)) / Math.max(1, values.length - 1);
  const points = values.flatMap((value, at) => (value === null ? [] : [`${across(at).toFixed(1)},${(2 + (1 - value) * (HEIGHT - 4)).toFixed(1)}`]));
  const [x, y] = points.at(-1)?.split(",") ?? [];
  const end = x && y ? [svg("circle", { cx: x, cy: y, r: 2 })] : [];
  return svg("svg", { width: WIDTH, height: HEIGHT, "aria-hidden": "true" }, svg("polyline", { points: points.join(" ") }), ...end);
}

/** Draw only when the evaluations are others than before: a table that is scrolled or selected in stays as it is. */
function onEvaluation(root: HTMLElement, draw: (state: RunState) => void): Part {
  let drawn: Evaluated[] = [];
  return {
    root,
    update(state) {
      if (state.evaluations === drawn) return;
      drawn = state.evaluations;
      draw(state);
    },
  };
}
