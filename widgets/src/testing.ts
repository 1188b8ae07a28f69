/** What tests of views need: a window, a model that replaces the kernel's, a report. Not part of any bundle. */

import { Window } from "happy-dom";

import type { Answer, Mailbox } from "./kernel_pages.ts";
import { colorsOf, type Context } from "./section_view.ts";
import type { Cell, Examples, Filter, Grid, GridShape, Piece, ReportPage, ReportWire, Section, ShownCard, Table } from "./wire.ts";

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
  return { text, value: text === "" || Number.isNaN(number) ? null : number, filter: null, interval: null, label: "", bar: false, ...more };
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
  return { kind: "table", title: "Scores", columns: ["type", "F1", "support"], rows, support: 2, least: 0, note: "", open: true, ...more };
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
    sums_open: true,
    note: "",
    open: true,
    ...more,
  };
}

/** All of a grid, or as much of it as Python shows. */
export function shape({ rows, columns }: Grid, more: Partial<GridShape> = {}): GridShape {
  return { rows: [...rows.keys()], columns: [...columns.keys()], upright: false, left_out: "", ...more };
}

type Span = readonly [start: number, end: number, label: string];
const WORDS = ["Ada", "saw", "New", "York"];

/** The sentence in a piece a word, each under what covers it. */
function pieces(gold: Span | null, pred: Span | null): Piece[] {
  return WORDS.map((word, at) => {
    const cover = (span: Span | null): Piece["gold"] =>
      span && span[0] <= at && at < span[1] ? { label: span[2], own: true, starts: at === span[0], ends: at + 1 === span[1] } : null;
    const tags = (["gold", "predicted"] as const).flatMap((side) => {
      const span = side === "gold" ? gold : pred;
      return span && span[1] === at + 1 ? [{ text: `${side} ${span[2]}`, label: span[2], side, own: true }] : [];
    });
    return { text: word, gold: cover(gold), predicted: cover(pred), tags, joined: false };
  });
}

export function shown(row: string, more: Partial<ShownCard> = {}): ShownCard {
  const nothing = {
    badge: "",
    sign: "",
    right: null,
    about: [],
    question: "",
    sentences: [],
    texts: [],
    sides: [],
    arrows: [],
    scores: [],
    note: "",
    cut: false,
    facets: {},
    ranks: {},
  };
  return { row, key: row, search: row, ...nothing, ...more };
}

export function card(at: number, kind: string, gold: Span | null, pred: Span | null, more: Partial<ShownCard> = {}): ShownCard {
  const sure = pred ? 0.5 : null;
  const row = `dev.conll, line ${at}`;
  return shown(row, {
    key: `${row} ${kind}`,
    badge: kind,
    sign: "≠",
    right: kind === "correct",
    about: [`gold ${gold?.[2] ?? "–"} → predicted ${pred?.[2] ?? "–"}`],
    sentences: [{ name: "", mark: "", pieces: pieces(gold, pred) }],
    search: `${WORDS.join(" ")}\n${row}`,
    facets: { kind: [kind], gold: [gold?.[2] ?? ""], pred: [pred?.[2] ?? ""], type: [gold?.[2] ?? "", pred?.[2] ?? ""], seen: [at % 2 ? "seen" : "unseen"] },
    ranks: { row: at, confidence: sure === null ? null : -sure, doubt: sure },
    ...more,
  });
}

const sure = (row: number, confidence: number): Partial<ShownCard> => ({ ranks: { row, confidence: -confidence, doubt: confidence } });
/** One card per kind; `grid()` counts them. */
export const CARDS: ShownCard[] = [
  card(0, "correct", [0, 1, "<b>"], [0, 1, "<b>"], sure(0, 0.9)),
  card(1, "boundary", [2, 4, "人物"], [3, 4, "人物"], sure(1, 0.2)),
  card(2, "type", [0, 1, "<b>"], [0, 1, "人物"], sure(2, 0.8)),
  card(3, "missed", [2, 4, "<b>"], null),
  card(4, "spurious", null, [1, 2, "人物"], sure(4, 0.4)),
];
/** Of labels, as Python gives them. */
export const COLORS: Record<string, string> = { "<b>": "#0072B2", 人物: "#D55E00" };
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
export function report(sections: Section[] = [table(), grid(), examples()], more: Partial<ReportPage> = {}, sent: Partial<ReportWire> = {}): ReportWire {
  const layout = [[sections.map((_, at) => at)]];
  const grids = Object.fromEntries(sections.flatMap((section, at) => (section.kind === "grid" ? [[at, shape(section)]] : [])));
  const plain = { title: "ner · test", summary: "F1 25.00", figures: [], notes: [], drawings: {}, grids, layout, colors: COLORS, cards_a_page: 10 };
  return { page: { ...plain, sections, own: sections.length, ...more }, cards: CARDS, total: CARDS.length, ...sent };
}

export interface Explored {
  filter: Filter;
  name: string;
}
export function context(more: Partial<Context> = {}): Context & { explored: Explored[] } {
  const explored: Explored[] = [];
  return { color: colorsOf(COLORS), explore: (filter, name) => explored.push({ filter, name }), explored, ...more };
}

export function rowsOf(cards: readonly ShownCard[]): string[] {
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
