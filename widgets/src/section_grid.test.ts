import assert from "node:assert/strict";
import { before, test } from "node:test";

import { all, context, grid, one, openWindow, press, shape } from "./testing.ts";
import type { Grid, GridShape } from "./wire.ts";

before(openWindow);

async function open(more: Partial<Grid> = {}, shaped: Partial<GridShape> = {}) {
  const { gridSection } = await import("./section_grid.ts");
  const asked = context();
  const shown = grid(more);
  const root = gridSection(shown, shape(shown, shaped), asked);
  document.body.replaceChildren(root);
  const at = (row: number, column: number): HTMLElement => root.querySelector<HTMLElement>(`[data-at="${row}"][data-to="${column}"]`)!;
  return { root, explored: asked.explored, at };
}
const rows = (root: HTMLElement): (string | null)[] => [...root.querySelectorAll("tbody tr")].map((row) => row.textContent);
const large = (size: number, more: Partial<Grid> = {}): Partial<Grid> => {
  const names = Array.from({ length: size }, (_, at) => `t${at}`);
  const counts = names.map((_, row) => names.map((_, column) => Number(row === column)));
  return { rows: names, columns: names, counts, row_filters: [], column_filters: [], ...more };
};

test("the grid shows counts and totals, or shares of the row", async () => {
  const { root } = await open();
  assert.deepEqual(rows(root), ["<b>1113", "人物·1·1", "spurious·1·1", "all predicted131"]);
  one(root, "grid-shares").click();
  assert.equal(rows(root)[0], "<b>33 %33 %33 %3");
  assert.equal(one(root, "grid-shares").getAttribute("aria-pressed"), "true");
});

test("cells say what they are, and open it by click or key; empty ones open nothing", async () => {
  const { explored, at } = await open();
  assert.equal(at(0, 2).getAttribute("aria-label"), "gold <b>, predicted missed: 1, examples");
  assert.equal(at(0, 2).tagName, "BUTTON");
  at(0, 2).click();
  assert.equal(at(1, 0), null);
  at(2, 1).click();
  assert.deepEqual(
    explored.map(({ filter }) => filter),
    [
      { gold: "<b>", pred: "" },
      { gold: "", pred: "人物" },
    ],
  );
});

test("the grid is one stop for Tab, and arrow keys move inside it", async () => {
  const { root, at } = await open();
  const stops = (): string[] =>
    [...root.querySelectorAll<HTMLElement>('[role="gridcell"] [tabindex="0"]')].map(({ dataset }) => dataset["sum"] ?? `${dataset["at"]}-${dataset["to"]}`);
  const move = (...keys: string[]): string[] => {
    for (const key of keys) press(document.activeElement!, key);
    return stops();
  };
  assert.deepEqual(stops(), ["0-0"]);
  at(0, 0).focus();
  assert.deepEqual(move("ArrowRight", "ArrowDown", "ArrowDown"), ["2-1"]);
  assert.deepEqual(move("ArrowDown"), ["predicted 人物"]);
  assert.deepEqual(move("ArrowLeft", "ArrowUp"), ["0-0"]); // over places that hold nothing
  assert.deepEqual(move("End"), ["gold <b>"]);
  press(document.activeElement!, "Home", { ctrlKey: true });
  assert.deepEqual(stops(), ["0-0"]);
});

test("sums open what is in their row or column, unless they are no number of examples", async () => {
  const { root, explored } = await open();
  const sums = [...root.querySelectorAll<HTMLElement>("[data-sum]")];
  assert.deepEqual(
    sums.map((each) => each.textContent),
    ["3", "1", "1", "1", "3", "1"],
  );
  sums[0]!.click();
  sums[4]!.click();
  assert.deepEqual(explored, [
    { filter: { gold: "<b>" }, name: "all gold <b>" },
    { filter: { pred: "人物" }, name: "all predicted 人物" },
  ]);
  assert.equal((await open({ sums_open: false })).root.querySelectorAll("[data-sum]").length, 0);
});

test("of many rows the most confused are shown, or all", async () => {
  const order = Array.from({ length: 40 }, (_, at) => 39 - at);
  const some = order.slice(0, 30).reverse();
  const { root, at } = await open(large(40, { order }), { rows: some, columns: some, left_out: "the 30 most confused are shown, 10 more are left out" });
  assert.equal(at(9, 9), null);
  assert.ok(at(10, 10));
  assert.match(root.textContent ?? "", /the 30 most confused are shown, 10 more are left out/);
  one(root, "grid-all").click();
  assert.ok(at(0, 0));
  assert.equal(root.querySelectorAll('[role="gridcell"]').length, 1600 + 81); // and the sums
});

test("the most confused come first when asked for", async () => {
  const { root } = await open(large(3, { order: [2, 0, 1] }));
  const heads = (): (string | null)[] => [...root.querySelectorAll("tbody th")].slice(0, 3).map((each) => each.textContent);
  assert.deepEqual(heads(), ["t0", "t1", "t2"]);
  one(root, "grid-ordered").click();
  assert.deepEqual(heads(), ["t2", "t0", "t1"]);
  assert.deepEqual(
    [...root.querySelectorAll("thead th")].slice(1, 4).map((each) => each.textContent),
    ["t2", "t0", "t1"],
  );
});

test("a grid without filters opens nothing, one of few rows hides none", async () => {
  const { root, at, explored } = await open(large(8), { upright: true });
  at(3, 3).click();
  assert.deepEqual(explored, []);
  assert.equal(all(root, "grid-all").length, 0);
  assert.equal(root.querySelector("thead th:nth-child(2)")?.className, "ft-upright");
});
