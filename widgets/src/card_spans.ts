/** Words with their gold spans underlined and their predicted spans boxed; of several systems, one below the other. */

import { h } from "./dom.ts";
import { plainText, sameSpan, type Span } from "./sentence_layout.ts";
import { sentenceView } from "./sentence_view.ts";
import type { SpansData } from "./wire.ts";

export function spansView(data: SpansData): HTMLElement[] {
  const { words, spaces = true, before = false, after = false, gold = [], predicted = [], versions, own } = data;
  const sentence = { words, spaces, before, after, gold };
  if (!versions) {
    const spans = { gold: own?.gold ?? [], pred: own?.predicted ?? [] };
    return [sentenceView({ ...sentence, pred: predicted, about: (side, span) => has(spans[side], span) })];
  }
  const changed = (span: Span): boolean => new Set(versions.map((version) => has(version.predicted, span))).size > 1;
  const seen = versions.flatMap(({ name, predicted: pred }) => [
    h("bdi", { class: "ft-muted ft-run-name", title: name }, name),
    sentenceView({ ...sentence, pred, about: (_, span) => changed(span) }),
  ]);
  return [h("div", { class: "ft-versions" }, ...seen)];
}

export function spansText({ words, spaces = true }: SpansData): string {
  return plainText({ words, spaces });
}

function has(spans: readonly Span[], span: Span): boolean {
  return spans.some((each) => sameSpan(each, span));
}
