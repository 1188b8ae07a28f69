/** Which type was taken for which: a grid whose cells open the examples behind them. */

import { h, toggle, type Child } from "./dom.ts";
import type { Explore } from "./error_explorer.ts";
import { cellName, EVERYTHING, type Filter } from "./example_data.ts";
import { count } from "./format.ts";
import { confusionView, total, type Confusion, type EntityReport } from "./report_data.ts";
import { roving } from "./roving.ts";

const NOTE = "Rows: gold. Columns: predicted. The diagonal holds right types, wrong borders included. A cell opens its examples.";
/** With more columns than this their names stand upright. */
const MOST_LEVEL_NAMES = 7;

interface Cell {
  gold: number;
  pred: number;
}

export function confusionPanel(report: EntityReport, explore: Explore): HTMLElement {
  const { confusion } = report;
  const { shown, leftOut } = confusionView(confusion);
  let at = shown;
  let shares = false;
  const holder = h("div", { class: "ft-scroll ft-tall-grid" });
  const draw = (): void => holder.replaceChildren(grid(confusion, at, shares, explore));
  const sharing = toggle(
    "shares of the row",
    (pressed) => {
      shares = pressed;
      draw();
    },
    { "data-testid": "confusion-shares" },
  );
  const every = toggle(
    `all ${confusion.types.length} types`,
    (pressed) => {
      at = pressed ? confusion.types.map((_, index) => index) : shown;
      draw();
    },
    { "data-testid": "confusion-all" },
  );
  const left = leftOut ? ` ${leftOut} types with fewer confusions or none are left out.` : "";
  draw();
  return h("div", {}, h("div", { class: "ft-tools" }, sharing, ...(leftOut ? [every] : []), h("span", { class: "ft-muted" }, NOTE + left)), holder);
}

function grid({ types, counts }: Confusion, shown: readonly number[], shares: boolean, explore: Explore): HTMLElement {
  const last = types.length;
  const places = [...shown, last];
  const upright = shown.length > MOST_LEVEL_NAMES ? "ft-upright" : undefined;
  const names = [...shown.map((at) => types[at] ?? ""), "missed", "all gold"];
  const heads = names.map((name) => h("th", { scope: "col", class: upright, title: name }, h("bdi", {}, name)));
  const rows = places.map((gold) => {
    const row = counts[gold] ?? [];
    const cells = places.map((pred) => cellView({ types, counts }, { gold, pred }, shares, explore));
    return line(types[gold] ?? "spurious", [...cells, margin(gold === last ? null : total(row))]);
  });
  const sums = places.map((pred) => margin(pred === last ? null : total(counts.map((row) => row[pred] ?? 0))));
  const table = h(
    "table",
    { class: "ft-grid", role: "grid", "aria-label": "confusion", "data-testid": "confusion-grid" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "gold ╲ predicted"), ...heads)),
    h("tbody", {}, ...rows),
    h("tfoot", {}, line("all predicted", [...sums, h("td")])),
  );
  roving(table, places.length);
  return table;
}

function line(name: string, cells: Child[]): HTMLElement {
  return h("tr", {}, h("th", { scope: "row", title: name }, h("bdi", {}, name)), ...cells);
}

function margin(sum: number | null): HTMLElement {
  return h("td", { class: "ft-muted" }, sum === null ? "" : count(sum));
}

function cellView({ types, counts }: Confusion, { gold, pred }: Cell, shares: boolean, explore: Explore): HTMLElement {
  const row = counts[gold] ?? [];
  const value = row[pred] ?? 0;
  const share = value ? value / total(row) : 0;
  const side = (at: number): string => types[at] ?? "";
  const filter: Filter = { ...EVERYTHING, gold: side(gold), pred: side(pred) };
  const nowhere = gold === types.length && pred === types.length;
  const name = nowhere ? "" : `${cellName(filter)}: ${count(value)}`;
  const data = { "data-testid": `confusion-cell-${gold}-${pred}`, "data-gold": side(gold), "data-pred": side(pred), "data-count": value };
  const kind = gold === pred && !nowhere ? "ft-diagonal" : undefined;
  const cell = h("td", { role: "gridcell", tabindex: -1, class: kind, title: name, "aria-label": name, "aria-disabled": !value && "true", ...data });
  cell.textContent = nowhere ? "" : cellText(value, share, shares);
  cell.style.setProperty("--ft-share", String(Math.sqrt(share)));
  if (value) cell.addEventListener("click", () => explore(filter, "confusion", cell));
  return cell;
}

function cellText(value: number, share: number, shares: boolean): string {
  if (value === 0) return "·";
  if (!shares) return count(value);
  return share < 0.005 ? "< 1 %" : `${(100 * share).toFixed(0)} %`;
}
