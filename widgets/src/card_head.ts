/** One example: what became of it and where it stands, above what it says. */

import { cardBody } from "./card_body.ts";
import type { Listed } from "./card_list.ts";
import { copyText } from "./clipboard.ts";
import { button, h } from "./dom.ts";
import type { Colors } from "./section_view.ts";
import type { ShownCard } from "./wire.ts";

const COPIED_FOR_MS = 1500;

export function cardView(card: ShownCard, color: Colors): Listed {
  const { row, key, about, note } = card;
  const { nodes, copy } = rowCopier(row);
  const head = h(
    "div",
    { class: "ft-card-head" },
    ...(card.badge ? [badge(card)] : []),
    ...about.map((text) => h("bdi", {}, text)),
    h("span", { class: "ft-row" }, ...nodes),
  );
  const why = note ? [h("div", { class: "ft-muted", dir: "auto", "data-testid": "card-note" }, note)] : [];
  const attributes = { class: "ft-card", role: "listitem", tabindex: -1, title: facetsHint(card), "data-testid": "example", "data-row": row };
  return { root: h("div", attributes, head, ...cardBody(card, color), ...why), key, copy };
}

function badge({ badge: text, sign, right }: ShownCard): HTMLElement {
  const signs = sign ? [h("span", { class: `ft-sign${right ? " ft-right" : ""}`, "aria-hidden": true }, sign)] : [];
  return h("span", { class: "ft-badge" }, ...signs, text);
}

function facetsHint({ facets }: ShownCard): string {
  return Object.entries(facets)
    .map(([name, values]) => `${name.replaceAll("_", " ")}: ${values.join(", ")}`)
    .join("\n");
}

/** A button that copies a row id, and says so to the eye and to the ear. */
function rowCopier(row: string): { nodes: HTMLElement[]; copy: () => void } {
  const spoken = h("span", { class: "ft-spoken", "aria-live": "polite" });
  const copy = async (): Promise<void> => {
    const done = await copyText(row, spoken);
    copier.textContent = done ? "copied" : "not allowed";
    spoken.textContent = done ? `copied ${row}` : "copying is not allowed here";
    setTimeout(() => (copier.textContent = "copy"), COPIED_FOR_MS);
  };
  const attributes = { class: "ft-small", "data-testid": "copy-row", "aria-label": `copy ${row}`, title: "copy the row id (c)" };
  const copier = button("copy", () => void copy(), attributes);
  return { nodes: [h("bdi", { class: "ft-muted" }, row), copier, spoken], copy: () => void copy() };
}
