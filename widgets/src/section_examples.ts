/** Examples: filtered, ordered, page by page; the first are at hand, the kernel has the others. */

import { cardView } from "./card_head.ts";
import { cardList } from "./card_list.ts";
import { h, type Panel } from "./dom.ts";
import { filterBar, type Query } from "./explorer_filters.ts";
import type { Answer, Mailbox } from "./kernel_pages.ts";
import { pager } from "./pager.ts";
import { pageSource, type Found, type PageSource } from "./page_source.ts";
import { saveButtons } from "./save_file.ts";
import { keeps, type Colors } from "./section_view.ts";
import { legend } from "./sentence_view.ts";
import type { Examples, Filter, ShownCard } from "./wire.ts";

/** Examples that were sent along: those of a section, or some of every kind. */
export interface Pool {
  cards: readonly ShownCard[];
  /** What they were drawn from, and how many that has. */
  filter: Filter;
  total: number;
}
export interface Asking {
  /** How many are shown at a time. */
  limit: number;
  /** The section's place in the report: whose examples they are. */
  section: number;
  mailbox: Mailbox;
  pools: readonly Pool[];
}
interface Page extends Answer {
  cards: ShownCard[];
}
type End = "first" | "last";

/**
 * The examples of a section that a filter keeps, to be filtered further. What the section's facets do not name stays as
 * it is; what they name can be changed.
 */
export function examplesSection(section: Examples, first: Filter, asking: Asking, color: Colors): Panel {
  let query: Query = { filter: first, sort: section.sorts[0] ?? "row" };
  const source = sourceOf(asking, section.sorts.length > 0);
  const find = (offset: number, end: End | null = null): void => {
    let landing = end;
    source.find({ ...query, offset, limit: asking.limit }, (found) => {
      view.show(offset, found);
      if (landing) view.focus(landing);
      if (found.items.length) landing = null;
    });
  };
  const save = saveButtons(asking.mailbox, () => ({ section: asking.section, ...query }));
  const view = listView(section, asking.limit, color, save.root, find, (part, sort = query.sort) => {
    query = { filter: given({ ...query.filter, ...part }), sort };
    view.set(query);
    find(0);
  });
  view.set(query);
  find(0);
  const close = (): void => [source, save].forEach((each) => each.close());
  return { root: view.root, close };
}

/** Without what is undefined, which no message can say. */
function given(filter: Filter): Filter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

/** Cards of a list that has no orders stay as they were sent. */
function sourceOf({ section, mailbox, pools }: Asking, hasOrders: boolean): PageSource<Query, ShownCard> {
  // Best is one that has all that a filter can find; else the first, which has some of every kind.
  const has = (pool: Pool, { filter }: Query): boolean => pool.cards.length >= pool.total && includes(filter, pool.filter);
  const poolOf = (query: Query): Pool | undefined => pools.find((pool) => has(pool, query)) ?? pools[0];
  return pageSource<Query, ShownCard, Page>(
    {
      near(query) {
        const pool = poolOf(query);
        const rest = beyond(query.filter, pool?.filter ?? {});
        const kept = (pool?.cards ?? []).filter((card) => keeps(rest, card));
        return hasOrders ? sorted(kept, query.sort) : kept;
      },
      complete(query) {
        const pool = poolOf(query);
        if (!pool || !has(pool, query)) return false;
        return !(query.filter["text"] && pool.cards.some(isCut));
      },
      question: (query) => ({ kind: "page", section, ...query }),
      items: ({ cards }) => cards,
    },
    mailbox,
  );
}

/** Whether whatever a filter keeps is in a pool of another one. */
function includes(filter: Filter, pool: Filter): boolean {
  return Object.entries(pool).every(([name, values]) => {
    const [all, wanted] = [values, filter[name]].map((each) => (Array.isArray(each) ? each : [each]));
    return filter[name] !== undefined && wanted!.every((value) => all!.includes(value));
  });
}

/** What a filter asks beyond that by which a pool was drawn: its cards need not say that they pass it. */
function beyond(filter: Filter, pool: Filter): Filter {
  return Object.fromEntries(Object.entries(filter).filter(([name, wanted]) => JSON.stringify(wanted) !== JSON.stringify(pool[name])));
}

function isCut({ cut }: ShownCard): boolean {
  return cut;
}

function sorted(cards: ShownCard[], sort: string): ShownCard[] {
  const rank = ({ ranks }: ShownCard): number => ranks[sort] ?? Infinity;
  return cards.some(({ ranks }) => sort in ranks) ? cards.sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b))) : cards;
}

interface View {
  root: HTMLElement;
  set: (query: Query) => void;
  show: (offset: number, found: Found<ShownCard>) => void;
  focus: (end: End) => void;
}

function listView(
  section: Examples,
  limit: number,
  color: Colors,
  save: HTMLElement,
  turn: (offset: number, end?: End) => void,
  alter: (part: Filter, sort?: string) => void,
): View {
  let [place, all] = [0, 0];
  const bar = filterBar(section, alter);
  const pages = pager(limit, "explorer-total", turn);
  const list = cardList(section.title, "examples", (step) => {
    const to = place + step * limit;
    if (to >= 0 && to < all) turn(to, step > 0 ? "first" : "last");
  });
  const trouble = h("span", { class: "ft-warning", role: "alert" });
  const note = section.note ? [h("div", { class: "ft-muted", dir: "auto" }, section.note)] : [];
  const keys = h("span", { class: "ft-keys-of-marks" });
  const hint = h("span", { class: "ft-muted" }, "j and k move, c copies the row id");
  const line = h("div", { class: "ft-tools ft-place" }, h("strong", {}, pages.status), pages.buttons, keys, hint, save, trouble);
  const root = h("div", { "data-testid": "explorer" }, ...note, bar.root, line, list.root);
  return {
    root,
    set: bar.set,
    show(offset, { items, total, state, note: instead, trouble: text = "" }) {
      [place, all] = [offset, total];
      root.dataset["state"] = state;
      trouble.textContent = text;
      reserve(list.root);
      list.show(items.map((card) => cardView(card, color)));
      if (items.some(({ sentences }) => sentences.length > 0) && !keys.hasChildNodes()) keys.append(legend());
      pages.show({ offset, shown: items.length, found: total, instead, late: state === "asking" });
    },
    focus: (end) => list.focus(end === "first" ? 0 : limit),
  };
}

/** Keep the room that a list has had, so that what stands below does not jump when a page is turned or a filter set. */
function reserve(list: HTMLElement): void {
  const width = list.clientWidth;
  const before = width === Number(list.dataset["width"]) ? Number.parseFloat(list.style.minHeight) || 0 : 0;
  list.dataset["width"] = String(width); // in a narrower place its cards are higher, in a wider one lower
  list.style.minHeight = `${Math.max(before, list.offsetHeight)}px`;
}
