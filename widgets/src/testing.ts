/** What tests of views need: a window, a model that replaces the kernel's, a report. Not part of any bundle. */

import { Window } from "happy-dom";

import type { Answer, Mailbox } from "./kernel_pages.ts";
import type { Span } from "./sentence_layout.ts";
import { colorsOf, type Context } from "./section_view.ts";
import type { Card, Cell, Examples, Filter, Grid, ReportWire, Section, SpansCard, Table } from "./wire.ts";

/** Make the globals of a browser; call it before a view is built. */
export function openWindow(): void {
  const window = new Window();
  const names = ["document", "Element", "HTMLElement", "Document", "Node", "KeyboardEvent", "MouseEvent", "Event"] as const;
  Object.assign(globalThis, Object.fromEntries(names.map((name) => [name, window[name]])), {
    window,
    CSS: { escape: (text: string) => text },
    requestAnimationFrame: (call: () => void) => (call(), 1),
    cancelAnimationFrame: () => undefined,
  });
}

export interface Asked {
  kind: string;
  id: number;
  [key: string]: unknown;
}
/** A mailbox whose kernel answers when the test says so. */
export class FakeKernel implements Mailbox {
  asked: Asked[] = [];
  #receive = new Set<(message: Answer) => void>();
  send(content: unknown): void {
    this.asked.push(content as Asked);
  }
  on(name: string, receive: (message: Answer) => void): void {
    if (name === "msg:custom") this.#receive.add(receive);
  }
  off(name: string, receive: (message: Answer) => void): void {
    if (name === "msg:custom") this.#receive.delete(receive);
  }
  get listeners(): number {
    return this.#receive.size;
  }
  get last(): Asked {
    return this.asked.at(-1)!;
  }
  answer(content: object, id = this.last.id): void {
    for (const receive of [...this.#receive]) receive({ kind: "page", ...content, id });
  }
}

export function cell(text: string, more: Partial<Cell> = {}): Cell {
  const number = Number(text);
  return { text, value: text === "" || Number.isNaN(number) ? null : number, filter: null, interval: null, label: "", ...more };
}

/** Scores of two types and an average; a name in markup, so that each test sees that it stays text. */
export function table(more: Partial<Table> = {}): Table {
  const row = (name: string, f1: string, support: string): Table["rows"][number] => ({
    cells: [
      cell(name, { value: null, label: name, filter: { type: name } }),
      cell(f1, { interval: f1 === "–" ? null : [0.1, 0.4] }),
      cell(support, { filter: { gold: name } }),
    ],
    strong: false,
  });
  const rows = [row("<b>", "25.00", "3"), row("人物", "–", "1"), { cells: [cell("micro"), cell("20.00"), cell("4")], strong: true }];
  return { kind: "table", title: "Scores", columns: ["type", "F1", "support"], rows, note: "", open: true, ...more };
}

/** The confusion of `CARDS`. */
export function grid(more: Partial<Grid> = {}): Grid {
  const names = ["<b>", "人物"];
  return {
    kind: "grid",
    title: "Confusion",
    rows: [...names, "spurious"],
    columns: [...names, "missed"],
    counts: [
      [1, 1, 1],
      [0, 1, 0],
      [0, 1, 0],
    ],
    row_axis: "gold",
    column_axis: "predicted",
    row_filters: [...names, ""].map((gold) => ({ gold })),
    column_filters: [...names, ""].map((pred) => ({ pred })),
    order: [],
    note: "",
    open: true,
    ...more,
  };
}

export function card(at: number, kind: string, gold: Span | null, pred: Span | null, more: Partial<SpansCard["data"]> = {}): SpansCard {
  const sure = pred ? 0.5 : null;
  return {
    kind: "spans",
    row: `dev.conll, line ${at}`,
    data: {
      badge: kind,
      sign: "≠",
      right: kind === "correct",
      about: [`gold ${gold?.[2] ?? "–"} → predicted ${pred?.[2] ?? "–"}`],
      confidence: sure,
      facets: { kind: [kind], gold: [gold?.[2] ?? ""], pred: [pred?.[2] ?? ""], type: [gold?.[2] ?? "", pred?.[2] ?? ""], seen: [at % 2 ? "seen" : "unseen"] },
      ranks: { row: at, confidence: sure === null ? null : -sure, doubt: sure },
      words: ["Ada", "saw", "New", "York"],
      spaces: true,
      gold: gold ? [gold] : [],
      predicted: pred ? [pred] : [],
      own: { gold: gold ? [gold] : [], predicted: pred ? [pred] : [] },
      ...more,
    },
  };
}

const sure = (row: number, confidence: number): Partial<SpansCard["data"]> => ({ confidence, ranks: { row, confidence: -confidence, doubt: confidence } });
/** One card per kind; `grid()` counts them. */
export const CARDS: SpansCard[] = [
  card(0, "correct", [0, 1, "<b>"], [0, 1, "<b>"], sure(0, 0.9)),
  card(1, "boundary", [2, 4, "人物"], [3, 4, "人物"], sure(1, 0.2)),
  card(2, "type", [0, 1, "<b>"], [0, 1, "人物"], sure(2, 0.8)),
  card(3, "missed", [2, 4, "<b>"], null),
  card(4, "spurious", null, [1, 2, "人物"], sure(4, 0.4)),
];
const KINDS = ["correct", "boundary", "type", "missed", "spurious"];

export function examples(more: Partial<Examples> = {}): Examples {
  return {
    kind: "examples",
    title: "Mistakes",
    cards: CARDS.slice(1),
    total: 4,
    filter: { kind: KINDS.slice(1) },
    facets: { kind: KINDS, type: ["<b>", "人物"], seen: ["seen", "unseen"] },
    sorts: ["row", "confidence", "doubt"],
    note: "",
    open: true,
    ...more,
  };
}

/** A report all of whose examples were sent along. */
export function report(sections: Section[] = [table(), grid(), examples()], more: Partial<ReportWire> = {}): ReportWire {
  return { title: "ner · test", summary: "F1 25.00", notes: [], sections, labels: ["<b>", "人物"], cards: CARDS, total: CARDS.length, ...more };
}

export interface Explored {
  filter: Filter;
  name: string;
}
export function context(more: Partial<Context> = {}): Context & { explored: Explored[] } {
  const explored: Explored[] = [];
  return { color: colorsOf(["<b>", "人物"]), minSupport: 0, explore: (filter, name) => explored.push({ filter, name }), explored, ...more };
}

export function rowsOf(cards: readonly Card[]): string[] {
  return cards.map(({ row }) => row.replace("dev.conll, line ", ""));
}

export function all(root: ParentNode, testid: string): HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>(`[data-testid="${testid}"]`)];
}

export function one(root: ParentNode, testid: string): HTMLElement {
  const [found] = all(root, testid);
  if (!found) throw new Error(`no ${testid}`);
  return found;
}

export function press(target: Element, key: string, more: KeyboardEventInit = {}): void {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
}

/** Choose in a select or type into an input. */
export function enter(target: HTMLElement, value: string, event = "change"): void {
  (target as HTMLInputElement).value = value;
  target.dispatchEvent(new Event(event, { bubbles: true }));
}
