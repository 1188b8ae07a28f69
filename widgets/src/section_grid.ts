/** Counts of pairs: a grid that scrolls in its own box, whose cells open the examples behind them. */

import { button, h, toggle, type Attributes } from "./dom.ts";
import { count } from "./format.ts";
import { roving } from "./roving.ts";
import { mark, type Context } from "./section_view.ts";
import type { Filter, Grid, GridShape } from "./wire.ts";

interface Wishes {
  shares: boolean;
  all: boolean;
  ordered: boolean;
}

export function gridSection(grid: Grid, shape: GridShape, context: Context): HTMLElement {
  const wishes: Wishes = { shares: false, all: false, ordered: false };
  const holder = h("div", { class: "ft-scroll" });
  const left = h("div", { class: "ft-muted", "aria-live": "polite" });
  const draw = (): void => {
    left.textContent = wishes.all ? `all ${grid.rows.length} are shown` : shape.left_out;
    holder.replaceChildren(gridTable(grid, wished(grid, shape, wishes), wishes.shares, context));
  };
  const wish = (name: keyof Wishes, text: string): HTMLElement =>
    toggle(
      text,
      (pressed) => {
        wishes[name] = pressed;
        draw();
      },
      { "data-testid": `grid-${name}` },
    );
  const knobs = [
    wish("shares", "shares of the row"),
    ...(grid.order.length ? [wish("ordered", "most confused first")] : []),
    ...(shape.left_out ? [wish("all", `all ${grid.rows.length}`)] : []),
  ];
  draw();
  const notes = [...(shape.left_out ? [left] : []), ...(grid.note ? [h("div", { class: "ft-muted", dir: "auto" }, grid.note)] : [])];
  return h("div", { "data-testid": "grid" }, h("div", { class: "ft-tools" }, ...knobs), ...notes, holder);
}

/** The shape that a person asks for: all of it, or in another order. */
function wished({ rows, columns, order }: Grid, shape: GridShape, { all, ordered }: Wishes): GridShape {
  const shown = new Set(all ? rows.keys() : shape.rows);
  const line = (ordered ? order.filter((at) => at < rows.length) : [...rows.keys()]).filter((at) => shown.has(at));
  const beyond = [...columns.keys()].filter((at) => at >= rows.length); // columns that no row has
  return { ...shape, rows: line, columns: [...line.filter((at) => at < columns.length), ...beyond], upright: shape.upright || all };
}

function gridTable(grid: Grid, { rows, columns, upright }: GridShape, shares: boolean, context: Context): HTMLElement {
  const names = [...columns.map((at) => grid.columns[at] ?? ""), `all ${grid.row_axis}`];
  const heads = names.map((name) => h("th", { scope: "col", class: upright && "ft-upright", title: name }, h("bdi", {}, name)));
  const lines = rows.map((at) => {
    const cells = columns.map((to) => cellView(grid, at, to, shares, context));
    const name = grid.rows[at] ?? "";
    const all = total(grid.counts[at] ?? []);
    return h("tr", {}, rowName(name, context), ...cells, sumView(grid, all, grid.row_filters[at], `${grid.row_axis} ${name}`, context));
  });
  const sums = columns.map((to) => {
    const all = total(grid.counts.map((row) => row[to] ?? 0));
    return sumView(grid, all, grid.column_filters[to], `${grid.column_axis} ${grid.columns[to] ?? ""}`, context);
  });
  const table = h(
    "table",
    { class: "ft-grid", role: "grid", "aria-label": grid.title },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, `${grid.row_axis} ╲ ${grid.column_axis}`), ...heads)),
    h("tbody", {}, ...lines, h("tr", { class: "ft-sums" }, h("th", { scope: "row" }, `all ${grid.column_axis}`), ...sums, h("td", { role: "gridcell" }))),
  );
  roving(table);
  return table;
}

function rowName(name: string, { color }: Context): HTMLElement {
  return mark(h("th", { scope: "row", title: name }, h("bdi", {}, name)), color(name));
}

function cellView(grid: Grid, at: number, to: number, shares: boolean, context: Context): HTMLElement {
  const value = grid.counts[at]?.[to] ?? 0;
  const kind = grid.rows[at] === grid.columns[to] ? "ft-diagonal" : undefined;
  if (!value) return h("td", { role: "gridcell", class: kind }, h("span", { class: "ft-muted" }, "·")); // there can be thousands of them
  const share = value / total(grid.counts[at] ?? []);
  const [row, column] = [grid.row_filters[at], grid.column_filters[to]];
  const filter = row || column ? { ...row, ...column } : null;
  const more = { "data-at": at, "data-to": to, "data-row": grid.rows[at], "data-column": grid.columns[to], "data-count": value };
  const cell = h("td", { role: "gridcell", class: kind }, opener(cellText(value, share, shares), value, filter, cellName(grid, at, to), more, context));
  cell.style.setProperty("--ft-share", Math.sqrt(share).toFixed(3)); // a root, so that few are seen too
  return cell;
}

function sumView(grid: Grid, all: number, filter: Filter | undefined, name: string, context: Context): HTMLElement {
  const text = count(all);
  const shown = filter && grid.sums_open && all ? opener(text, all, filter, `all ${name}`, { "data-sum": name }, context) : text;
  return h("td", { role: "gridcell", class: "ft-muted" }, shown);
}

/** A number that opens its examples; one without any is text, in a place that arrow keys pass all the same. */
function opener(text: string, value: number, filter: Filter | null, name: string, more: Attributes, { explore }: Context): HTMLElement {
  const said = `${name}: ${count(value)}`;
  if (!filter) return h("span", { ...more, title: said }, text);
  const open = (): void => explore(filter, name, opens);
  const opens = button(text, open, { ...more, class: "ft-open", tabindex: -1, title: said, "aria-label": `${said}, examples` });
  return opens;
}

function cellName({ rows, columns, row_axis, column_axis }: Grid, at: number, to: number): string {
  return `${row_axis} ${rows[at] ?? ""}, ${column_axis} ${columns[to] ?? ""}`;
}

function cellText(value: number, share: number, shares: boolean): string {
  if (!shares) return count(value);
  return share < 0.005 ? "< 1 %" : `${(100 * share).toFixed(0)} %`;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
