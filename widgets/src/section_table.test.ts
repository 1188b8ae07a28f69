import assert from "node:assert/strict";
import { before, test } from "node:test";

import { all, cell, context, enter, one, openWindow, table } from "./testing.ts";
import type { Table } from "./wire.ts";

before(openWindow);

async function open(more: Partial<Table> = {}) {
  const { tableSection } = await import("./section_table.ts");
  const asked = context();
  const root = tableSection(table(more), asked);
  document.body.replaceChildren(root);
  return { root, explored: asked.explored };
}
const names = (root: HTMLElement): (string | null)[] => [...root.querySelectorAll("tbody th")].map((each) => each.textContent);
const head = (root: HTMLElement, name: string): Element => [...root.querySelectorAll("thead th")].find((each) => each.textContent === name)!;

test("rows come as they were sent, averages stand in the foot, and what does not exist is a dash", async () => {
  const { root } = await open();
  const rows = [...root.querySelectorAll("tbody tr, tfoot tr")].map((row) => [...row.children].map((each) => each.textContent));
  assert.deepEqual(rows, [
    ["<b>", "25.00", "3"],
    ["人物", "–", "1"],
    ["micro", "20.00", "4"],
  ]);
  assert.equal(root.querySelector("tfoot th")?.textContent, "micro");
});

test("a strong row that comes first stays first, whatever the order", async () => {
  const rows = ["headline 1", "b 2", "a 3", "total 6"].map((row) => row.split(" "));
  const { root } = await open({
    columns: ["name", "n"],
    rows: rows.map(([name, n]) => ({ cells: [cell(name!), cell(n!)], strong: name === "headline" || name === "total" })),
  });
  const shown = (): (string | null)[] => [...root.querySelectorAll("tbody th, tfoot th")].map((each) => each.textContent);
  assert.deepEqual(shown(), ["headline", "b", "a", "total"]);
  head(root, "n").querySelector("button")!.click();
  assert.deepEqual(shown(), ["headline", "a", "b", "total"]);
});

test("a click on a heading sorts, says so, and a third one brings the order back", async () => {
  const { root } = await open();
  const sorted = (): unknown[] => [head(root, "support").getAttribute("aria-sort"), names(root)];
  head(root, "support").querySelector("button")!.click();
  assert.deepEqual(sorted(), ["descending", ["<b>", "人物"]]);
  head(root, "support").querySelector("button")!.click();
  assert.deepEqual(sorted(), ["ascending", ["人物", "<b>"]]);
  head(root, "support").querySelector("button")!.click();
  assert.deepEqual(sorted(), ["none", ["<b>", "人物"]]);
});

test("what does not exist comes last either way, and names sort from A to Z", async () => {
  const { root } = await open();
  const sort = head(root, "F1").querySelector("button")!;
  sort.click();
  assert.deepEqual(names(root), ["<b>", "人物"]);
  sort.click();
  assert.deepEqual(names(root), ["<b>", "人物"]);
  const rows = ["c", "a", "b"].map((name) => ({ cells: [cell(name)], strong: false }));
  const plain = await open({ columns: ["name"], rows });
  head(plain.root, "name").querySelector("button")!.click();
  assert.deepEqual(names(plain.root), ["a", "b", "c"]);
});

test("a name and a number with examples behind them are buttons that say what they open", async () => {
  const { root, explored } = await open();
  root.querySelector<HTMLElement>("tbody th button")!.click();
  const [support] = [...root.querySelectorAll<HTMLElement>("tbody td button")];
  assert.equal(support?.title, "examples: <b>, support: 3");
  assert.equal(support?.getAttribute("aria-label"), "<b>, support: 3, examples");
  support?.click();
  assert.deepEqual(explored, [
    { filter: { type: "<b>" }, name: "<b>" },
    { filter: { gold: "<b>" }, name: "<b>, support: 3" },
  ]);
  assert.equal(root.querySelectorAll("b").length, 0);
});

test("rows with little support are hidden and counted", async () => {
  const { root } = await open({ least: 2 });
  assert.deepEqual(names(root), ["<b>"]);
  assert.match(one(root, "hidden-rows").textContent ?? "", /^1 row is hidden: support below 2; averages count all$/);
  enter(one(root, "min-support"), "0", "input");
  assert.equal(names(root).length, 2);
  assert.equal(one(root, "hidden-rows").textContent, "");
  assert.equal(all((await open({ support: 0 })).root, "min-support").length, 0);
});

test("a label has its colour, an interval its place, and the note is there", async () => {
  const { root } = await open({ note: "what is counted" });
  const name = root.querySelector<HTMLElement>("tbody th")!;
  assert.equal(name.style.getPropertyValue("--ft-fill"), "#0072B2");
  const bar = root.querySelector<HTMLElement>(".ft-interval")!;
  assert.deepEqual([bar.style.getPropertyValue("--low"), bar.style.getPropertyValue("--high")], ["10%", "40%"]);
  assert.match(root.textContent ?? "", /what is counted/);
});

test("a share is a bar with its interval, and the number stands beside it", async () => {
  const cells = [cell("<b>"), cell("", { value: 0.5, interval: [0.25, 1.5], label: "<b>", bar: true }), cell("50.00")];
  const { root } = await open({ columns: ["type", "", "F1"], rows: [{ cells, strong: false }], support: 0 });
  const bar = root.querySelector<HTMLElement>(".ft-bar")!;
  assert.deepEqual(
    ["--value", "--low", "--high", "--ft-fill"].map((name) => bar.style.getPropertyValue(name)),
    ["50%", "25%", "100%", "#0072B2"],
  );
  assert.equal(bar.getAttribute("aria-hidden"), "true");
});
