/** A text, its gold and predicted labels, and how probable the labels are. */

import { h } from "./dom.ts";
import { percent } from "./format.ts";
import { mark, type Colors } from "./section_view.ts";
import type { LabelsData } from "./wire.ts";

const MOST_SCORES = 5;

export function labelsView({ text, pair, gold, predicted, versions, scores = [] }: LabelsData, color: Colors): HTMLElement[] {
  const systems = versions ?? (predicted ? [{ name: "predicted", predicted }] : []);
  const right = (labels: readonly string[]): boolean => labels.length === gold?.length && labels.every((label) => gold.includes(label));
  const sides = [...(gold ? [side("gold", gold, color)] : []), ...systems.map((each) => side(each.name, each.predicted, color, right(each.predicted)))];
  return [
    ...[text, pair ?? ""].filter(Boolean).map((each) => h("p", { class: "ft-text", dir: "auto" }, each)),
    h("div", { class: "ft-labels" }, ...sides),
    ...(scores.length ? [h("div", { class: "ft-scores" }, ...scores.slice(0, MOST_SCORES).map(([label, share]) => score(label, share, color)))] : []),
  ];
}

export function labelsText({ text, pair = "" }: LabelsData): string {
  return `${text}\n${pair}`;
}

function side(name: string, labels: readonly string[], color: Colors, right = false): HTMLElement {
  const chips = labels.map((label) => mark(h("bdi", { class: "ft-label-chip" }, label), color(label)));
  return h("span", {}, h("bdi", { class: "ft-muted" }, `${name} `), ...(chips.length ? chips : ["–"]), right ? " ✓" : "");
}

function score(label: string, share: number, color: Colors): HTMLElement {
  const bar = h("i", { class: "ft-share", "aria-hidden": true });
  bar.style.setProperty("--at", String(share));
  bar.style.setProperty("--ft-label", color(label) ?? "var(--ft-muted)");
  return h("span", {}, bar, h("bdi", {}, label), ` ${percent(share)} %`);
}
