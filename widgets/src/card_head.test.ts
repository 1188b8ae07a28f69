import assert from "node:assert/strict";
import { before, test } from "node:test";

import { all, CARDS, one, openWindow } from "./testing.ts";
import type { Card } from "./wire.ts";

before(openWindow);

async function view(card: Card): Promise<HTMLElement> {
  const [{ cardView }, { colorsOf }] = await Promise.all([import("./card_head.ts"), import("./section_view.ts")]);
  return cardView(card, colorsOf(["yes", "no"])).root;
}

test("spans show gold and predicted together, in words and not in colour alone", async () => {
  const root = await view(CARDS[2]!);
  assert.match(root.textContent ?? "", /type.*gold <b> → predicted 人物.*confidence 80\.00 %/);
  assert.deepEqual(
    [...root.querySelectorAll(".ft-label")].map((label) => label.textContent),
    ["gold <b>", "predicted 人物"],
  );
  assert.equal(one(root, "sentence").getAttribute("dir"), "auto");
  assert.equal(root.querySelector("bdi .ft-gold .ft-pred")?.firstChild?.textContent, "Ada");
  assert.equal(root.querySelectorAll("b").length, 0);
  assert.match(root.title, /seen: unseen/);
});

test("of several systems each has its line, and what only one of them predicted stands out", async () => {
  const versions = [
    { name: "small", predicted: [] },
    { name: "large", predicted: [[0, 1, "PER"] as const] },
  ];
  const root = await view({ kind: "spans", row: "r", data: { words: ["Ada", "met"], gold: [[0, 1, "PER"]], versions } });
  assert.equal(all(root, "sentence").length, 2);
  assert.deepEqual(
    [...root.querySelectorAll(".ft-run-name")].map((each) => each.textContent),
    ["small", "large"],
  );
  assert.deepEqual(
    [...root.querySelectorAll(".ft-label.ft-own")].map((each) => each.textContent),
    ["gold PER", "gold PER", "predicted PER"],
  );
});

test("labels show texts, gold, predicted and probabilities with their colours", async () => {
  const root = await view({
    kind: "labels",
    row: "r",
    data: {
      text: "how much",
      pair: "what price",
      gold: ["yes"],
      predicted: ["no"],
      scores: [
        ["no", 0.78125],
        ["yes", 0.2],
      ],
      note: "why",
    },
  });
  assert.match(root.textContent ?? "", /how muchwhat pricegold yespredicted nono 78\.12 %yes 20\.00 %why/);
  assert.deepEqual(
    [...root.querySelectorAll<HTMLElement>(".ft-label-chip")].map((each) => each.style.getPropertyValue("--ft-label")),
    ["#0072B2", "#E69F00"],
  );
  assert.doesNotMatch(root.textContent ?? "", /✓/);
});

test("labels that are right say so, and none is a dash", async () => {
  const right = await view({
    kind: "labels",
    row: "r",
    data: {
      text: "t",
      gold: ["yes"],
      versions: [
        { name: "small", predicted: [] },
        { name: "large", predicted: ["yes"] },
      ],
    },
  });
  assert.match(right.textContent ?? "", /small –large yes ✓/);
});

test("texts stand below each other with their names", async () => {
  const root = await view({
    kind: "texts",
    row: "r",
    data: {
      texts: [
        ["source", "<b>"],
        ["answer", "two\nlines"],
      ],
    },
  });
  assert.deepEqual(
    [...root.querySelectorAll("dt, dd")].map((each) => each.textContent),
    ["source", "<b>", "answer", "two\nlines"],
  );
});
