/** A table: sorts by its heads; numbers with examples behind them are buttons. */

import { button, h } from "./dom.ts";
import { many } from "./format.ts";
import { mark, type Context } from "./section_view.ts";
import { sortTable, type Column } from "./sort_table.ts";
import type { Cell, Row, Table } from "./wire.ts";

/** So few rows need no sieve. */
const FEW = 3;
const NONE: Cell = { text: "", value: null, filter: null, interval: null, label: "", bar: false };

export function tableSection(table: Table, context: Context): HTMLElement {
  const first = table.rows.findIndex(({ strong }) => !strong);
  const plain = table.rows.filter(({ strong }) => !strong);
  const [top, foot] = [table.rows.slice(0, Math.max(first, 0)), table.rows.slice(Math.max(first, 0)).filter(({ strong }) => strong)];
  const { root, fill } = sortTable(columnsOf(table, context), top, foot);
  const holder = h("div", { class: "ft-scroll" }, root);
  const sieve = supportSieve(table, plain, holder, fill);
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
  return at > 0 && rows.some(({ cells }) => cells[at]?.label || cells[at]?.bar);
}

function barView(cell: Cell, { color }: Context): HTMLElement {
  const bar = mark(h("span", { class: "ft-bar", "aria-hidden": true }), color(cell.label));
  const [low, high] = cell.interval ?? [0, 0];
  for (const [name, end] of Object.entries({ value: cell.value ?? 0, low, high })) bar.style.setProperty(`--${name}`, percentOf(end));
  return h("td", { class: "ft-name" }, bar);
}

function percentOf(share: number): string {
  return `${100 * Math.min(Math.max(share, 0), 1)}%`;
}

function cellView(cell: Cell, { first, name }: { first: boolean; name: string }, context: Context): HTMLElement {
  if (cell.bar) return barView(cell, context);
  const content = cell.filter ? opener(cell, first ? cell.text : `${name}: ${cell.text}`, context) : cell.text;
  if (first) return mark(h("th", { scope: "row", dir: "auto" }, content), context.color(cell.label));
  if (cell.label) return mark(h("td", { class: "ft-name", dir: "auto" }, content), context.color(cell.label));
  const view = h("td", { class: cell.interval ? "ft-interval" : undefined, dir: cell.value === null ? "auto" : undefined }, content);
  cell.interval?.forEach((end, at) => view.style.setProperty(at ? "--high" : "--low", percentOf(end)));
  return view;
}

function opener({ text, filter }: Cell, name: string, { explore }: Context): HTMLElement {
  const open = (): void => explore(filter ?? {}, name, opens);
  const opens = button(text, open, { class: "ft-link", title: `examples: ${name}`, "aria-label": `${name}, examples` });
  return opens;
}

/** Hides rows with little support; null for a table that has none, or few rows. */
function supportSieve(table: Table, rows: readonly Row[], holder: HTMLElement, fill: (rows: readonly Row[]) => void): HTMLElement | null {
  const { support: at, least: start } = table;
  if (!at || (rows.length <= FEW && start === 0)) return null;
  const hidden = h("span", { class: "ft-muted", "aria-live": "polite", "data-testid": "hidden-rows" });
  const show = (least: number): void => {
    const kept = rows.filter(({ cells }) => (cells[at]?.value ?? 0) >= least);
    const rare = rows.length - kept.length;
    hidden.textContent = rare ? `${many(rare, "row is", "rows are")} hidden: support below ${least}; averages count all` : "";
    holder.style.minHeight = `${holder.offsetHeight}px`; // what stands below does not jump
    fill(kept);
  };
  const input = h("input", { type: "number", min: 0, step: 1, value: start, "data-testid": "min-support" });
  input.addEventListener("input", () => show(Math.max(0, Number(input.value) || 0)));
  show(start);
  return h("div", { class: "ft-tools" }, h("label", {}, "support of at least ", input), hidden);
}
