/** Dev scores per epoch. */

import { h, spoken, table } from "./dom.ts";
import { decimal, percent } from "./format.ts";
import type { EntityReport } from "./report_data.ts";

export function historyPanel({ history }: EntityReport): HTMLElement {
  const best = Math.max(...history.map(({ f1 }) => f1 ?? -1));
  const rows = history.map(({ epoch, loss, precision, recall, f1 }) => [
    decimal(epoch),
    loss === null ? "–" : loss.toFixed(4),
    ...[precision, recall, f1].map((share) => percent(share)),
    f1 !== null && f1 === best ? "★ best" : "",
  ]);
  return h("div", { class: "ft-scroll" }, table(["epoch", "dev loss", "precision", "recall", "F1", spoken("note")], rows, { "data-testid": "history" }));
}
