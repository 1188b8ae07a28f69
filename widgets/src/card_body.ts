/** What a card says: sentences with marked spans, texts, labels, relations, and how probable they are. */

import { h } from "./dom.ts";
import { mark, type Colors } from "./section_view.ts";
import { sentenceView } from "./sentence_view.ts";
import { textView } from "./text_view.ts";
import type { Arrow, Sentence, ShownCard, ShownScore, Side } from "./wire.ts";

export function cardBody({ question, sentences, texts, sides, arrows, scores }: ShownCard, color: Colors): HTMLElement[] {
  return [
    ...(question ? [h("div", { class: "ft-question", dir: "auto" }, question)] : []),
    ...sentences.flatMap((sentence) => versionView(sentence, color)),
    ...texts.map(textView),
    ...(sides.length ? [h("div", { class: "ft-labels" }, ...sides.map((each) => sideView(each, color)))] : []),
    ...arrows.map((each) => arrowView(each, color)),
    ...(scores.length ? [h("div", { class: "ft-scores" }, ...scores.map((each) => scoreView(each, color)))] : []),
  ];
}

function versionView(sentence: Sentence, color: Colors): HTMLElement[] {
  const view = sentenceView(sentence, color);
  return sentence.name ? [h("div", { class: "ft-muted ft-run-name", dir: "auto" }, sentence.name), view] : [view];
}

function sideView({ name, labels, right }: Side, color: Colors): HTMLElement {
  const chips = labels.map((label) => mark(h("bdi", { class: "ft-label-chip" }, label), color(label)));
  return h(
    "span",
    {},
    h("bdi", { class: "ft-muted" }, `${name} `),
    ...(chips.length ? chips.flatMap((chip, at) => (at ? [" ", chip] : [chip])) : ["–"]),
    right ? " ✓" : "",
  );
}

/** Two entities with what leads from one to the other; a dotted line for no relation. */
function arrowView({ name, start, label, said, end, none, right }: Arrow, color: Colors): HTMLElement {
  const side = h("bdi", { class: "ft-muted ft-arrow-side" }, name);
  const [first, last] = [start, end].map((text) => h("bdi", { class: "ft-arrow-end" }, text)) as [HTMLElement, HTMLElement];
  const chip = mark(h("bdi", { class: "ft-label-chip" }, said), none ? undefined : color(label));
  const [before, after] = (none ? ["┄┄", "┄┄"] : ["──", "─▶"]).map((text) => h("span", { class: "ft-muted ft-arrow-line" }, text)) as [
    HTMLElement,
    HTMLElement,
  ];
  return h("div", { class: "ft-arrow", dir: "ltr", "data-testid": "arrow" }, side, " ", first, " ", before, " ", chip, after, " ", last, right ? " ✓" : "");
}

function scoreView({ label, share, text }: ShownScore, color: Colors): HTMLElement {
  const bar = mark(h("i", { class: "ft-share", "aria-hidden": true }), color(label));
  bar.style.setProperty("--at", String(share));
  return h("span", {}, bar, h("bdi", {}, label), ` ${text}`);
}
