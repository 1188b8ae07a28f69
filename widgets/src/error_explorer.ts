/** The examples behind every number: filtered, ordered, page by page. */

import { cardList } from "./card_list.ts";
import { button, h, type Panel } from "./dom.ts";
import { exampleCard } from "./example_card.ts";
import { atHand, cellName, EVERYTHING, MISTAKES, selected, type Example, type Filter, type Sort } from "./example_data.ts";
import { filterBar, type Change } from "./explorer_filters.ts";
import type { Answer, Mailbox } from "./kernel_pages.ts";
import { pager } from "./pager.ts";
import { pageSource, type Found, type PageSource } from "./page_source.ts";
import { attributeName, type EntityReport } from "./report_data.ts";
import { legend } from "./sentence_view.ts";

const LIMIT = 10;
const AT_FIRST: Filter = { ...EVERYTHING, kinds: MISTAKES };

/** Show what a filter keeps; the way back leads to an element in a tab. */
export type Explore = (filter: Partial<Filter>, from: string, focus: HTMLElement) => void;
/** Where a person came from, and how to get back there. */
export interface Origin {
  words: string;
  back: () => void;
}
export interface Explorer extends Panel {
  /** Look, when it is next opened, for what a filter keeps; what that does not name is let through. */
  aim: (filter: Partial<Filter>, origin: Origin) => void;
  opened: () => void;
}
type End = "first" | "last";
interface Query {
  filter: Filter;
  sort: Sort;
}
interface Page extends Answer {
  examples: Example[];
}

/** `examples` are the first of `total` pairs. */
export function exampleSource(examples: readonly Example[], total: number, mailbox: Mailbox): PageSource<Query, Example> {
  return pageSource<Query, Example, Page>(
    {
      near: ({ filter, sort }) => selected(examples, filter, sort),
      complete: ({ filter }) => atHand(examples, total, filter),
      question: (query) => ({ kind: "page", ...query }),
      items: (page) => page.examples,
    },
    mailbox,
  );
}

export function errorExplorer(report: EntityReport, source: PageSource<Query, Example>): Explorer {
  let [filter, sort, origin] = [AT_FIRST, "row" as Sort, null as Origin | null];
  let due = true;
  const set = (to: Filter, order: Sort, from: Origin | null): void => {
    [filter, sort, origin] = [to, order, from];
    view.set(filter, sort, origin);
  };
  const find = (offset: number, end: End | null = null): void => {
    let landing = end;
    source.find({ filter, sort, offset, limit: LIMIT }, (found) => {
      view.show(offset, found);
      if (landing) view.focus(landing);
      if (found.items.length) landing = null;
    });
  };
  const view = explorerView(report, {
    alter({ sort: order = sort, ...parts }) {
      set({ ...filter, ...parts }, order, origin);
      find(0);
    },
    turn: find,
    clear() {
      set(AT_FIRST, "row", null);
      find(0, "first");
    },
  });
  set(AT_FIRST, "row", null);
  return {
    root: view.root,
    close: source.close,
    aim(part, from) {
      set({ ...EVERYTHING, ...part }, "row", from);
      due = true;
    },
    opened() {
      if (due) find(0, origin && "first");
      due = false;
    },
  };
}

interface Wishes {
  alter: (change: Change) => void;
  turn: (offset: number, end?: End) => void;
  clear: () => void;
}
interface View {
  root: HTMLElement;
  set: (filter: Filter, sort: Sort, origin: Origin | null) => void;
  show: (offset: number, found: Found<Example>) => void;
  focus: (end: End) => void;
}

function explorerView(report: EntityReport, { alter, turn, clear }: Wishes): View {
  let [place, all] = [0, 0];
  const bar = filterBar(report, alter);
  const pages = pager(LIMIT, "explorer-total", turn);
  const list = cardList("examples", "examples", (step) => {
    const to = place + step * LIMIT;
    if (to >= 0 && to < all) turn(to, step > 0 ? "first" : "last");
  });
  const came = h("div", { class: "ft-origin", "data-testid": "origin" });
  const trouble = h("div", { class: "ft-warning", role: "alert" });
  const hint = h("span", { class: "ft-muted" }, "j and k move, c copies the row id");
  const line = h("div", { class: "ft-tools" }, h("strong", {}, pages.status), legend(), hint);
  const root = h("div", { "data-testid": "error-explorer" }, came, bar.root, line, trouble, list.root, pages.buttons);
  return {
    root,
    set(filter, sort, origin) {
      bar.set(filter, sort);
      came.replaceChildren(...(origin ? wayBack(filter, origin, clear) : []));
    },
    show(offset, { items, total, state, note, trouble: text = "" }) {
      [place, all] = [offset, total];
      root.dataset["state"] = state;
      trouble.textContent = text;
      // What stands below must not jump while the kernel looks.
      list.root.style.minHeight = state === "asking" ? `${list.root.offsetHeight}px` : "";
      list.show(items.map((example) => exampleCard(example)));
      pages.show({ offset, shown: items.length, found: total, instead: note, late: state === "asking" });
    },
    focus: (end) => list.focus(end === "first" ? 0 : LIMIT),
  };
}

function wayBack(filter: Filter, { words, back }: Origin, clear: () => void): HTMLElement[] {
  return [
    h("strong", { dir: "auto", "data-testid": "origin-name" }, describe(filter)),
    button(`← back to ${words}`, back, { "data-testid": "way-back" }),
    button("show all mistakes", clear, { "data-testid": "clear-filter" }),
  ];
}

function describe(filter: Filter): string {
  if (filter.bucket) return `${attributeName(filter.bucket[0])}: ${filter.bucket[1]}`;
  if (filter.type !== null) return `${filter.type} on either side`;
  return cellName(filter) || filter.kinds.join(", ");
}
