/** The sentences that a run gained over the baseline, and those that it lost. */

import { cardList, type Card } from "./card_list.ts";
import type { Change, Comparison, Sentence } from "./comparison_data.ts";
import { h, type Panel } from "./dom.ts";
import type { Span } from "./example_data.ts";
import { rowCopier } from "./example_card.ts";
import { searchBox } from "./explorer_filters.ts";
import { many } from "./format.ts";
import type { Answer, Mailbox } from "./kernel_pages.ts";
import { pager } from "./pager.ts";
import { pageSource, type PageSource } from "./page_source.ts";
import { plainText, sameSpan } from "./sentence_layout.ts";
import { legend, sentenceView } from "./sentence_view.ts";

const LIMIT = 5;
const MEANING: Record<Change, string> = { gained: "fewer mistakes than the baseline", lost: "more mistakes than the baseline" };

interface Query {
  text: string;
}
interface Page extends Answer {
  sentences: Sentence[];
}
interface SideView extends Panel {
  search: (text: string) => void;
}

export function changedSentences(comparison: Comparison, other: number, mailbox: Mailbox): Panel {
  const sides = (["gained", "lost"] as const).map((side) => sideView(comparison, other, side, mailbox));
  const box = searchBox("search these sentences", "comparison-search", (text) => sides.forEach((side) => side.search(text)));
  return {
    root: h("div", {}, h("div", { class: "ft-tools" }, box.root, legend()), ...sides.map(({ root }) => root)),
    close: () => sides.forEach((side) => side.close()),
  };
}

function sentenceSource(comparison: Comparison, other: number, side: Change, mailbox: Mailbox): PageSource<Query, Sentence> {
  const sent = other === 0 ? (comparison.sentences?.[side] ?? []) : [];
  const folded = (text: string): string => text.normalize("NFC").toLowerCase();
  return pageSource<Query, Sentence, Page>(
    {
      near: ({ text }) => sent.filter((sentence) => folded(plainText(sentence)).includes(folded(text.trim()))),
      complete: () => sent.length >= (comparison.others[other]?.[side] ?? 0),
      question: (query) => ({ kind: "sentences", other, side, ...query }),
      items: (page) => page.sentences,
    },
    mailbox,
  );
}

function sideView(comparison: Comparison, other: number, side: Change, mailbox: Mailbox): SideView {
  const run = comparison.others[other];
  const source = sentenceSource(comparison, other, side, mailbox);
  const list = cardList(`sentences ${side}`, `${side}-sentences`);
  const pages = pager(LIMIT, `${side}-total`, (offset) => turn(offset));
  const trouble = h("div", { class: "ft-warning", role: "alert" });
  let text = "";
  const turn = (offset: number): void =>
    source.find({ text, offset, limit: LIMIT }, (found) => {
      trouble.textContent = found.trouble ?? "";
      list.show(found.items.map((sentence) => sentenceCard(sentence, comparison.baseline, run?.title ?? "")));
      pages.show({ offset, shown: found.items.length, found: found.total, instead: found.note, late: found.state === "asking" });
    });
  turn(0);
  const heading = h("h4", {}, `${many(run?.[side] ?? 0, "sentence")} ${side} `, h("span", { class: "ft-muted" }, `(${MEANING[side]})`));
  const place = h("div", { class: "ft-tools" }, pages.status, pages.buttons);
  return {
    root: h("section", { class: "ft-section", "data-testid": side }, heading, place, trouble, list.root),
    close: source.close,
    search(wanted) {
      text = wanted;
      turn(0);
    },
  };
}

/** Whether only one of the runs has a span. */
function changed({ baseline_spans, other_spans }: Sentence, span: Span): boolean {
  const has = (spans: Span[]): boolean => spans.some((each) => sameSpan(each, span));
  return has(baseline_spans) !== has(other_spans);
}

/** The sentence twice: as the baseline saw it, and as the other run did. */
function sentenceCard(sentence: Sentence, baseline: string, other: string): Card {
  const { nodes, copy } = rowCopier(sentence.row);
  const seen = (name: string, spans: Span[]): HTMLElement[] => [
    h("bdi", { class: "ft-muted ft-run-name" }, name),
    sentenceView({ ...sentence, pred_spans: spans, about: (_, span) => changed(sentence, span) }),
  ];
  const versions = h("div", { class: "ft-versions" }, ...seen(baseline, sentence.baseline_spans), ...seen(other, sentence.other_spans));
  const head = h("div", { class: "ft-card-head" }, h("span", { class: "ft-row" }, ...nodes));
  const attributes = { class: "ft-card", role: "listitem", tabindex: -1, "data-testid": "changed-sentence", "data-row": sentence.row };
  return { root: h("div", attributes, head, versions), key: sentence.row, copy };
}
