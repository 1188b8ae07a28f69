import assert from "node:assert/strict";
import { before, test } from "node:test";

import { Window } from "happy-dom";

import type { EntityReport, Scores } from "./report_data.ts";

const window = new Window();

before(() => {
  Object.assign(globalThis, {
    window,
    document: window.document,
    Element: window.Element,
    Document: window.Document,
    CSS: { escape: (text: string) => text },
    requestAnimationFrame: (call: () => void) => (call(), 1),
    cancelAnimationFrame: () => undefined,
  });
});

const scores = (f1: number | null, support: number): Scores => ({ precision: f1, recall: f1, f1, support, predicted: 3, correct: 1 });
const report: EntityReport = {
  schema: 1, id: "r1", title: "ner · test", mode: "conll", sentences: 2, words: 9,
  per_type: { "<b>": scores(0.25, 4), 人物: scores(null, 0) },
  micro: scores(0.25, 4), macro: scores(0.125, 4), weighted: scores(0.25, 4),
  confusion: { types: ["<b>", "人物"], counts: [[1, 1, 2], [0, 0, 0], [1, 2, 0]] },
  history: [
    { epoch: 1, loss: 1, precision: null, recall: 0, f1: 0 },
    { epoch: 2, loss: 0.5, precision: 0.5, recall: 0.5, f1: 0.5 },
  ],
};

async function render(): Promise<{ area: HTMLElement; twin: HTMLElement; dispose: () => void }> {
  const { default: view } = await import("./entity_report_view.ts");
  const area = document.createElement("div");
  area.className = "jp-OutputArea";
  const twin = document.createElement("div");
  twin.dataset["ftStatic"] = "r1";
  const el = document.createElement("div");
  area.append(twin, el);
  document.body.append(area);
  const dispose = view.render({ model: { get: () => report }, el } as never);
  return { area, twin, dispose };
}

test("the view hides its saved twin, and shows it again when it goes", async () => {
  const { twin, dispose } = await render();
  assert.equal(twin.hidden, true);
  dispose();
  assert.equal(twin.hidden, false);
});

test("a click on a heading sorts, and says so", async () => {
  const { area } = await render();
  const names = () => [...area.querySelectorAll('[data-testid="per-type-table"] tbody th')].map((cell) => cell.textContent);
  const heads = area.querySelectorAll<HTMLElement>('[data-testid="per-type-table"] thead th');
  const support = heads[4]!;
  support.querySelector("button")!.click();
  assert.equal(support.getAttribute("aria-sort"), "descending");
  assert.deepEqual(names(), ["<b>", "人物"]);
  support.querySelector("button")!.click();
  assert.equal(support.getAttribute("aria-sort"), "ascending");
  assert.deepEqual(names(), ["人物", "<b>"]);
});

test("names from data are text, never markup", async () => {
  const { area } = await render();
  assert.equal(area.querySelectorAll("b").length, 0);
});

test("the grid shows counts or shares of the row", async () => {
  const { area } = await render();
  const first = () => [...area.querySelectorAll('[data-testid="confusion-grid"] tbody tr')][0]!.textContent;
  assert.equal(first(), "<b>112");
  area.querySelector<HTMLElement>(".ft-tools button")!.click();
  assert.equal(first(), "<b>25 %25 %50 %");
});

test("the history has a row per epoch", async () => {
  const { area } = await render();
  assert.equal(area.querySelectorAll('[data-testid="history"] tbody tr').length, 2);
});
