/** What tests of views need: a window, a model that replaces the kernel's, a report. Not part of any bundle. */

import { Window } from "happy-dom";

import type { Example, Kind, Span } from "./example_data.ts";
import type { Answer, Mailbox } from "./kernel_pages.ts";
import { completeReport, type EntityReport, type Scores } from "./report_data.ts";

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

export const scores = (f1: number | null, support: number): Scores => ({
  precision: f1,
  recall: f1,
  f1,
  support,
  predicted: 3,
  correct: 1,
  intervals: { precision: null, recall: null, f1: f1 === null ? null : [f1 - 0.1, f1 + 0.1] },
});

export function example(pair: number, kind: Kind, gold: Span | null, pred: Span | null, more: Partial<Example> = {}): Example {
  return {
    pair,
    row: `dev.conll, line ${pair}`,
    sentence: pair,
    kind,
    gold,
    pred,
    confidence: pred ? 0.5 : null,
    words: ["Ada", "saw", "New", "York"],
    spaces: true,
    before: false,
    after: false,
    gold_spans: gold ? [gold] : [],
    pred_spans: pred ? [pred] : [],
    buckets: { seen: [pair % 2 ? "seen" : "unseen"] },
    ...more,
  };
}

/** One pair per kind; the confusion grid of `report()` counts them. */
export const EXAMPLES: Example[] = [
  example(0, "correct", [0, 1, "<b>"], [0, 1, "<b>"], { confidence: 0.9 }),
  example(1, "boundary", [2, 4, "人物"], [3, 4, "人物"], { confidence: 0.2 }),
  example(2, "type", [0, 1, "<b>"], [0, 1, "人物"], { confidence: 0.8 }),
  example(3, "missed", [2, 4, "<b>"], null),
  example(4, "spurious", null, [1, 2, "人物"], { confidence: 0.4 }),
];

export function report(more: Partial<EntityReport> = {}): EntityReport {
  return completeReport({
    schema: 2,
    id: "r1",
    title: "ner · test",
    per_type: { "<b>": scores(0.25, 3), 人物: scores(null, 1) },
    micro: scores(0.25, 4),
    macro: scores(0.125, 4),
    weighted: scores(0.25, 4),
    confusion: {
      types: ["<b>", "人物"],
      counts: [
        [1, 1, 1],
        [0, 1, 0],
        [0, 1, 0],
      ],
    },
    ...more,
  });
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
