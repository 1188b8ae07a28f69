/** Scores by what an entity is like: one table per attribute. */

import { button, h, section, spoken, tableRow } from "./dom.ts";
import type { Explore } from "./error_explorer.ts";
import { count, percent } from "./format.ts";
import { attributeName, bucketTables, type Bucket, type EntityReport } from "./report_data.ts";

const HEADS = ["bucket", "F1", "", "precision", "recall", "support", "predicted", "correct"];

export function bucketsPanel(report: EntityReport, by: string, explore: Explore): HTMLElement {
  const tables = bucketTables(report.buckets, by).map(([attribute, rows]) => bucketTable(attribute, rows, explore));
  if (tables.length === 0) return h("p", { class: "ft-muted" }, "This report has no buckets.");
  return h("div", { class: "ft-columns" }, ...tables);
}

function bucketTable(attribute: string, rows: readonly Bucket[], explore: Explore): HTMLElement {
  const heads = HEADS.map((head) => h("th", { scope: "col" }, head || spoken("F1, drawn")));
  const body = rows.map((row) => bucketRow(attribute, row, explore));
  const attributes = { class: "ft-clickable", "data-testid": "bucket-table", "data-attribute": attribute };
  return section(attributeName(attribute), h("table", attributes, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...body)));
}

function bucketRow(attribute: string, bucket: Bucket, explore: Explore): HTMLElement {
  const look = (): void => explore({ bucket: [attribute, bucket.label] }, "buckets", name);
  const name = button(bucket.label, () => {}, { class: "ft-link", dir: "auto" });
  const numbers = [percent(bucket.precision), percent(bucket.recall), ...[bucket.support, bucket.predicted, bucket.correct].map(count)];
  const row = tableRow(name, [percent(bucket.f1), bar(bucket.f1), ...numbers], { "data-label": bucket.label });
  row.addEventListener("click", look); // the button's own clicks and keys arrive here too
  return row;
}

function bar(share: number | null): HTMLElement {
  const line = h("span", { class: "ft-share", "aria-hidden": true });
  line.style.setProperty("--at", String(share ?? 0));
  return line;
}
