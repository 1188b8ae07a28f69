/** Evaluations on dev: all of them in a table, and the headline for each label over them. */

import { h, svg, table, tableRow } from "./dom.ts";
import { changing, type Part } from "./run_facts.ts";
import type { LabelRow } from "./run_wire.ts";

const [WIDTH, HEIGHT] = [90, 16];
const MOST_OPEN = 30; // labels; Python has the same number for the saved page

export function devTable(): Part {
  const view = table([], [], { "data-testid": "dev-table" });
  const note = h("div", { class: "ft-muted", "data-testid": "dev-note" });
  const rows = h("div", { class: "ft-scroll ft-dev", role: "region", "aria-label": "evaluations on dev", tabindex: 0 }, note, view);
  return changing(
    rows,
    (page) => page.dev,
    (dev) => {
      note.textContent = dev.note;
      view.hidden = dev.note !== "" && dev.rows.length === 0;
      view.tHead?.replaceChildren(h("tr", {}, ...dev.heads.map((head) => h("th", { scope: "col" }, head))));
      const drawn = dev.rows.map(({ cells: [epoch, ...others], best }) => tableRow(epoch ?? "", others, { class: best ? "ft-best" : undefined }));
      view.tBodies[0]?.replaceChildren(...drawn);
      rows.scrollTop = rows.scrollHeight; // the newest row is in view
    },
  );
}

export function labelTable(): Part {
  const inside = h("div", { class: "ft-scroll ft-labels", role: "region", tabindex: 0 });
  const title = h("summary", {});
  const root = h("details", { open: true, hidden: true, "data-testid": "label-table" }, title, inside);
  let seen = false;
  return changing(
    root,
    (page) => page.labels,
    (labels) => {
      root.hidden = labels === null;
      if (!labels) return;
      if (!seen) root.open = labels.rows.length <= MOST_OPEN; // from then on it is as its reader left it
      seen = true;
      inside.ariaLabel = title.textContent = labels.title;
      const rows = labels.rows.map((row) => [row.label, spark(row), ...row.cells]);
      const note = labels.note ? [h("div", { class: "ft-muted" }, labels.note)] : [];
      inside.replaceChildren(...note, table(labels.heads, rows));
      inside.scrollLeft = inside.scrollWidth; // the newest column is in view
    },
  );
}

/** A line of values from 0 to 1, as small as a word. Python's twin is `run_curve.spark_image`. */
function spark({ line, color }: LabelRow): Element {
  const across = (at: number): number => 2 + (at * (WIDTH - 4)) / Math.max(1, line.length - 1);
  const down = (value: number): number => 2 + (1 - value) * (HEIGHT - 4);
  const points = line.flatMap((value, at) => (value === null ? [] : [`${across(at).toFixed(1)},${down(value).toFixed(1)}`]));
  const [x, y] = points.at(-1)?.split(",") ?? [];
  const end = x && y ? [svg("circle", { cx: x, cy: y, r: 2, fill: color })] : [];
  return svg("svg", { width: WIDTH, height: HEIGHT, "aria-hidden": "true" }, svg("polyline", { points: points.join(" "), stroke: color }), ...end);
}
