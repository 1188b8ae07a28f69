/** A table whose rows sort by a click on a heading: the largest first, the smallest first, as they came. */

import { button, h } from "./dom.ts";

type Value = string | number | null;
type Direction = "descending" | "ascending";

export interface Column<Row> {
  head: string;
  /** Whether it holds names, which begin where the heading does. */
  names?: boolean;
  show: (row: Row) => HTMLElement;
  value: (row: Row) => Value;
}
export interface SortTable<Row> {
  root: HTMLElement;
  fill: (rows: readonly Row[]) => void;
}

/** The first column names the row; `top` and `foot` stay where they are, whatever the order. */
export function sortTable<Row>(columns: readonly Column<Row>[], top: readonly Row[] = [], foot: readonly Row[] = []): SortTable<Row> {
  let sorting: { at: number; direction: Direction } | null = null;
  let rows: readonly Row[] = [];
  const body = h("tbody");
  const line = (row: Row): HTMLElement => h("tr", {}, ...columns.map((column) => column.show(row)));
  const draw = (): void => {
    headings.forEach((heading, at) => mark(heading, sorting?.at === at ? sorting.direction : null));
    const value = columns[sorting?.at ?? 0]?.value;
    body.replaceChildren(...(sorting && value ? sortedRows(rows, value, sorting.direction) : rows).map(line));
  };
  const choose = (at: number): void => {
    const [first, second]: Direction[] = at > 0 ? ["descending", "ascending"] : ["ascending", "descending"]; // names from A to Z
    const before = sorting?.at === at ? sorting.direction : null;
    const next = before === null ? first : before === first ? second : null;
    sorting = next ? { at, direction: next } : null;
    draw();
  };
  const headings = columns.map(({ head, names }, at) =>
    h(
      "th",
      { scope: "col", class: names ? "ft-name" : undefined },
      button(head, () => choose(at), { class: "ft-sort", dir: "auto" }),
    ),
  );
  const root = h(
    "table",
    {},
    h("thead", {}, h("tr", {}, ...headings)),
    ...(top.length ? [h("tbody", { class: "ft-strong" }, ...top.map(line))] : []),
    body,
    ...(foot.length ? [h("tfoot", {}, ...foot.map(line))] : []),
  );
  return {
    root,
    fill(all) {
      rows = all;
      draw();
    },
  };
}

/** Rows in the order of a column; what does not exist comes last either way, and equal rows stay in their order. */
export function sortedRows<Row>(rows: readonly Row[], value: (row: Row) => Value, direction: Direction): Row[] {
  const sign = direction === "descending" ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y)));
  });
}

function mark(cell: HTMLElement, direction: Direction | null): void {
  cell.setAttribute("aria-sort", direction ?? "none");
  const sorter = cell.querySelector("button");
  if (sorter) sorter.dataset["arrow"] = direction === null ? "" : direction === "descending" ? "▾" : "▴";
}
