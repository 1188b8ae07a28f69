/** Where pages come from: those sent along at once, then the kernel. */

import { count } from "./format.ts";
import { asker, type Answer, type Mailbox } from "./kernel_pages.ts";

export interface Place {
  offset: number;
  limit: number;
}
export interface Found<Item> {
  items: readonly Item[];
  /** How many there are in all, as far as is known. */
  total: number;
  state: "ready" | "asking" | "waiting" | "failed";
  /** Said instead of the total while that is not known. */
  note?: string;
  trouble?: string;
}
export interface PageSource<Query, Item> {
  /** `receive` is called at once, and again when the kernel is slow and when it answers. */
  find: (query: Query & Place, receive: (found: Found<Item>) => void) => void;
  close: () => void;
}
interface Ways<Query, Item, Page> {
  /** What a query finds among the items that were sent along, in order. */
  near: (query: Query) => Item[];
  /** Whether that is all there is. */
  complete: (query: Query) => boolean;
  question: (query: Query & Place) => object;
  items: (page: Page) => Item[];
}

export function pageSource<Query, Item, Page extends Answer>(ways: Ways<Query, Item, Page>, mailbox: Mailbox): PageSource<Query, Item> {
  const kernel = asker<Page>(mailbox);
  return {
    find(query, receive) {
      const near = ways.near(query);
      const here = { items: near.slice(query.offset, query.offset + query.limit), total: near.length };
      kernel.forget();
      if (ways.complete(query)) return receive({ ...here, state: "ready" });
      receive({ ...here, state: "asking", note: "asking the kernel …" });
      kernel.ask(ways.question(query), {
        answered: (page) => receive({ items: ways.items(page), total: page.total ?? 0, state: "ready" }),
        failed: (trouble) => receive({ ...here, state: "failed", note: sentAlong(near.length), trouble }),
        waiting: () => receive({ ...here, state: "waiting", note: `the kernel is busy: ${sentAlong(near.length)}` }),
      });
    },
    close: kernel.close,
  };
}

function sentAlong(some: number): string {
  return some ? `showing the first ${count(some)} that were sent along` : "none of those that were sent along is among these";
}
