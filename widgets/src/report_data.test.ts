import assert from "node:assert/strict";
import { test } from "node:test";

import { count, decimal, duration, interval, many, percent, pValue, signed, signedInterval } from "./format.ts";
import { bucketTables, completeReport, confusionView, mostOf, sortedRows } from "./report_data.ts";

test("rows sort by any column, and what does not exist comes last", () => {
  const rows = [
    { type: "b", f1: 0.2, support: 5 },
    { type: "a", f1: null, support: 9 },
    { type: "c", f1: 0.8, support: 5 },
  ];
  const by = (key: "type" | "f1" | "support", descending: boolean): string =>
    sortedRows(
      rows,
      (row) => row[key],
      descending,
      ({ type }) => type,
    )
      .map(({ type }) => type)
      .join("");
  assert.equal(by("type", false), "abc");
  assert.equal(by("type", true), "cba");
  assert.equal(by("f1", true), "cba");
  assert.equal(by("f1", false), "bca");
  assert.equal(by("support", true), "abc");
});

test("a small grid shows everything", () => {
  assert.deepEqual(
    confusionView({
      types: ["a"],
      counts: [
        [1, 0],
        [0, 0],
      ],
    }),
    { shown: [0], leftOut: 0 },
  );
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

test("a report of an older schema lacks nothing that a view asks for", () => {
  const report = completeReport({ schema: 1, title: "old" });
  assert.equal(report.title, "old");
  assert.deepEqual([report.error_kinds, report.buckets, report.calibration, report.suspects], [[], {}, null, []]);
});

test("the asked-for bucket table comes first, the others keep their order", () => {
  const names = bucketTables({ a: [], b: [], c: [] }, "b").map(([name]) => name);
  assert.deepEqual(names, ["b", "a", "c"]);
});

test("the types with most of something are named", () => {
  assert.equal(mostOf({ a: 1, b: 9, c: 3, d: 2, e: 0 }, 2), "b 9, c 3, 2 more types");
  assert.equal(mostOf({ a: 1, b: 2 }, 1), "b 2, 1 more type");
  assert.equal(mostOf({}), "");
});

test("numbers as people read them", () => {
  assert.equal(percent(null), "–");
  assert.equal(percent(0.41863), "41.86");
  assert.equal(interval([0.391, 0.442]), "[39.1, 44.2]");
  assert.equal(interval(null), "");
  assert.equal(signed(0.0123), "+1.23");
  assert.equal(signed(-0.004), "−0.40");
  assert.equal(signed(-0.0000001), "0.00");
  assert.equal(signedInterval([-0.01, 0.02]), "[−1.0, +2.0]");
  assert.equal(pValue(0.0001), "< 0.001");
  assert.equal(pValue(0.0421), "0.042");
  assert.equal(pValue(null), "–");
  assert.equal(duration(42.4), "42 s");
  assert.equal(duration(185), "3 min 05 s");
  assert.equal(duration(7620), "2 h 07 min");
  assert.equal(count(1234.4), "1,234");
  assert.equal(many(1, "word"), "1 word");
  assert.equal(many(2000, "entity", "entities"), "2,000 entities");
  assert.equal(decimal(1.5), "1.5");
  assert.equal(decimal(2), "2");
});
