/** A sentence with its gold spans underlined and its predicted spans boxed, in pieces that the kernel has cut. */

import { h } from "./dom.ts";
import { mark, type Colors } from "./section_view.ts";
import type { Cover, Piece, Sentence, Tag } from "./wire.ts";

export function sentenceView({ mark: direction, pieces }: Sentence, color: Colors): HTMLElement {
  const groups: Piece[][] = [];
  for (const piece of pieces) {
    if (piece.joined) groups.at(-1)?.push(piece);
    else groups.push([piece]);
  }
  return h(
    "p",
    { class: "ft-sentence", dir: "auto", "data-testid": "sentence" },
    ...(direction ? [h("span", { class: "ft-no-copy", "aria-hidden": true }, direction)] : []),
    ...groups.map((group) => groupView(group, color)),
  );
}

/** Spans are isolated, so that a name of the other direction does not turn its neighbours round. */
function groupView(group: readonly Piece[], color: Colors): Node {
  const [first] = group;
  if (first && !first.gold && !first.predicted) return document.createTextNode(first.text);
  return h("bdi", {}, ...group.map((piece) => pieceView(piece, color)));
}

function pieceView({ text, gold, predicted, tags }: Piece, color: Colors): HTMLElement {
  const inside = [text, ...tags.map((tag) => tagView(tag, color))];
  const boxed = predicted ? [covered("ft-pred", predicted, inside, color)] : inside;
  return gold ? covered("ft-gold", gold, boxed, color) : h("span", {}, ...boxed);
}

function covered(kind: string, { label, own, starts, ends }: Cover, inside: (Node | string)[], color: Colors): HTMLElement {
  const classes = [kind, own ? "ft-own" : "", starts ? "ft-starts" : "", ends ? "ft-ends" : ""].filter(Boolean).join(" ");
  return mark(h("span", { class: classes }, ...inside), color(label));
}

function tagView({ text, label, side, own }: Tag, color: Colors): HTMLElement {
  return mark(h("bdi", { class: `ft-label ft-label-${side}${own ? " ft-own" : ""}`, "data-side": side, "data-type": label }, `\u00a0${text}`), color(label));
}

/** What the marks mean. */
export function legend(): HTMLElement {
  const box = h("span", { class: "ft-pred ft-own ft-starts ft-ends" }, "predicted");
  const line = h("span", { class: "ft-gold ft-own" }, "gold");
  return h("span", { class: "ft-legend" }, line, box);
}
