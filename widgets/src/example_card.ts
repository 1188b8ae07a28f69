/** One pair of gold and predicted span in its sentence. */

import type { Card } from "./card_list.ts";
import { copyText } from "./clipboard.ts";
import { button, h, type Child } from "./dom.ts";
import type { Example, Kind } from "./example_data.ts";
import { attributeName } from "./report_data.ts";
import { sentenceView } from "./sentence_view.ts";

const COPIED_FOR_MS = 1500;
const SIGNS: Record<Kind, string> = { correct: "✓", boundary: "↔", type: "≠", both: "↔≠", missed: "−", spurious: "+" };
export const KIND_WORDS: Record<Kind, string> = {
  correct: "correct",
  boundary: "boundary error",
  type: "type error",
  both: "boundary and type error",
  missed: "missed",
  spurious: "spurious",
};

/** `below` stands under the sentence. */
export function exampleCard(example: Example, below: readonly Child[] = []): Card {
  const { nodes, copy } = rowCopier(example.row);
  const head = h(
    "div",
    { class: "ft-card-head" },
    kindBadge(example.kind),
    verdict(example),
    ...(example.confidence === null ? [] : [h("span", { class: "ft-muted" }, `confidence ${example.confidence.toFixed(2)}`)]),
    h("span", { class: "ft-row" }, ...nodes),
  );
  const attributes = { class: "ft-card", role: "listitem", tabindex: -1, title: bucketHint(example) };
  const data = { "data-testid": "example", "data-kind": example.kind, "data-pair": example.pair, "data-row": example.row };
  return { root: h("div", { ...attributes, ...data }, head, sentenceView(example), ...below), key: `pair ${example.pair}`, copy };
}

export function kindBadge(kind: string): HTMLElement {
  const known = kind as Kind;
  const sign = h("span", { class: "ft-sign", "aria-hidden": true }, SIGNS[known] ?? "?");
  return h("span", { class: "ft-badge", "data-kind": kind }, sign, KIND_WORDS[known] ?? kind);
}

function verdict({ kind, gold, pred }: Example): HTMLElement {
  if (kind === "correct") return h("bdi", {}, gold?.[2] ?? "");
  const sides = [side("gold", gold?.[2]), side("predicted", pred?.[2])].filter((each) => each !== null);
  return h("span", {}, ...sides.flatMap((each, at) => (at ? [" → ", each] : [each])));
}

function side(word: string, type: string | undefined): HTMLElement | null {
  return type === undefined ? null : h("span", {}, `${word} `, h("bdi", {}, type));
}

function bucketHint({ buckets }: Example): string {
  return Object.entries(buckets)
    .map(([attribute, labels]) => `${attributeName(attribute)}: ${labels.join(", ")}`)
    .join("\n");
}

/** A button that copies a row id, and says so to the eye and to the ear. */
export function rowCopier(row: string): { nodes: HTMLElement[]; copy: () => void } {
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
