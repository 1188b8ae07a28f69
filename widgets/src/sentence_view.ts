/** A sentence with its gold spans underlined and its predicted spans boxed. */

import { h, spoken } from "./dom.ts";
import { directionMark, layOut, type Cover, type Edge, type Marked, type Piece, type Side } from "./sentence_layout.ts";

interface Cut {
  before?: boolean;
  after?: boolean;
}

export function sentenceView(sentence: Marked & Cut): HTMLElement {
  const groups = layOut(sentence).map(groupView);
  const mark = directionMark(sentence.words);
  return h(
    "p",
    { class: "ft-sentence", dir: "auto", "data-testid": "sentence" },
    ...(mark ? [h("span", { "aria-hidden": true }, mark)] : []),
    ...(sentence.before ? ["… "] : []),
    ...groups,
    ...(sentence.after ? [" …"] : []),
  );
}

/** Spans are isolated, so that a name of the other direction does not turn its neighbours round. */
function groupView(group: Piece[]): Node {
  const [only] = group;
  if (only && group.length === 1 && !only.gold && !only.pred) return document.createTextNode(only.text);
  return h("bdi", {}, ...group.map(pieceView));
}

function pieceView({ text, gold, pred, labels }: Piece): HTMLElement {
  const tags = calm(labels).map(label);
  const inner = pred ? h("span", { class: coverClass("pred", pred) }, text, ...tags) : null;
  if (gold) return h("span", { class: coverClass("gold", gold) }, ...(inner ? [inner] : [text, ...tags]));
  return inner ?? h("span", {}, text, ...tags);
}

function coverClass(side: Side, { own, starts, ends }: Cover): string {
  return [`ft-${side}`, own ? "ft-own" : "", starts ? "ft-starts" : "", ends ? "ft-ends" : ""].filter(Boolean).join(" ");
}

/** A neighbour that both sides agree on needs its type but once. */
function calm(labels: readonly Edge[]): readonly Edge[] {
  const agreed = ({ side, type, own, start }: Edge): boolean =>
    side === "gold" && !own && labels.some((edge) => edge.side === "pred" && !edge.own && edge.type === type && edge.start === start);
  return labels.filter((edge) => !agreed(edge));
}

function label({ side, type, own }: Edge): HTMLElement {
  const before = side === "gold" ? "gold " : spoken("predicted ");
  return h("bdi", { class: `ft-label ft-label-${side}${own ? " ft-own" : ""}`, "data-side": side, "data-type": type }, before, type);
}

/** What the marks mean. */
export function legend(): HTMLElement {
  const box = h("span", { class: "ft-pred ft-own ft-starts ft-ends" }, "predicted entity", h("bdi", { class: "ft-label ft-label-pred ft-own" }, "TYPE"));
  const line = h("span", { class: "ft-gold ft-own" }, "gold entity", h("bdi", { class: "ft-label ft-label-gold ft-own" }, "gold TYPE"));
  return h("span", { class: "ft-legend" }, line, box);
}
