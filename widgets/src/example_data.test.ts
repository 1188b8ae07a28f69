import assert from "node:assert/strict";
import { test } from "node:test";

import { atHand, cellName, EVERYTHING, MISTAKES, selected, type Filter, type Sort } from "./example_data.ts";
import { example, EXAMPLES } from "./testing.ts";

const kept = (filter: Partial<Filter>, sort: Sort = "row"): number[] => selected(EXAMPLES, { ...EVERYTHING, ...filter }, sort).map(({ pair }) => pair);

test("no filter keeps everything, kinds keep theirs", () => {
  assert.deepEqual(kept({}), [0, 1, 2, 3, 4]);
  assert.deepEqual(kept({ kinds: MISTAKES }), [1, 2, 3, 4]);
  assert.deepEqual(kept({ kinds: ["missed", "type"] }), [2, 3]);
});

test("a cell of the grid is a gold and a predicted type, or none on one side", () => {
  assert.deepEqual(kept({ gold: "<b>", pred: "人物" }), [2]);
  assert.deepEqual(kept({ gold: "<b>", pred: "" }), [3]);
  assert.deepEqual(kept({ gold: "", pred: "人物" }), [4]);
  assert.deepEqual(kept({ gold: "人物", pred: "人物" }), [1]);
});

test("a type counts on either side, a bucket by its label", () => {
  assert.deepEqual(kept({ type: "人物" }), [1, 2, 4]);
  assert.deepEqual(kept({ bucket: ["seen", "seen"] }), [1, 3]);
  assert.deepEqual(kept({ bucket: ["length", "1"] }), []);
});

test("a search minds neither capitals nor how a letter is composed, and finds row ids", () => {
  assert.deepEqual(kept({ text: " new york " }), [0, 1, 2, 3, 4]);
  assert.deepEqual(kept({ text: "Boston" }), []);
  assert.deepEqual(kept({ text: "line 3" }), [3]);
  const composed = [example(9, "missed", [0, 1, "A"], null, { words: ["Cafe\u0301"] })];
  assert.equal(selected(composed, { ...EVERYTHING, text: "café" }, "row").length, 1);
});

test("order by confidence puts those without one last either way", () => {
  assert.deepEqual(kept({}, "confidence"), [0, 2, 4, 1, 3]);
  assert.deepEqual(kept({}, "doubt"), [1, 4, 2, 0, 3]);
});

test("nobody need be asked when all examples are here, but a cut sentence may hide what is searched", () => {
  assert.equal(atHand(EXAMPLES, 5, EVERYTHING), true);
  assert.equal(atHand(EXAMPLES, 6, EVERYTHING), false);
  const cut = [example(0, "missed", [0, 1, "A"], null, { after: true })];
  assert.equal(atHand(cut, 1, EVERYTHING), true);
  assert.equal(atHand(cut, 1, { ...EVERYTHING, text: "x" }), false);
});

test("cells have names", () => {
  assert.equal(cellName({ ...EVERYTHING, gold: "A", pred: "B" }), "gold A, predicted B");
  assert.equal(cellName({ ...EVERYTHING, gold: "", pred: "B" }), "spurious: predicted B, no gold entity");
  assert.equal(cellName({ ...EVERYTHING, gold: "A", pred: "" }), "missed: gold A, nothing predicted");
  assert.equal(cellName(EVERYTHING), "");
});
