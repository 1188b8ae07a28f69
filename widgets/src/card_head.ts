/** One example: what became of it and where it stands, above what its kind of card shows. */

import type { Listed } from "./card_list.ts";
import { labelsText, labelsView } from "./card_labels.ts";
import { spansText, spansView } from "./card_spans.ts";
import { textsText, textsView } from "./card_texts.ts";
import { copyText } from "./clipboard.ts";
import { button, h } from "./dom.ts";
import { percent } from "./format.ts";
import type { Colors } from "./section_view.ts";
import type { Card, CardData } from "./wire.ts";

const COPIED_FOR_MS = 1500;

export function cardView(card: Card, color: Colors): Listed {
  const { row, data } = card;
  const { nodes, copy } = rowCopier(row);
  const sure = data.confidence ?? null;
  const head = h(
    "div",
    { class: "ft-card-head" },
    ...(data.badge ? [badge(data)] : []),
    ...(data.about ?? []).map((text) => h("bdi", {}, text)),
    ...(sure === null ? [] : [h("span", { class: "ft-muted" }, `confidence ${percent(sure)} %`)]),
    h("span", { class: "ft-row" }, ...nodes),
  );
  const note = data.note ? [h("div", { class: "ft-muted", dir: "auto", "data-testid": "card-note" }, data.note)] : [];
  const attributes = { class: "ft-card", role: "listitem", tabindex: -1, title: facetsHint(data), "data-testid": "example", "data-row": row };
  return { root: h("div", attributes, head, ...body(card, color), ...note), key: keyOf(card), copy };
}

/** What a search looks through, as far as the card shows it. */
export function cardText(card: Card): string {
  const text = card.kind === "spans" ? spansText(card.data) : card.kind === "labels" ? labelsText(card.data) : textsText(card.data);
  return `${text}\n${card.row}`;
}

function body(card: Card, color: Colors): HTMLElement[] {
  if (card.kind === "spans") return spansView(card.data);
  return card.kind === "labels" ? labelsView(card.data, color) : textsView(card.data);
}

function keyOf({ row, data }: Card): string {
  const own = "own" in data ? data.own : null;
  return JSON.stringify([row, data.badge, data.about, own]);
}

function badge({ badge: text = "", sign, right }: CardData): HTMLElement {
  const signs = sign ? [h("span", { class: `ft-sign${right ? " ft-right" : ""}`, "aria-hidden": true }, sign)] : [];
  return h("span", { class: "ft-badge" }, ...signs, text);
}

function facetsHint({ facets = {} }: CardData): string {
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
