/** Counts of pairs: a grid that scrolls in its own box, whose cells open the examples behind them. */

import { h, toggle } from "./dom.ts";
import { count } from "./format.ts";
import { roving } from "./roving.ts";
import { mark, type Context } from "./section_view.ts";
import type { Filter, Grid } from "./wire.ts";

/** With more rows than this only the most confused are shown at first, as on the saved page. */
const MOST = 30;
/** With more columns than this their names stand upright. */
const MOST_LEVEL_NAMES = 7;

interface Shape {
  rows: readonly number[];
  columns: readonly number[];
}
interface Wishes {
  shares: boolean;
  all: boolean;
  ordered: boolean;
}

export function gridSection(grid: Grid, context: Context): HTMLElement {
  const wishes: Wishes = { shares: false, all: false, ordered: false };
  const holder = h("div", { class: "ft-scroll ft-tall-grid" });
  const left = h("span", { class: "ft-muted", "aria-live": "polite" });
  const draw = (): void => {
    const shape = shapeOf(grid, wishes);
    const hidden = grid.rows.length - shape.rows.length;
    left.textContent = hidden ? `the ${shape.rows.length} most confused are shown, ${hidden} more are left out` : "";
    holder.replaceChildren(gridTable(grid, shape, wishes.shares, context));
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
  const large = grid.rows.length > MOST;
  const knobs = [
    wish("shares", "shares of the row"),
    ...(grid.order.length ? [wish("ordered", "most confused first")] : []),
    ...(large ? [wish("all", `all ${grid.rows.length}`)] : []),
  ];
  draw();
  const note = grid.note ? [h("div", { class: "ft-muted", dir: "auto" }, grid.note)] : [];
  return h("div", { "data-testid": "grid" }, h("div", { class: "ft-tools" }, ...knobs, left), ...note, holder);
}

/** Which rows and columns are shown, and in which order. */
export function shapeOf({ rows, columns, order }: Grid, { all, ordered }: Pick<Wishes, "all" | "ordered">): Shape {
  const whole = rows.map((_, at) => at);
  const ranked = order.length ? order.filter((at) => at < rows.length) : whole;
  const some = all || rows.length <= MOST ? ranked : ranked.slice(0, MOST);
  const shown = ordered ? some : [...some].sort((a, b) => a - b);
  const across = shown.filter((at) => at < columns.length);
  const beyond = columns.map((_, at) => at).filter((at) => at >= rows.length); // columns that no row has
  return { rows: shown, columns: [...across, ...beyond] };
}

function gridTable(grid: Grid, { rows, columns }: Shape, shares: boolean, context: Context): HTMLElement {
  const upright = columns.length > MOST_LEVEL_NAMES ? "ft-upright" : undefined;
  const names = [...columns.map((at) => grid.columns[at] ?? ""), `all ${grid.row_axis}`];
  const heads = names.map((name) => h("th", { scope: "col", class: upright, title: name }, h("bdi", {}, name)));
  const sums = columns.map((at) => total(grid.counts.map((row) => row[at] ?? 0)));
  const lines = rows.map((at) => {
    const cells = columns.map((to) => cellView(grid, at, to, shares));
    const sum = h("td", { class: "ft-muted" }, count(total(grid.counts[at] ?? [])));
    return h("tr", {}, rowName(grid.rows[at] ?? "", context), ...cells, sum);
  });
  const table = h(
    "table",
    { class: "ft-grid", role: "grid", "aria-label": grid.title },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, `${grid.row_axis} ╲ ${grid.column_axis}`), ...heads)),
    h("tbody", {}, ...lines),
    h(
      "tfoot",
      {},
      h("tr", {}, h("th", { scope: "row" }, `all ${grid.column_axis}`), ...sums.map((sum) => h("td", { class: "ft-muted" }, count(sum))), h("td")),
    ),
  );
  table.addEventListener("click", ({ target }) => {
    const cell = (target as Element).closest<HTMLElement>('[role="gridcell"]');
    if (!cell || cell.hasAttribute("aria-disabled")) return;
    const [at, to] = [Number(cell.dataset["at"]), Number(cell.dataset["to"])];
    context.explore(filterOf(grid, at, to) ?? {}, cellName(grid, at, to), cell);
  });
  roving(table, columns.length);
  return table;
}

function rowName(name: string, { color }: Context): HTMLElement {
  return mark(h("th", { scope: "row", title: name }, h("bdi", {}, name)), color(name));
}

function cellView(grid: Grid, at: number, to: number, shares: boolean): HTMLElement {
  const value = grid.counts[at]?.[to] ?? 0;
  const kind = grid.rows[at] === grid.columns[to] ? "ft-diagonal" : undefined;
  const place = { role: "gridcell", tabindex: -1, class: kind, "data-at": at, "data-to": to, "data-count": value };
  if (!value) return h("td", { ...place, "aria-disabled": "true" }, "·"); // there can be thousands of them
  const share = value / total(grid.counts[at] ?? []);
  const name = `${cellName(grid, at, to)}: ${count(value)}`;
  const words = { title: name, "aria-label": name, "data-row": grid.rows[at], "data-column": grid.columns[to] };
  const cell = h("td", { ...place, ...words, "aria-disabled": !filterOf(grid, at, to) && "true" }, cellText(value, share, shares));
  cell.style.setProperty("--ft-share", Math.sqrt(share).toFixed(3)); // a root, so that few are seen too
  return cell;
}

function cellName({ rows, columns, row_axis, column_axis }: Grid, at: number, to: number): string {
  return `${row_axis} ${rows[at] ?? ""}, ${column_axis} ${columns[to] ?? ""}`;
}

function filterOf({ row_filters, column_filters }: Grid, at: number, to: number): Filter | null {
  const [row, column] = [row_filters[at], column_filters[to]];
  return row || column ? { ...row, ...column } : null;
}

function cellText(value: number, share: number, shares: boolean): string {
  if (!shares) return count(value);
  return share < 0.005 ? "< 1 %" : `${(100 * share).toFixed(0)} %`;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
