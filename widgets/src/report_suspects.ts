/** Where the gold may be wrong: confident, consistent disagreement, the likeliest first. */

import { cardList } from "./card_list.ts";
import { h, type Child } from "./dom.ts";
import { exampleCard } from "./example_card.ts";
import type { Example } from "./example_data.ts";
import { pager } from "./pager.ts";
import type { EntityReport, Suspect } from "./report_data.ts";
import { legend } from "./sentence_view.ts";

const LIMIT = 10;
const NONE = "No gold entity is suspected: the model never disagrees with the gold both confidently and consistently.";

const UNKNOWN = "Suspected gold errors are found by the model's confidence, and these predictions come without confidences.";

export function suspectsPanel({ suspects, calibration }: EntityReport): HTMLElement {
  const none = calibration ? NONE : UNKNOWN;
  const why = "The model disagrees with these, confidently and consistently. Look before you believe either.";
  const reason = ({ score, reason: text }: Suspect): Child[] => [
    h("div", { class: "ft-muted", "data-testid": "reason" }, `${text} · score ${score.toFixed(2)}`),
  ];
  return h(
    "div",
    { "data-testid": "suspects" },
    h("p", { class: "ft-muted" }, suspects.length ? why : none),
    ...(suspects.length ? pagedCards("suspected gold errors", suspects, reason) : []),
  );
}

/** Cards of a list that is here as a whole. */
export function pagedCards<Row extends Example>(name: string, rows: readonly Row[], below: (row: Row) => Child[] = () => []): HTMLElement[] {
  let place = 0;
  const list = cardList(name, "cards", (step) => {
    const to = place + step * LIMIT;
    if (to < 0 || to >= rows.length) return;
    turn(to);
    list.focus(step > 0 ? 0 : LIMIT);
  });
  const pages = pager(LIMIT, "cards-total", (to) => turn(to));
  const turn = (to: number): void => {
    place = to;
    const shown = rows.slice(to, to + LIMIT);
    list.show(shown.map((row) => exampleCard(row, below(row))));
    pages.show({ offset: to, shown: shown.length, found: rows.length });
  };
  turn(0);
  const buttons = rows.length > LIMIT ? [pages.buttons] : [];
  return [h("div", { class: "ft-tools" }, h("strong", {}, pages.status), legend()), list.root, ...buttons];
}
