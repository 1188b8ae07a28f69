import assert from "node:assert/strict";
import { test } from "node:test";

import type { Span } from "./example_data.ts";
import { directionMark, gap, layOut, plainText, type Marked, type Piece } from "./sentence_layout.ts";

const sentence = (text: string, gold: Span[], pred: Span[], more: Partial<Marked> = {}): Marked => ({
  words: text.split(" "),
  spaces: true,
  gold_spans: gold,
  pred_spans: pred,
  ...more,
});
/** A piece as [text|G…|P…|labels]: < where a span begins, > where it ends, ! for the pair's own. */
const shorthand = ({ text, gold, pred, labels }: Piece): string => {
  const side = (name: string, cover: Piece["gold"]): string =>
    cover ? `|${cover.starts ? "<" : ""}${name}${cover.own ? "!" : ""}${cover.ends ? ">" : ""}` : "";
  return `${text}${side("G", gold)}${side("P", pred)}${labels.map((label) => `|${label.side} ${label.type}`).join("")}`;
};
const laid = (marked: Marked): string[] => layOut(marked).map((group) => group.map(shorthand).join(" / "));

test("pieces are cut where spans begin and end, and held together by what covers them", () => {
  const marked = sentence("Ada of New York City saw", [[2, 4, "LOC"]], [[3, 5, "ORG"]], { gold: [2, 4, "LOC"], pred: [3, 5, "ORG"] });
  assert.deepEqual(laid(marked), ["Ada of ", "New |<G! / York|G!>|<P!|gold LOC /  City|P!>|pred ORG", " saw"]);
});

test("a neighbour is marked, but not as the pair's own", () => {
  const marked = sentence(
    "Ada saw Bob",
    [
      [0, 1, "PER"],
      [2, 3, "PER"],
    ],
    [[2, 3, "PER"]],
    { gold: [0, 1, "PER"] },
  );
  assert.deepEqual(laid(marked), ["Ada|<G!>|gold PER", " saw ", "Bob|<G>|<P>|gold PER|pred PER"]);
});

test("spans side by side stay two", () => {
  assert.deepEqual(
    laid(
      sentence(
        "张 伟",
        [
          [0, 1, "A"],
          [1, 2, "A"],
        ],
        [],
      ),
    ),
    ["张|<G>|gold A", "伟|<G>|gold A"],
  );
  assert.deepEqual(
    laid(
      sentence(
        "a b",
        [
          [0, 1, "A"],
          [1, 2, "A"],
        ],
        [],
      ),
    ),
    ["a|<G>|gold A", " ", "b|<G>|gold A"],
  );
});

test("a span that sticks out of cut text is clipped and stays open there", () => {
  assert.deepEqual(laid(sentence("a b", [[-2, 1, "A"]], [[1, 9, "B"]])), ["a|G>|gold A", " ", "b|<P|pred B"]);
});

test("spans that overlap on one side, are empty, lie outside or are missing from the list do not break it", () => {
  assert.deepEqual(
    laid(
      sentence(
        "a b c",
        [
          [0, 2, "A"],
          [1, 3, "B"],
        ],
        [],
      ),
    ),
    ["a |<G / b|<G>|gold A /  c|G>|gold B"],
  );
  assert.deepEqual(
    laid(
      sentence(
        "a b",
        [
          [1, 1, "A"],
          [7, 9, "B"],
        ],
        [],
      ),
    ),
    ["a b"],
  );
  assert.deepEqual(laid(sentence("a b", [], [], { pred: [0, 1, "A"] })), ["a|<P!>|pred A", " b"]);
  assert.deepEqual(laid({ words: [], spaces: true, gold_spans: [[0, 1, "A"]], pred_spans: [] }), []);
});

test("words are joined as their script joins them", () => {
  assert.equal(plainText(sentence("北 京 大 学 in 2019 年 。", [], [])), "北京大学 in 2019 年。");
  assert.equal(plainText(sentence("ソ ニ ー で", [], [])), "ソニーで");
  assert.equal(plainText(sentence("서울 에서", [], [])), "서울 에서");
  assert.equal(plainText(sentence("a b", [], [], { spaces: false })), "ab");
  assert.equal(gap("𠮷", "野", true), ""); // beyond the basic plane
});

test("a mark, a joiner or a variation selector stays with what it belongs to", () => {
  assert.equal(plainText({ words: ["e", "\u0301", "a"], spaces: true }), "e\u0301 a");
  assert.equal(plainText({ words: ["👩", "\u200d💻", "❤", "\ufe0f"], spaces: true }), "👩\u200d💻 ❤\ufe0f");
});

test("every word comes out whole", () => {
  const words = ["e\u0301", "👨‍👩‍👧‍👦", "🇧🇷", "नमस्ते", "नरेन्द्र"];
  const spans: Span[] = [
    [1, 3, "A"],
    [2, 4, "B"],
  ];
  const pieces = layOut({ words, spaces: true, gold_spans: spans, pred_spans: [[0, 2, "C"]] }).flat();
  assert.equal(pieces.map(({ text }) => text).join(""), words.join(" "));
});

test("a sentence with right-to-left letters says which way it runs", () => {
  assert.equal(directionMark(["Ada", "saw"]), "");
  assert.equal(directionMark(["«", "زار", "Apple"]), "\u200f");
  assert.equal(directionMark(["Apple", "في", "دبي"]), "\u200e");
});
