import assert from "node:assert/strict";
import { before, mock, test } from "node:test";

import type { Panel } from "./dom.ts";
import { all, card, CARDS, context, enter, examples, FakeKernel, one, openWindow, press } from "./testing.ts";
import type { Examples, Filter, ShownCard } from "./wire.ts";

before(openWindow);

interface Opened extends Panel {
  kernel: FakeKernel;
  rows: () => string[];
}

/** The list over a pool of cards of every kind. */
async function open(cards: readonly ShownCard[] = CARDS, total = cards.length, more: Partial<Examples> = {}, filter?: Filter): Promise<Opened> {
  const { examplesSection } = await import("./section_examples.ts");
  const kernel = new FakeKernel();
  const section = examples(more);
  const panel = examplesSection(
    section,
    filter ?? section.filter,
    { section: 7, limit: 10, mailbox: kernel, pools: [{ cards, filter: {}, total }] },
    context().color,
  );
  document.body.replaceChildren(panel.root);
  return { ...panel, kernel, rows: () => all(panel.root, "example").map((each) => each.dataset["row"]!.replace("dev.conll, line ", "")) };
}
const MANY = Array.from({ length: 23 }, (_, at) => card(at, "missed", [0, 1, "<b>"], null));
const activeRow = (): string => (document.activeElement as HTMLElement).dataset["row"]?.replace("dev.conll, line ", "") ?? "";
const chip = (root: HTMLElement, words: string): void => {
  const label = [...one(root, "filter-kind").querySelectorAll("label")].find((each) => each.textContent === words)!;
  const input = label.querySelector("input")!;
  input.checked = true;
  input.dispatchEvent(new Event("change"));
};

test("it opens on what the section is about, without asking for what is at hand", async () => {
  const { root, rows, kernel } = await open();
  assert.deepEqual(rows(), ["1", "2", "3", "4"]);
  assert.equal(one(root, "explorer-total").textContent, "4");
  assert.equal(root.dataset["state"], "ready");
  assert.equal(kernel.asked.length, 0);
  assert.equal(one(root, "filter-kind").querySelector<HTMLInputElement>("input:checked")?.parentElement?.textContent, "mistakes");
});

test("kind, type, bucket and order are chosen, and combine", async () => {
  const { root, rows } = await open();
  chip(root, "everything");
  assert.equal(rows().length, 5);
  enter(one(root, "sort-examples"), "1");
  assert.deepEqual(rows(), ["0", "2", "4", "1", "3"]);
  enter(one(root, "filter-type"), "1");
  assert.deepEqual(rows(), ["2", "4", "1"]);
  enter(one(root, "filter-seen"), "0");
  assert.deepEqual(rows(), ["1"]);
  chip(root, "missed");
  assert.deepEqual(rows(), []);
  assert.equal(one(root, "explorer-total").textContent, "0");
});

test("what no control names stays in the filter", async () => {
  const { root, rows } = await open(CARDS, CARDS.length, {}, { gold: "<b>", pred: "人物" });
  assert.deepEqual(rows(), ["2"]);
  chip(root, "missed");
  assert.deepEqual(rows(), []);
  chip(root, "everything");
  assert.deepEqual(rows(), ["2"]);
});

test("a search waits until the typing stops", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { root, rows } = await open();
  for (const text of ["l", "li", "line 3"]) enter(one(root, "explorer-search"), text, "input");
  assert.equal(rows().length, 4);
  mock.timers.tick(250);
  assert.deepEqual(rows(), ["3"]);
  mock.timers.reset();
});

test("j, k and the arrows walk from card to card, over the ends of a page too", async () => {
  const { root, rows } = await open(MANY);
  all(root, "example")[0]!.focus();
  press(document.activeElement!, "j");
  press(document.activeElement!, "ArrowDown");
  assert.equal(activeRow(), "2");
  press(document.activeElement!, "k");
  assert.equal(activeRow(), "1");
  press(document.activeElement!, "End");
  press(document.activeElement!, "j");
  assert.deepEqual([rows()[0], activeRow()], ["10", "10"]);
  press(document.activeElement!, "ArrowUp");
  assert.equal(activeRow(), "9");
  press(document.activeElement!, "Home");
  press(document.activeElement!, "k");
  assert.equal(activeRow(), "0");
});

test("pages turn and end", async () => {
  const { root, rows } = await open(MANY);
  const [previous, next] = [one(root, "previous-page") as HTMLButtonElement, one(root, "next-page") as HTMLButtonElement];
  assert.equal(previous.disabled, true);
  next.click();
  next.click();
  assert.deepEqual([rows().length, rows()[0], next.disabled], [3, "20", true]);
  previous.click();
  assert.equal(rows()[0], "10");
});

test("the buttons that turn pages stand above the cards, and the list keeps the room that it has had", async () => {
  const { root } = await open(MANY);
  const list = one(root, "examples");
  assert.ok(one(root, "next-page").compareDocumentPosition(list) & Node.DOCUMENT_POSITION_FOLLOWING);
  Object.defineProperty(list, "offsetHeight", { get: () => 80 * list.childElementCount });
  one(root, "next-page").click(); // from ten cards to ten, to three, to none
  one(root, "next-page").click();
  assert.equal(list.childElementCount, 3);
  enter(one(root, "filter-seen"), "0");
  assert.equal(list.style.minHeight, "800px");
});

test("the kernel is asked for what was not sent along, by section, filter, order and place", async () => {
  const { root, kernel, rows } = await open(CARDS, 100);
  assert.deepEqual({ ...kernel.last, id: 0 }, { kind: "page", section: 7, filter: examples().filter, sort: "row", offset: 0, limit: 10, id: 0 });
  kernel.answer({ total: 25, cards: MANY.slice(0, 10) });
  assert.equal(rows().length, 10);
  one(root, "next-page").click();
  assert.equal(kernel.last["offset"], 10);
  enter(one(root, "filter-type"), "0");
  assert.deepEqual([(kernel.last["filter"] as Filter)["type"], kernel.last["offset"]], ["<b>", 0]);
  enter(one(root, "filter-type"), "2");
  assert.ok(!("type" in (kernel.last["filter"] as Filter)));
});

test("the card in focus keeps it when the kernel's answer replaces the page", async () => {
  const { root, kernel } = await open(MANY, 100);
  all(root, "example")[3]!.focus();
  kernel.answer({ total: 100, cards: MANY.slice(1, 11) });
  assert.equal(activeRow(), "3");
});

test("a busy kernel and a failed answer are said, with what is at hand", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { root, kernel, rows } = await open(MANY, 100);
  mock.timers.tick(800);
  assert.equal(root.dataset["state"], "waiting");
  assert.match(root.textContent ?? "", /the kernel is busy: showing the first 23 that were sent along/);
  assert.equal(rows().length, 10);
  kernel.answer({ kind: "error", text: "the file is gone" });
  assert.equal(root.querySelector('[role="alert"]')?.textContent, "the file is gone");
  one(root, "next-page").click();
  assert.equal(root.querySelector('[role="alert"]')?.textContent, "");
  mock.timers.reset();
});

test("a search over cut texts asks the kernel, which has them whole", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { root, kernel } = await open([card(1, "missed", [0, 1, "<b>"], null, { cut: true })]);
  assert.equal(kernel.asked.length, 0);
  enter(one(root, "explorer-search"), "far away", "input");
  mock.timers.tick(250);
  assert.equal((kernel.last["filter"] as Filter)["text"], "far away");
  mock.timers.reset();
});

test("a list that was sent along whole asks nobody, one that was not does; its cards need not name its filter", async () => {
  const { examplesSection } = await import("./section_examples.ts");
  const list = (total: number): { kernel: FakeKernel; root: HTMLElement } => {
    const kernel = new FakeKernel();
    const section = examples({ facets: {}, sorts: [], filter: { side: "gained" }, total, cards: CARDS });
    const { root } = examplesSection(section, section.filter, { section: 0, limit: 10, mailbox: kernel, pools: [section] }, () => undefined);
    return { kernel, root };
  };
  const [whole, part] = [list(5), list(9)];
  assert.equal(whole.kernel.asked.length, 0);
  assert.equal(all(whole.root, "example").length, 5);
  assert.deepEqual(part.kernel.last["filter"], { side: "gained" });
  assert.equal(all(part.root, "example").length, 5);
});

test("a list without orders to choose from stays as it was sent", async () => {
  const sent = [CARDS[3]!, CARDS[1]!, CARDS[2]!];
  assert.deepEqual((await open(sent, 3, { facets: {}, sorts: [] }, {})).rows(), ["3", "1", "2"]);
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

test("closing ends the listening", async () => {
  const { close, kernel } = await open();
  assert.equal(kernel.listeners, 1);
  close();
  assert.equal(kernel.listeners, 0);
});
