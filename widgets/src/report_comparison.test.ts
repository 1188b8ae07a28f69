import assert from "node:assert/strict";
import { before, test } from "node:test";

import type { Comparison, Other, Sentence } from "./comparison_data.ts";
import { all, FakeKernel, one, openWindow } from "./testing.ts";

before(openWindow);

const sentence = (at: number): Sentence => ({
  row: `line ${at}`,
  sentence: at,
  words: ["Ada", "saw", "Bob"],
  spaces: true,
  gold_spans: [
    [0, 1, "PER"],
    [2, 3, "PER"],
  ],
  baseline_spans: [[0, 1, "PER"]],
  other_spans: [
    [0, 1, "PER"],
    [2, 3, "PER"],
  ],
});
const other = (title: string, gained: number): Other => ({
  title,
  f1: 0.5,
  difference: 0.02,
  interval: [0.01, 0.03],
  p: 0.004,
  gained,
  lost: 0,
  per_type: [
    { type: "PER", support: 9, baseline_f1: 0.4, f1: 0.5, difference: 0.1, interval: [0.02, 0.2], p: 0.0001 },
    { type: "LOC", support: 2, baseline_f1: null, f1: 0.1, difference: null, interval: null, p: null },
    { type: "macro", support: 11, baseline_f1: 0.2, f1: 0.3, difference: 0.1, interval: [0, 0.2], p: 0.06 },
  ],
});
const comparison: Comparison = {
  baseline: "small",
  baseline_f1: 0.48,
  others: [other("large", 2), other("lora", 12)],
  sentences: { gained: [sentence(0), sentence(1)], lost: [] },
};

async function panel(): Promise<{ root: HTMLElement; kernel: FakeKernel; close: () => void }> {
  const { comparisonPanel } = await import("./report_comparison.ts");
  const kernel = new FakeKernel();
  return { ...comparisonPanel(comparison, kernel), kernel };
}

test("differences come with intervals and p-values, and small ones are marked", async () => {
  const { root } = await panel();
  const rows = [...one(root, "comparison-table").querySelectorAll("tbody tr")].map((row) => row.textContent);
  assert.match(one(root, "comparison-table").querySelector("tfoot")?.textContent ?? "", /^macro11/);
  assert.deepEqual(rows, ["LOC2–10.00–––", "PER940.0050.00+10.00[+2.0, +20.0]< 0.001 *"]);
  assert.match(one(root, "comparison-overview").textContent ?? "", /large50\.00\+2\.00\[\+1\.0, \+3\.0\]0\.004 \*20/);
});

test("a gained sentence shows both runs, and what changed stands out", async () => {
  const { root, kernel } = await panel();
  const [first] = all(one(root, "gained"), "changed-sentence");
  assert.equal(first?.querySelectorAll('[data-testid="sentence"]').length, 2);
  assert.deepEqual(
    [...first!.querySelectorAll(".ft-label.ft-own")].map((label) => label.textContent),
    ["gold PER", "gold PER", "predicted PER"],
  );
  assert.equal(kernel.asked.length, 0);
});

test("another run's sentences are asked for", async () => {
  const { root, kernel, close } = await panel();
  one(root, "comparison-overview").querySelectorAll<HTMLElement>("button")[1]!.click();
  assert.deepEqual({ ...kernel.last, id: 0 }, { kind: "sentences", other: 1, side: "gained", text: "", offset: 0, limit: 5, id: 0 });
  kernel.answer({ kind: "sentences", total: 12, sentences: [sentence(5)] });
  assert.equal(one(root, "gained-total").textContent, "12");
  assert.equal(all(one(root, "gained"), "changed-sentence")[0]?.dataset["row"], "line 5");
  close();
  assert.equal(kernel.listeners, 0);
});
