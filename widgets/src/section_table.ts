/** A table: sorts by its heads; numbers with examples behind them are buttons. */

import { button, h } from "./dom.ts";
import { many } from "./format.ts";
import { mark, type Context } from "./section_view.ts";
import { sortTable, type Column } from "./sort_table.ts";
import type { Cell, Row, Table } from "./wire.ts";

/** What a column with the number of gold examples, or entities, is called. */
const SUPPORT = ["support", "gold"];
/** So few rows need no sieve. */
const FEW = 3;
const NONE: Cell = { text: "", value: null, filter: null, interval: null, label: "" };

export function tableSection(table: Table, context: Context): HTMLElement {
  const first = table.rows.findIndex(({ strong }) => !strong);
  const plain = table.rows.filter(({ strong }) => !strong);
  const [top, foot] = [table.rows.slice(0, Math.max(first, 0)), table.rows.slice(Math.max(first, 0)).filter(({ strong }) => strong)];
  const { root, fill } = sortTable(columnsOf(table, context), top, foot);
  const holder = h("div", { class: "ft-scroll ft-tall" }, root);
  const sieve = supportSieve(table, plain, context.minSupport, fill);
  if (!sieve) fill(plain);
  const note = table.note ? [h("div", { class: "ft-muted", dir: "auto" }, table.note)] : [];
  return h("div", { "data-testid": "table" }, ...note, ...(sieve ? [sieve] : []), holder);
}

function columnsOf(table: Table, context: Context): Column<Row>[] {
  return table.columns.map((head, at) => {
    const numeric = table.rows.some(({ cells }) => typeof cells[at]?.value === "number");
    return {
      head,
      names: isName(table, at),
      value: ({ cells }) => (numeric ? (cells[at]?.value ?? null) : (cells[at]?.text ?? null)),
      show: ({ cells }) => cellView(cells[at] ?? NONE, { first: at === 0, name: `${cells[0]?.text ?? ""}, ${head}` }, context),
    };
  });
}

/** Whether a column behind the first holds labels. */
function isName({ rows }: Table, at: number): boolean {
  return at > 0 && rows.some(({ cells }) => cells[at]?.label);
}

function cellView(cell: Cell, { first, name }: { first: boolean; name: string }, context: Context): HTMLElement {
  const content = cell.filter ? opener(cell, first ? cell.text : `${name}: ${cell.text}`, context) : cell.text;
  if (first) return mark(h("th", { scope: "row", dir: "auto" }, content), context.color(cell.label));
  if (cell.label) return mark(h("td", { class: "ft-name", dir: "auto" }, content), context.color(cell.label));
  const view = h("td", { class: cell.interval ? "ft-interval" : undefined, dir: cell.value === null ? "auto" : undefined }, content);
  cell.interval?.forEach((end, at) => view.style.setProperty(at ? "--high" : "--low", `${100 * Math.min(Math.max(end, 0), 1)}%`));
  return view;
}

function opener({ text, filter }: Cell, name: string, { explore }: Context): HTMLElement {
  const open = (): void => explore(filter ?? {}, name, opens);
  const opens = button(text, open, { class: "ft-link", title: `examples: ${name}` });
  return opens;
}

/** Hides rows with little support; null for a table that has none, or few rows. */
function supportSieve(table: Table, rows: readonly Row[], start: number, fill: (rows: readonly Row[]) => void): HTMLElement | null {
  const at = table.columns.findIndex((name, column) => column > 0 && SUPPORT.includes(name));
  if (at < 0 || (rows.length <= FEW && start === 0)) return null;
  const hidden = h("span", { class: "ft-muted", "aria-live": "polite", "data-testid": "hidden-rows" });
  const show = (least: number): void => {
    const kept = rows.filter(({ cells }) => (cells[at]?.value ?? 0) >= least);
    const rare = rows.length - kept.length;
    hidden.textContent = rare ? `${many(rare, "row is", "rows are")} hidden; averages count all` : "";
    fill(kept);
  };
  const input = h("input", { type: "number", min: 0, step: 1, value: start, "data-testid": "min-support" });
  input.addEventListener("input", () => show(Math.max(0, Number(input.value) || 0)));
  show(start);
  return h("div", { class: "ft-tools" }, h("label", {}, "support of at least ", input), hidden);
}
