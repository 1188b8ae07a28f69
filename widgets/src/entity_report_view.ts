/** A report one can look into: scores that sort, a confusion grid, the history. */

import type { RenderProps } from "@anywidget/types";

import { h, keepKeys } from "./dom.ts";
import { count, decimal, percent } from "./format.ts";
import { confusionView, sortedTypes, type EntityReport, type Scores, type Sorting, type SortKey } from "./report_data.ts";
import { hideStaticTwin } from "./static_twin.ts";

interface Model {
  report: EntityReport;
}

const COLUMNS: [SortKey, string][] = [
  ["type", "entity type"],
  ["precision", "precision"],
  ["recall", "recall"],
  ["f1", "F1"],
  ["support", "support"],
  ["predicted", "predicted"],
];

export default {
  render({ model, el }: RenderProps<Model>) {
    const report = model.get("report");
    const root = h(
      "div",
      { class: "ft-root ft-entity-report", "data-testid": "entity-report", "data-state": "ready" },
      headline(report),
      scoresTable(report),
      confusion(report),
      ...(report.history.length > 1 ? [history(report)] : []),
    );
    keepKeys(root);
    el.append(root);
    // The view is attached to its output area after render returns.
    let restore = (): void => {};
    const frame = requestAnimationFrame(() => {
      restore = hideStaticTwin(root, report.id);
    });
    return () => {
      cancelAnimationFrame(frame);
      restore();
    };
  },
};

function headline(report: EntityReport): HTMLElement {
  const { micro } = report;
  return h(
    "div",
    { class: "ft-headline" },
    h("strong", { dir: "auto" }, report.title),
    ...([["precision", micro.precision], ["recall", micro.recall], ["F1", micro.f1]] as const).map(([name, share]) =>
      h("span", { class: "ft-figure" }, h("span", { class: "ft-value" }, percent(share)), ` ${name}`),
    ),
    h(
      "span",
      { class: "ft-muted" },
      `${count(micro.support)} gold entities, ${count(micro.predicted)} predicted, ${count(micro.correct)} correct · ` +
        `${count(report.sentences)} sentences · conlleval's rule`,
    ),
  );
}

function scoresTable(report: EntityReport): HTMLElement {
  let sorting: Sorting = { key: "type", descending: false };
  const body = h("tbody");
  const heads = COLUMNS.map(([key, text]) => {
    const button = h("button", { type: "button", class: "ft-sort" }, text);
    const head = h("th", { scope: "col" }, button);
    button.addEventListener("click", () => {
      sorting = { key, descending: sorting.key === key ? !sorting.descending : key !== "type" };
      fill();
    });
    return { key, head, button, text };
  });
  const fill = (): void => {
    for (const { key, head, button, text } of heads) {
      const chosen = key === sorting.key;
      head.setAttribute("aria-sort", chosen ? (sorting.descending ? "descending" : "ascending") : "none");
      button.textContent = chosen ? `${text} ${sorting.descending ? "▾" : "▴"}` : text;
    }
    body.replaceChildren(
      ...sortedTypes(report.per_type, sorting).flatMap((type) => {
        const scores = report.per_type[type];
        return scores ? [scoresRow(type, scores)] : [];
      }),
    );
  };
  fill();
  const foot = (["micro", "macro", "weighted"] as const).map((name) => scoresRow(name, report[name]));
  return h(
    "div",
    { class: "ft-scroll ft-tall" },
    h(
      "table",
      { "data-testid": "per-type-table" },
      h("thead", {}, h("tr", {}, ...heads.map(({ head }) => head))),
      body,
      h("tfoot", {}, ...foot),
    ),
  );
}

function scoresRow(name: string, scores: Scores): HTMLElement {
  const numbers = [percent(scores.precision), percent(scores.recall), percent(scores.f1), count(scores.support), count(scores.predicted)];
  return h("tr", {}, h("th", { scope: "row", dir: "auto" }, name), ...numbers.map((text) => h("td", {}, text)));
}

function confusion(report: EntityReport): HTMLElement {
  const { types, counts } = report.confusion;
  const { shown, leftOut } = confusionView(report.confusion);
  const last = types.length;
  const body = h("tbody");
  let shares = false;
  const toggle = h("button", { type: "button", "aria-pressed": false }, "shares of the row");
  const fill = (): void => {
    body.replaceChildren(
      ...[...shown, last].map((at) => {
        const row = counts[at] ?? [];
        const total = row.reduce((sum, value) => sum + value, 0);
        const cells = [...shown, last].map((to) => {
          const value = row[to] ?? 0;
          const share = total ? value / total : 0;
          const text = value === 0 ? "·" : shares ? `${(100 * share).toFixed(0)} %` : count(value);
          const cell = h("td", { class: at === to ? "ft-diagonal" : undefined }, text);
          if (at !== last && value) cell.style.setProperty("--ft-share", String(share));
          return cell;
        });
        return h("tr", {}, h("th", { scope: "row", dir: "auto" }, types[at] ?? "spurious"), ...cells);
      }),
    );
  };
  toggle.addEventListener("click", () => {
    shares = !shares;
    toggle.setAttribute("aria-pressed", String(shares));
    fill();
  });
  fill();
  const heads = ["gold \\ predicted", ...shown.map((at) => types[at] ?? ""), "missed"];
  const note = "rows: gold, columns: predicted; the diagonal holds right types, wrong borders included";
  const left = leftOut ? `; ${leftOut} more types, with fewer confusions or none, are left out` : "";
  return h(
    "details",
    { open: types.length <= 12 },
    h("summary", {}, "Confusion: which type was taken for which"),
    h("div", { class: "ft-tools" }, toggle, h("span", { class: "ft-muted" }, note + left)),
    h(
      "div",
      { class: "ft-scroll ft-tall" },
      h(
        "table",
        { class: "ft-grid", "data-testid": "confusion-grid" },
        h("thead", {}, h("tr", {}, ...heads.map((text) => h("th", { scope: "col", dir: "auto" }, text)))),
        body,
      ),
    ),
  );
}

function history(report: EntityReport): HTMLElement {
  const rows = report.history.map((entry) => {
    const cells = [entry.loss === null ? "–" : entry.loss.toFixed(4), percent(entry.precision), percent(entry.recall), percent(entry.f1)];
    return h("tr", {}, h("th", { scope: "row" }, decimal(entry.epoch)), ...cells.map((text) => h("td", {}, text)));
  });
  const heads = ["epoch", "dev loss", "precision", "recall", "F1"].map((text) => h("th", { scope: "col" }, text));
  return h(
    "details",
    {},
    h("summary", {}, "Dev scores per epoch"),
    h("table", { "data-testid": "history" }, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...rows)),
  );
}
