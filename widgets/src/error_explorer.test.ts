import assert from "node:assert/strict";
import { before, mock, test } from "node:test";

import type { Explorer } from "./error_explorer.ts";
import type { Example } from "./example_data.ts";
import { all, enter, example, EXAMPLES, FakeKernel, one, openWindow, press, report } from "./testing.ts";

before(openWindow);

interface Opened extends Explorer {
  kernel: FakeKernel;
  pairs: () => string[];
}

async function open(examples: Example[] = EXAMPLES, total = examples.length): Promise<Opened> {
  const { errorExplorer, exampleSource } = await import("./error_explorer.ts");
  const kernel = new FakeKernel();
  const rates = { support: 1, predicted: 1, correct: 1, precision: 1, recall: 1, f1: 1 };
  const buckets = {
    seen: [
      { label: "seen", ...rates },
      { label: "unseen", ...rates },
    ],
  };
  const explorer = errorExplorer(report({ buckets }), exampleSource(examples, total, kernel));
  document.body.replaceChildren(explorer.root);
  explorer.opened();
  return { ...explorer, kernel, pairs: () => all(explorer.root, "example").map((card) => card.dataset["pair"] ?? "") };
}
const MANY = Array.from({ length: 23 }, (_, pair) => example(pair, "missed", [0, 1, "<b>"], null));

test("it opens on the mistakes", async () => {
  const { root, pairs } = await open();
  assert.deepEqual(pairs(), ["1", "2", "3", "4"]);
  assert.equal(one(root, "explorer-total").textContent, "4");
  assert.equal(root.dataset["state"], "ready");
});

test("kind, type, bucket and order are chosen, and combine", async () => {
  const { root, pairs } = await open();
  const kind = (name: string): void => {
    const input = one(root, "filter-kind").querySelector<HTMLInputElement>(`[value="${name}"]`)!;
    input.checked = true;
    input.dispatchEvent(new Event("change"));
  };
  kind("everything");
  assert.equal(pairs().length, 5);
  enter(one(root, "sort-examples"), "1");
  assert.deepEqual(pairs(), ["0", "2", "4", "1", "3"]);
  enter(one(root, "filter-type"), "2");
  assert.deepEqual(pairs(), ["2", "4", "1"]);
  enter(one(root, "filter-bucket"), "1");
  assert.deepEqual(pairs(), ["1"]);
  kind("missed");
  assert.deepEqual(pairs(), []);
  assert.equal(one(root, "explorer-total").textContent, "0");
});

test("a search waits until the typing stops", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { root, pairs } = await open();
  for (const text of ["l", "li", "line 3"]) enter(one(root, "explorer-search"), text, "input");
  assert.equal(pairs().length, 4);
  mock.timers.tick(250);
  assert.deepEqual(pairs(), ["3"]);
  mock.timers.reset();
});

test("j, k and the arrows walk from card to card, over the ends of a page too", async () => {
  const { root, pairs } = await open(MANY);
  const at = (): string | undefined => (document.activeElement as HTMLElement).dataset["pair"];
  all(root, "example")[0]!.focus();
  press(document.activeElement!, "j");
  press(document.activeElement!, "ArrowDown");
  assert.equal(at(), "2");
  press(document.activeElement!, "k");
  assert.equal(at(), "1");
  press(document.activeElement!, "End");
  press(document.activeElement!, "j");
  assert.deepEqual([pairs()[0], at()], ["10", "10"]);
  press(document.activeElement!, "ArrowUp");
  assert.equal(at(), "9");
  press(document.activeElement!, "Home");
  press(document.activeElement!, "k");
  assert.equal(at(), "0");
});

test("pages turn and end", async () => {
  const { root, pairs } = await open(MANY);
  const [previous, next] = [one(root, "previous-page") as HTMLButtonElement, one(root, "next-page") as HTMLButtonElement];
  assert.equal(previous.disabled, true);
  next.click();
  next.click();
  assert.deepEqual([pairs().length, pairs()[0], next.disabled], [3, "20", true]);
  previous.click();
  assert.equal(pairs()[0], "10");
});

test("the card in focus keeps it when the kernel's answer replaces the page", async () => {
  const { root, kernel } = await open(MANY, 100);
  all(root, "example")[3]!.focus();
  kernel.answer({ total: 100, examples: MANY.slice(1, 11) });
  assert.equal((document.activeElement as HTMLElement).dataset["pair"], "3");
});

test("a busy kernel and a failed answer are said, with what is at hand", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { root, kernel, pairs } = await open(MANY, 100);
  mock.timers.tick(800);
  assert.equal(root.dataset["state"], "waiting");
  assert.match(root.textContent ?? "", /the kernel is busy: showing the first 23 that were sent along/);
  assert.equal(pairs().length, 10);
  kernel.answer({ kind: "error", text: "the file is gone" });
  assert.equal(root.querySelector('[role="alert"]')?.textContent, "the file is gone");
  one(root, "next-page").click();
  assert.equal(root.querySelector('[role="alert"]')?.textContent, "");
  mock.timers.reset();
});

test("c and the button copy the row id, Ctrl+C is left alone", async () => {
  const { root } = await open();
  const copied: string[] = [];
  Object.defineProperty(globalThis, "navigator", { value: { clipboard: { writeText: async (text: string) => copied.push(text) } }, configurable: true });
  all(root, "example")[1]!.focus();
  press(document.activeElement!, "c");
  press(document.activeElement!, "c", { ctrlKey: true });
  all(root, "copy-row")[0]!.click();
  await Promise.resolve();
  assert.deepEqual(copied, ["dev.conll, line 2", "dev.conll, line 1"]);
});

test("a card shows gold and predicted together, in words and not in colour alone", async () => {
  const { root } = await open();
  const card = all(root, "example")[1]!;
  assert.match(card.textContent ?? "", /type error/);
  assert.deepEqual(
    [...card.querySelectorAll(".ft-label")].map((label) => label.textContent),
    ["gold <b>", "predicted 人物"],
  );
  assert.equal(one(card, "sentence").getAttribute("dir"), "auto");
  assert.equal(card.querySelector("bdi .ft-gold .ft-pred")?.firstChild?.textContent, "Ada");
});
