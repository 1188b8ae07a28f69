/** A table whose rows sort by a click on a heading. */

import { button, h, spoken, type Attributes, type Child } from "./dom.ts";
import { sortedRows } from "./report_data.ts";
import type { Value } from "./metrics.ts";

export interface Column<Row> {
  head: string;
  show: (row: Row) => Child;
  /** What it sorts by; a column without cannot be sorted by. */
  value?: (row: Row) => string | Value;
  class?: string;
  /** A drawing needs no heading for the eye. */
  drawn?: boolean;
}
export interface SortTable<Row> {
  root: HTMLElement;
  fill: (rows: readonly Row[]) => void;
}
interface Options<Row> {
  /** The first column names the row and breaks ties. */
  columns: Column<Row>[];
  name: (row: Row) => string;
  foot?: readonly Row[];
  attributes?: Attributes;
}

export function sortTable<Row>({ columns, name, foot = [], attributes = {} }: Options<Row>): SortTable<Row> {
  let sorting = { at: 0, descending: false };
  let rows: readonly Row[] = [];
  const body = h("tbody");
  const rowOf = (row: Row): HTMLElement => h("tr", { "data-name": name(row) }, ...columns.map((column, at) => cell(column, row, at === 0)));
  const foots = h("tfoot");
  const draw = (): void => {
    headings.forEach((heading, at) => mark(heading, at === sorting.at, sorting.descending));
    const value = columns[sorting.at]?.value ?? name;
    body.replaceChildren(...sortedRows(rows, value, sorting.descending, name).map(rowOf));
    foots.replaceChildren(...foot.map(rowOf));
  };
  const choose = (at: number): void => {
    const best = at > 0; // the largest number first, but names from A to Z
    sorting = { at, descending: sorting.at === at ? !sorting.descending : best };
    draw();
  };
  const headings = columns.map((column, at) => heading(column, () => choose(at)));
  const head = h("thead", {}, h("tr", {}, ...headings));
  return {
    root: h("div", { class: "ft-scroll ft-tall" }, h("table", attributes, head, body, foots)),
    fill(all) {
      rows = all;
      draw();
    },
  };
}

function heading<Row>(column: Column<Row>, choose: () => void): HTMLElement {
  const plain = column.drawn ? spoken(column.head) : column.head;
  const content = column.value ? button(column.head, choose, { class: "ft-sort" }) : plain;
  return h("th", { scope: "col", class: column.class }, content);
}

function mark(cell: HTMLElement, chosen: boolean, descending: boolean): void {
  const sorter = cell.querySelector("button");
  if (!sorter) return;
  cell.setAttribute("aria-sort", chosen ? (descending ? "descending" : "ascending") : "none");
  sorter.dataset["arrow"] = chosen ? (descending ? "▾" : "▴") : "";
}

function cell<Row>(column: Column<Row>, row: Row, first: boolean): HTMLElement {
  const content = column.show(row);
  return first ? h("th", { scope: "row", dir: "auto" }, content) : h("td", { class: column.class }, content);
}
