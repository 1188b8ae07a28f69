import assert from "node:assert/strict";
import { afterEach, before, beforeEach, mock, test } from "node:test";

import { all, enter, FakeKernel, one, openWindow, press, shown } from "./testing.ts";
import type { ShownCard } from "./wire.ts";

const STILL_FOR_MS = 300;
const PATIENCE_MS = 700;

before(openWindow);
beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

interface Rendered {
  area: HTMLElement;
  box: HTMLTextAreaElement;
  kernel: FakeKernel;
  dispose: () => void;
}

async function render(traits: object = {}): Promise<Rendered> {
  const { default: view } = await import("./predict_box.ts");
  const kernel = new FakeKernel();
  const state: Record<string, unknown> = { name: "<b>intents</b>", colors: { waste: "#0072B2" }, ...traits };
  const area = document.createElement("div");
  document.body.append(area);
  const dispose = view.render({ model: Object.assign(kernel, { get: (name: string) => state[name] }), el: area } as never);
  return { area, box: one(area, "predict-box") as HTMLTextAreaElement, kernel, dispose };
}
function type(box: HTMLElement, text: string): void {
  enter(box, text, "input");
}

/** What the kernel says of a text that it takes for waste. */
function card(text: string): ShownCard {
  const scores = [
    { label: "waste", share: 0.75, text: "75.00 %" },
    { label: "水", share: 0.25, text: "25.00 %" },
  ];
  return shown("texts[0]", { texts: [{ name: "", pieces: [text] }], sides: [{ name: "predicted", labels: ["waste"], right: null }], scores });
}

test("what is typed is asked once it stays still, and the answer is drawn", async () => {
  const { area, box, kernel } = await render();
  type(box, "my b");
  mock.timers.tick(STILL_FOR_MS - 1);
  type(box, "my bin");
  mock.timers.tick(STILL_FOR_MS - 1);
  assert.equal(kernel.asked.length, 0);
  mock.timers.tick(1);
  assert.deepEqual({ ...kernel.last, id: 0 }, { kind: "predict", text: "my bin", id: 0 });
  kernel.answer({ kind: "answers", cards: [card("my bin")] });
  assert.match(one(area, "example").textContent ?? "", /my bin.*predicted waste.*waste 75\.00 %.*水 25\.00 %/);
  assert.equal(one(area, "example").querySelector<HTMLElement>(".ft-labelled")?.style.getPropertyValue("--ft-fill"), "#0072B2");
});

test("an answer has no gold and is neither right nor wrong, though nothing was predicted", async () => {
  const { area, box, kernel } = await render();
  type(box, "a text");
  mock.timers.tick(STILL_FOR_MS);
  kernel.answer({ kind: "answers", cards: [shown("texts[0]", { sides: [{ name: "predicted", labels: [], right: null }] })] });
  const text = one(area, "example").textContent ?? "";
  assert.match(text, /predicted –/);
  assert.doesNotMatch(text, /gold|✓/);
});

test("only the answer to the newest text counts", async () => {
  const { area, box, kernel } = await render();
  type(box, "old");
  mock.timers.tick(STILL_FOR_MS);
  const before = kernel.last.id;
  type(box, "new");
  mock.timers.tick(STILL_FOR_MS);
  kernel.answer({ kind: "answers", cards: [card("old")] }, before);
  assert.equal(all(area, "example").length, 0);
  kernel.answer({ kind: "answers", cards: [card("new")] });
  assert.equal(all(area, "example").length, 1);
});

test("an emptied box asks nothing, and an answer under way is not shown", async () => {
  const { area, box, kernel } = await render();
  type(box, "a text");
  mock.timers.tick(STILL_FOR_MS);
  type(box, " \n ");
  mock.timers.tick(STILL_FOR_MS);
  assert.equal(kernel.asked.length, 1);
  kernel.answer({ kind: "answers", cards: [card("a text")] });
  assert.equal(all(area, "example").length, 0);
});

test("a busy kernel is said, and its answer takes the words away", async () => {
  const { area, box, kernel } = await render();
  const status = area.querySelector('[role="status"]');
  type(box, "a text");
  mock.timers.tick(STILL_FOR_MS);
  assert.equal(status?.textContent, "");
  mock.timers.tick(PATIENCE_MS);
  assert.equal(status?.textContent, "the kernel is busy; it answers when it is free");
  kernel.answer({ kind: "answers", cards: [card("a text")] });
  assert.equal(status?.textContent, "");
});

test("a fault is said, and answers to another text go", async () => {
  const { area, box, kernel } = await render();
  type(box, "a text");
  mock.timers.tick(STILL_FOR_MS);
  kernel.answer({ kind: "answers", cards: [card("a text")] });
  type(box, "another");
  mock.timers.tick(STILL_FOR_MS);
  kernel.answer({ kind: "error", text: "run intents is still training" });
  assert.equal(area.querySelector('[role="status"]')?.textContent, "run intents is still training");
  assert.equal(all(area, "example").length, 0);
});

test("a name is text, never markup, and keys stay with the box", async () => {
  const { area, box } = await render();
  assert.equal(area.querySelectorAll("b").length, 0);
  assert.equal(box.getAttribute("aria-label"), "texts for <b>intents</b>");
  let received = 0;
  area.addEventListener("keydown", () => received++);
  press(box, "a");
  assert.equal(received, 0);
});

test("a view that goes asks no more and leaves nobody listening", async () => {
  const { box, kernel, dispose } = await render();
  type(box, "a text");
  dispose();
  mock.timers.tick(STILL_FOR_MS);
  assert.equal(kernel.asked.length, 0);
  assert.equal(kernel.listeners, 0);
});
