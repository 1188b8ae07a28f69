import assert from "node:assert/strict";
import { test } from "node:test";

import { count, decimal, duration, percent } from "./format.ts";
import { confusionView, sortedTypes, type Scores } from "./report_data.ts";

const scores = (f1: number | null, support: number): Scores => ({ precision: f1, recall: f1, f1, support, predicted: 1, correct: 0 });

test("types sort by any column, and what does not exist comes last", () => {
  const perType = { b: scores(0.2, 5), a: scores(null, 9), c: scores(0.8, 5) };
  assert.deepEqual(sortedTypes(perType, { key: "type", descending: false }), ["a", "b", "c"]);
  assert.deepEqual(sortedTypes(perType, { key: "f1", descending: true }), ["c", "b", "a"]);
  assert.deepEqual(sortedTypes(perType, { key: "f1", descending: false }), ["b", "c", "a"]);
  assert.deepEqual(sortedTypes(perType, { key: "support", descending: true }), ["a", "b", "c"]);
});

test("a small grid shows everything", () => {
  assert.deepEqual(confusionView({ types: ["a"], counts: [[1, 0], [0, 0]] }), { shown: [0], leftOut: 0 });
});

test("of many types a grid shows those that are confused most", () => {
  const types = Array.from({ length: 50 }, (_, at) => `t${at}`);
  const counts = Array.from({ length: 51 }, () => new Array<number>(51).fill(0));
  types.forEach((_, at) => (counts[at]![at] = 5));
  counts[3]![50] = 2;
  counts[7]![9] = 4;
  assert.deepEqual(confusionView({ types, counts }, 2), { shown: [7, 9], leftOut: 48 });
  assert.deepEqual(confusionView({ types, counts }, 10), { shown: [3, 7, 9], leftOut: 47 });
});

test("numbers as people read them", () => {
  assert.equal(percent(null), "–");
  assert.equal(percent(0.41863), "41.86");
  assert.equal(duration(42.4), "42 s");
  assert.equal(duration(185), "3 min 05 s");
  assert.equal(duration(7620), "2 h 07 min");
  assert.equal(count(1234.4), "1,234");
  assert.equal(decimal(1.5), "1.5");
  assert.equal(decimal(2), "2");
});
