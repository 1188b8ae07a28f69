import assert from "node:assert/strict";
import { before, test } from "node:test";

import { all, CARDS, COLORS, one, openWindow, shown } from "./testing.ts";
import type { Piece, ShownCard } from "./wire.ts";

before(openWindow);

async function view(card: ShownCard): Promise<HTMLElement> {
  const [{ cardView }, { colorsOf }] = await Promise.all([import("./card_head.ts"), import("./section_view.ts")]);
  return cardView(card, colorsOf(COLORS)).root;
}
const fills = (root: HTMLElement, of: string): string[] => [...root.querySelectorAll<HTMLElement>(of)].map((each) => each.style.getPropertyValue("--ft-fill"));

test("spans show gold and predicted together, in words and not in colour alone", async () => {
  const root = await view({ ...CARDS[2]!, about: ["gold <b> → predicted 人物", "confidence 80.00 %"] });
  assert.match(root.textContent ?? "", /type.*gold <b> → predicted 人物.*confidence 80\.00 %/);
  assert.deepEqual(
    [...root.querySelectorAll(".ft-label")].map((label) => label.textContent),
    ["\u00a0gold <b>", "\u00a0predicted 人物"],
  );
  assert.equal(one(root, "sentence").getAttribute("dir"), "auto");
  assert.equal(root.querySelector("bdi .ft-gold .ft-pred")?.firstChild?.textContent, "Ada");
  assert.deepEqual([fills(root, ".ft-gold"), fills(root, ".ft-pred")], [["#0072B2"], ["#D55E00"]]);
  assert.equal(root.querySelectorAll("b").length, 0);
  assert.match(root.title, /seen: unseen/);
});

test("pieces under one span are held together, what stands between spans is text", async () => {
  const cover = { label: "人物", own: false, starts: true, ends: true };
  const piece = (text: string, more: Partial<Piece> = {}): Piece => ({ text, gold: null, predicted: null, tags: [], joined: false, ...more });
  const pieces = [piece("Ada "), piece("New", { gold: cover }), piece(" York", { gold: cover, joined: true }), piece(" saw")];
  const root = await view(shown("r", { sentences: [{ name: "", mark: "\u200f", pieces }] }));
  const sentence = one(root, "sentence");
  assert.equal(sentence.textContent, "\u200fAda New York saw");
  assert.deepEqual(
    [...sentence.childNodes].map((each) => each.nodeName),
    ["SPAN", "#text", "BDI", "#text"],
  );
  assert.equal(sentence.querySelector("bdi")?.textContent, "New York");
  assert.equal(sentence.querySelector(".ft-no-copy")?.textContent, "\u200f");
});

test("of several systems each has its line with its name", async () => {
  const sentence = CARDS[0]!.sentences[0]!;
  const root = await view(
    shown("r", {
      sentences: [
        { ...sentence, name: "small" },
        { ...sentence, name: "large" },
      ],
    }),
  );
  assert.equal(all(root, "sentence").length, 2);
  assert.deepEqual(
    [...root.querySelectorAll(".ft-run-name")].map((each) => each.textContent),
    ["small", "large"],
  );
});

test("labels show texts, gold, predicted and probabilities with their colours", async () => {
  const root = await view(
    shown("r", {
      texts: [
        { name: "", pieces: ["how much"] },
        { name: "", pieces: ["what price"] },
      ],
      sides: [
        { name: "gold", labels: ["<b>"], right: null },
        { name: "predicted", labels: ["人物"], right: false },
      ],
      scores: [{ label: "人物", share: 0.78125, text: "78.12 %" }],
      note: "why",
    }),
  );
  assert.match(root.textContent ?? "", /how muchwhat pricegold <b>predicted 人物人物 78\.12 %why/);
  assert.deepEqual(fills(root, ".ft-label-chip"), ["#0072B2", "#D55E00"]);
  assert.doesNotMatch(root.textContent ?? "", /✓/);
});

test("labels that are right say so, and none is a dash", async () => {
  const sides = [
    { name: "small", labels: [], right: false },
    { name: "large", labels: ["yes"], right: true },
  ];
  assert.match((await view(shown("r", { sides }))).textContent ?? "", /small –large yes ✓/);
});

test("texts stand below each other with their names", async () => {
  const root = await view(
    shown("r", {
      texts: [
        { name: "source", pieces: ["<b>"] },
        { name: "answer", pieces: ["two\n", "lines"] },
      ],
    }),
  );
  assert.match(root.textContent ?? "", /source <b>answer two\nlines/);
  assert.deepEqual(
    [...root.querySelectorAll("mark")].map((each) => each.textContent),
    ["lines"],
  );
});

test("a question stands above the context that it is asked about", async () => {
  const piece = { text: "هنا", gold: null, predicted: null, tags: [], joined: false };
  const root = await view(shown("r", { question: "أين <هو>؟", sentences: [{ name: "", mark: "\u200f", pieces: [piece] }] }));
  const question = root.querySelector(".ft-question");
  assert.deepEqual([question?.textContent, question?.getAttribute("dir")], ["أين <هو>؟", "auto"]);
  assert.equal(question?.nextElementSibling, one(root, "sentence"));
});

test("an arrow leads from one entity to the other, and a dotted line says that there is none", async () => {
  const arrow = { name: "gold", start: "<b>waste</b>", label: "about(e2,e1)", said: "about", end: "audits", none: false, right: null };
  const root = await view(shown("r", { arrows: [arrow, { ...arrow, name: "predicted", label: "Other", said: "Other", none: true, right: false }] }));
  const drawn = [...root.querySelectorAll("[data-testid=arrow]")].map((each) => each.textContent);
  assert.deepEqual(drawn, ["gold <b>waste</b> ── about─▶ audits", "predicted <b>waste</b> ┄┄ Other┄┄ audits"]);
  assert.equal(root.querySelectorAll("b").length, 0);
});
