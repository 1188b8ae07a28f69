import assert from "node:assert/strict";
import { before, test } from "node:test";

import type { EntityReport } from "./report_data.ts";
import { all, one, openWindow, press, report } from "./testing.ts";

before(openWindow);

async function panel(more: Partial<EntityReport> = {}): Promise<{ root: HTMLElement; explored: { gold: string; pred: string }[] }> {
  const { confusionPanel } = await import("./report_confusion.ts");
  const explored: { gold: string; pred: string }[] = [];
  const root = confusionPanel(report(more), (filter) => explored.push(filter as { gold: string; pred: string }));
  document.body.replaceChildren(root);
  return { root, explored };
}
const rows = (root: HTMLElement): (string | null)[] => [...root.querySelectorAll("tbody tr, tfoot tr")].map((row) => row.textContent);

test("the grid shows counts and margins, or shares of the row", async () => {
  const { root } = await panel();
  assert.deepEqual(rows(root), ["<b>1113", "人物·1·1", "spurious·1", "all predicted13"]);
  one(root, "confusion-shares").click();
  assert.equal(rows(root)[0], "<b>33 %33 %33 %3");
  assert.equal(one(root, "confusion-shares").getAttribute("aria-pressed"), "true");
});

test("cells say what they are, and open it by click or key", async () => {
  const { root, explored } = await panel();
  const missed = one(root, "confusion-cell-0-2");
  assert.equal(missed.getAttribute("aria-label"), "missed: gold <b>, nothing predicted: 1");
  missed.click();
  one(root, "confusion-cell-1-0").click(); // empty
  one(root, "confusion-cell-2-1").focus();
  press(document.activeElement!, "Enter");
  assert.deepEqual(
    explored.map(({ gold, pred }) => [gold, pred]),
    [
      ["<b>", ""],
      ["", "人物"],
    ],
  );
});

test("the grid is one stop for Tab, and arrow keys move inside it", async () => {
  const { root } = await panel();
  const stops = (): string[] => [...root.querySelectorAll<HTMLElement>('[role="gridcell"][tabindex="0"]')].map((cell) => cell.dataset["testid"] ?? "");
  assert.deepEqual(stops(), ["confusion-cell-0-0"]);
  one(root, "confusion-cell-0-0").focus();
  for (const key of ["ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowLeft", "ArrowUp"]) press(document.activeElement!, key);
  assert.deepEqual(stops(), ["confusion-cell-1-0"]);
  press(document.activeElement!, "End");
  assert.deepEqual(stops(), ["confusion-cell-1-2"]);
  press(document.activeElement!, "Home", { ctrlKey: true });
  assert.deepEqual(stops(), ["confusion-cell-0-0"]);
});

test("of many types the grid shows the most confused, or all", async () => {
  const types = Array.from({ length: 40 }, (_, at) => `t${at}`);
  const counts = types.map((_, at) => Array.from({ length: 41 }, (_, to) => (to === at ? 9 : at < 3 && to === at + 1 ? 1 : 0)));
  const { root } = await panel({ confusion: { types, counts: [...counts, new Array<number>(41).fill(0)] } });
  assert.equal(all(root, "confusion-cell-3-3").length, 1);
  assert.equal(all(root, "confusion-cell-9-9").length, 0);
  assert.match(root.textContent ?? "", /36 types with fewer confusions or none are left out/);
  one(root, "confusion-all").click();
  assert.equal(all(root, "confusion-cell-39-40").length, 1);
});
