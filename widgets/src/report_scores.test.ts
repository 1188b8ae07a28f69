import assert from "node:assert/strict";
import { before, test } from "node:test";

import { MISTAKES } from "./example_data.ts";
import type { EntityReport } from "./report_data.ts";
import { all, enter, one, openWindow, report } from "./testing.ts";

before(openWindow);

async function panel(more: Partial<EntityReport> = {}, minSupport = 0): Promise<{ root: HTMLElement; explored: unknown[] }> {
  const { scoresPanel } = await import("./report_scores.ts");
  const explored: unknown[] = [];
  return { root: scoresPanel(report(more), minSupport, (filter) => explored.push(filter)), explored };
}
const names = (root: HTMLElement): (string | null)[] => [...root.querySelectorAll('[data-testid="per-type-table"] tbody th')].map((cell) => cell.textContent);

test("a click on a heading sorts, and says so", async () => {
  const { root } = await panel();
  const head = [...root.querySelectorAll("thead th")].find((cell) => cell.textContent === "support")!;
  head.querySelector("button")!.click();
  assert.equal(head.getAttribute("aria-sort"), "descending");
  assert.deepEqual(names(root), ["<b>", "人物"]);
  head.querySelector("button")!.click();
  assert.equal(head.getAttribute("aria-sort"), "ascending");
  assert.deepEqual(names(root), ["人物", "<b>"]);
});

test("F1 comes with its interval, what does not exist is a dash, averages stand in the foot", async () => {
  const { root } = await panel();
  const rows = [...root.querySelectorAll<HTMLElement>('[data-testid="per-type-table"] tr')].map((row) => row.textContent ?? "");
  assert.match(rows.find((row) => row.startsWith("<b>")) ?? "", /25\.00\[15\.0, 35\.0\]/);
  assert.match(rows.find((row) => row.startsWith("人物")) ?? "", /–/);
  assert.deepEqual(
    [...root.querySelectorAll("tfoot th")].map((cell) => cell.textContent),
    ["micro", "macro", "weighted"],
  );
});

test("rare types are hidden and counted", async () => {
  const { root } = await panel({}, 2);
  assert.deepEqual(names(root), ["<b>"]);
  assert.match(one(root, "hidden-types").textContent ?? "", /^1 type is hidden/);
  enter(one(root, "min-support"), "0", "input");
  assert.equal(names(root).length, 2);
  assert.equal(one(root, "hidden-types").textContent, "");
});

test("a type and a kind of error open their examples", async () => {
  const error_kinds = [{ kind: "missed", count: 7, f1_if_fixed: 0.3, per_type: { "<b>": 7 } }];
  const { root, explored } = await panel({ error_kinds });
  root.querySelector<HTMLElement>('[data-name="<b>"] button')!.click();
  one(root, "error-kinds").querySelector<HTMLElement>("button")!.click();
  assert.deepEqual(explored, [{ type: "<b>", kinds: MISTAKES }, { kinds: ["missed"] }]);
  assert.match(one(root, "error-kinds").textContent ?? "", /missed730\.00\+5\.00<b> 7/);
});

test("SemEval scores, tag noise and notes stand below, where there are any", async () => {
  const row = { correct: 1, incorrect: 2, partial: 0, missed: 3, spurious: 4, precision: 0.5, recall: null, f1: null };
  const tag_noise = { gold: { invalid: 0, tags: 9, rate: 0 }, predicted: { invalid: 2, tags: 9, rate: 2 / 9 }, cut: { entities: 1, missed: 1 } };
  const { root } = await panel({ semeval: { strict: row }, tag_noise, notes: ["a note"] });
  assert.match(one(root, "semeval").textContent ?? "", /1203450\.00––/);
  assert.match(one(root, "tag-noise").textContent ?? "", /2 of 9 predicted tags \(22\.22 %\).*1 entity was cut/);
  assert.equal(one(root, "notes").textContent, "a note");
  const bare = await panel();
  for (const part of ["semeval", "tag-noise", "notes", "error-kinds"]) assert.equal(all(bare.root, part).length, 0);
});
