import assert from "node:assert/strict";
import { before, test } from "node:test";

import { bytes, measured, number } from "./format.ts";
import type { Metric } from "./metrics.ts";
import { figures, journal, messages, settings, yamlLines } from "./run_facts.ts";
import { emptyState, reduce, type RunEvent, type RunStarted } from "./run_state.ts";
import { devTable, labelTable } from "./run_tables.ts";
import { one, openWindow } from "./testing.ts";

before(openWindow);

const F1: Metric = { name: "f1", label: "F1", higher_is_better: true, unit: "share" };
const LOSS: Metric = { name: "perplexity", label: "perplexity", higher_is_better: false, unit: "number" };
const started: RunStarted = {
  kind: "run_started",
  name: "ner",
  task: "ner",
  model: "minilm",
  method: "lora",
  device: "cpu",
  precision: "fp32",
  epochs: 3,
  total_steps: 30,
  parameters: 22_600_000,
  trainable_parameters: 140_000,
  examples: 3,
  metrics: [F1, LOSS],
  config: { task: "ner", data: { train: "a.conll", test: null }, train: { epochs: 3, early_stopping: null } },
};
const step: RunEvent = {
  kind: "step",
  step: 10,
  epoch: 1,
  loss: null,
  learning_rate: 1e-4,
  grad_norm: null,
  tokens_per_s: 1234,
  elapsed_s: 20,
  process_memory_bytes: 900 * 2 ** 20,
  device_memory_bytes: null,
};
const evaluated = (epoch: number, f1: number | null, best: boolean, by_label: Record<string, number | null>): RunEvent => ({
  kind: "evaluated",
  step: epoch * 10,
  epoch,
  split: "dev",
  loss: 0.5,
  metrics: { f1, perplexity: 12.3456 },
  by_label,
  best,
});
const after = (...events: RunEvent[]) => events.reduce(reduce, emptyState());

test("figures say what is known and leave out what is not", () => {
  const { root, update } = figures();
  update(after(started, { ...step, step: 5, elapsed_s: 10 }, step, { kind: "checkpoint", step: 10, path: "checkpoints/checkpoint-10" }));
  const text = (testid: string): string => one(root, testid).textContent ?? "";
  assert.equal(text("progress-steps"), "10 / 30");
  assert.equal(text("time-left"), "40 s");
  assert.equal(text("loss"), "–");
  assert.equal(text("process-memory"), "900 MiB");
  assert.equal(one(root, "device-memory").parentElement?.hidden, true);
  assert.equal(text("trainable"), "0.1 M of 22.6 M (0.62 %)");
  assert.equal(text("checkpoint"), "step 10");
});

test("the best evaluation is marked, and labels have a row each, whenever they turn up", () => {
  const state = after(started, evaluated(1, 0.2, true, { "<b>": 0.1 }), evaluated(2, null, false, { "<b>": null, 人物: 0.5 }));
  const [dev, labels] = [devTable(), labelTable()];
  dev.update(state);
  labels.update(state);
  assert.deepEqual(
    [...dev.root.querySelectorAll("tbody tr")].map((row) => row.textContent?.includes("★ best")),
    [true, false],
  );
  const rows = [...labels.root.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent));
  assert.deepEqual(rows, [
    ["<b>", "", "10.0", "–"],
    ["人物", "", "–", "50.0"],
  ]);
  assert.equal(labels.root.hidden, false);
  assert.equal(labels.root.querySelector("summary")?.textContent, "F1 by label over epochs");
});

test("columns are what the run says that it measures, with the way that is better where that is down", () => {
  const { root, update } = devTable();
  const texts = (cells: string): (string | null)[] => [...root.querySelectorAll(cells)].map((cell) => cell.textContent);
  update(after(started));
  assert.deepEqual(texts("thead th"), ["epoch", "step", "dev loss", "F1", "perplexity ↓", ""]);
  update(after(started, evaluated(1, 0.5, true, {})));
  assert.deepEqual(texts("tbody th, tbody td"), ["1", "10", "0.5000", "50.00", "12.35", "★ best"]);
  update(after({ ...started, metrics: [LOSS] }, evaluated(1, 0.5, true, {})));
  assert.deepEqual(texts("thead th"), ["epoch", "step", "dev loss", "perplexity ↓", ""]);
});

test("lines of a number reach over what was measured", () => {
  const { root, update } = labelTable();
  update(after({ ...started, metrics: [LOSS] }, evaluated(1, null, true, { a: 30, b: null }), evaluated(2, null, true, { a: 10, b: 20 })));
  assert.deepEqual(
    [...root.querySelectorAll("polyline")].map((each) => each.getAttribute("points")),
    ["2.0,2.0 88.0,14.0", "88.0,8.0"],
  );
  assert.deepEqual(
    [...root.querySelectorAll("td")].map((cell) => cell.textContent),
    ["", "30.00", "10.00", "", "–", "20.00"],
  );
});

test("messages stand in order, as text", () => {
  const { root, update } = messages();
  update(after({ kind: "notice", level: "info", text: "first" }, { kind: "notice", level: "warning", text: "<i>second</i>" }));
  assert.deepEqual(
    [...root.children].map((line) => [line.className, line.textContent]),
    [
      ["ft-info", "first"],
      ["ft-warning", "<i>second</i>"],
    ],
  );
});

test("the log tells what was done by the way", () => {
  const { root, update } = journal();
  update(after(started, step));
  assert.equal(root.hidden, true);
  update(after(started, { kind: "checkpoint", step: 1000, path: "" }, { kind: "pause", paused: true, reason: "" }, { kind: "resumed", step: 1000, epoch: 1 }));
  assert.deepEqual(
    [...root.querySelectorAll("div > div")].map((each) => each.textContent),
    ["checkpoint at step 1,000", "paused", "resumed from step 1,000"],
  );
});

test("a run without dev data says so in place of an empty table", () => {
  const { root, update } = devTable();
  update(after({ ...started, config: { data: { train: "a.conll", dev: null } } }));
  assert.deepEqual([one(root, "no-dev").hidden, root.firstElementChild?.hasAttribute("hidden")], [false, true]);
  update(after({ ...started, config: { data: { train: "a.conll", dev: "b.conll" } } }));
  assert.deepEqual([one(root, "no-dev").hidden, root.firstElementChild?.hasAttribute("hidden")], [true, false]);
});

test("settings are lines like those of a cell, without what is not set", () => {
  const { root, update } = settings();
  update(after({ ...started }));
  assert.equal(root.querySelector("pre")?.textContent, "task: ner\ndata:\n  train: a.conll\ntrain:\n  epochs: 3");
  update(after({ ...started, chosen: ["epochs 3: few rows"] }));
  assert.match(root.querySelector("pre")?.textContent ?? "", /^Chosen, since the cell leaves them open:\nepochs 3: few rows\n\ntask: ner/);
  assert.deepEqual(yamlLines(undefined), []);
  assert.deepEqual(yamlLines({ types: ["PER", "LOC"], empty: {} }), ['types: ["PER","LOC"]', "empty: {}"]);
});

test("a metric has the digits of its unit, and a dash where it does not exist", () => {
  const shown = (metric: Metric, ...values: (number | null | undefined)[]): string[] => values.map((value) => measured(value, metric));
  assert.deepEqual(shown(F1, 0.81304, 1, null, undefined), ["81.30", "100.00", "–", "–"]);
  assert.deepEqual(shown(LOSS, 0, 1.23456, 999.94, 999.96, 48210.4, 1.5e-5, -2.5), ["0.000", "1.235", "999.9", "1,000", "48,210", "1.500e-5", "-2.500"]);
});

test("numbers have the digits that one can use", () => {
  assert.deepEqual([0, 0.46951, 12.3456, 3e-5, 1e9, null, Number.NaN].map(number), ["0.0000", "0.4695", "12.35", "3.00e-5", "1.00e+9", "–", "–"]);
  assert.deepEqual([900 * 2 ** 20, 1.5 * 2 ** 30].map(bytes), ["900 MiB", "1.5 GiB"]);
});
