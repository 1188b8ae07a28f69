import assert from "node:assert/strict";
import { before, test } from "node:test";

import { number } from "./format.ts";
import { coded, figures, head, journal, messages, progress, remarks, samples, settings, type Part } from "./run_facts.ts";
import { below, folderLine } from "./run_folder.ts";
import { page } from "./run_page.testing.ts";
import { devTable, labelTable } from "./run_tables.ts";
import type { RunPage } from "./run_wire.ts";
import { one, openWindow } from "./testing.ts";

before(openWindow);

function shown(part: Part, more: Partial<RunPage> = {}): HTMLElement {
  part.update({ page: page(more), steps: [] });
  return part.root;
}
const texts = (root: ParentNode, selector: string): (string | null)[] => [...root.querySelectorAll(selector)].map((each) => each.textContent);

test("the head has the score, what it is of, and the state in its colour", () => {
  const root = shown(head(), { badge: "failed", color: "#B3261E", score: "79.57", score_about: ["test F1", ""] });
  assert.deepEqual([one(root, "score").textContent, one(root, "status").textContent], ["79.57", "failed"]);
  assert.deepEqual(texts(one(root, "score-about"), "div"), ["test F1", "\u00a0"]); // an empty line keeps its place
  assert.match(one(root, "status").style.background, /#b3261e|rgb\(179, 38, 30\)/i);
  assert.equal(shown(progress()).ariaValueNow ?? shown(progress()).getAttribute("aria-valuenow"), "10");
});

test("figures are shown as they were worded", () => {
  const root = shown(figures());
  assert.deepEqual([one(root, "progress-steps").textContent, one(root, "time-left").textContent], ["10 / 30", "40 s"]);
});

test("the best evaluation is strong, and names stay text", () => {
  const rows = [
    { cells: ["1", "10", "0.5000", "20.00", ""], best: false },
    { cells: ["2", "20", "0.4000", "–", "★ best"], best: true },
  ];
  const dev = shown(devTable(), { dev: { heads: ["epoch", "step", "dev loss", "<b>", ""], rows, note: "" } });
  assert.deepEqual(texts(dev, "thead th"), ["epoch", "step", "dev loss", "<b>", ""]);
  assert.deepEqual(texts(dev, "tr.ft-best > *"), ["2", "20", "0.4000", "–", "★ best"]);
  const none = shown(devTable(), { dev: { heads: ["epoch"], rows: [], note: "No dev data" } });
  assert.deepEqual([one(none, "dev-note").textContent, none.querySelector("table")?.hidden], ["No dev data", true]);
});

test("labels have a line in their own colour", () => {
  const rows = [{ label: "<b>", color: "#0072B2", line: [0, null, 0.5], cells: ["0.00", "–", "50.00"] }];
  const root = shown(labelTable(), { labels: { title: "Dev F1 by label over epochs", heads: ["label", "", "epoch 1", "epoch 2", "epoch 3"], rows, note: "" } });
  assert.deepEqual(texts(root, "tbody > tr > *"), ["<b>", "", "0.00", "–", "50.00"]);
  assert.equal(root.querySelector("polyline")?.getAttribute("points"), "2.0,14.0 88.0,8.0");
  assert.deepEqual([root.querySelector("polyline")?.getAttribute("stroke"), root.querySelector("circle")?.getAttribute("fill")], ["#0072B2", "#0072B2"]);
  assert.equal(shown(labelTable()).hidden, true);
});

test("messages, remarks, the log and settings stand in order, as text", () => {
  const said = shown(messages(), {
    messages: [
      { level: "info", text: "type `%ft runs`" },
      { level: "warning", text: "<i>second</i>" },
    ],
  });
  assert.deepEqual(texts(said, ":scope > div"), ["type %ft runs", "⚠ <i>second</i>"]);
  assert.deepEqual(texts(said, "code"), ["%ft runs"]);
  assert.deepEqual(texts(shown(remarks(), { remarks: ["one", "two"] }), "div"), ["▸ one", "▸ two"]);
  assert.deepEqual(texts(shown(samples(), { samples: [[{ name: "", pieces: ["✓ a ____ → b"] }]] }), ".ft-notices > div"), ["✓ a ____ → b"]);
  const marked = [{ name: "output", pieces: ["the ", "cat", " sat"] }];
  assert.deepEqual(texts(shown(samples(), { samples: [marked] }), "mark"), ["cat"]);
  assert.deepEqual(texts(shown(journal(), { log: ["10:00:00  paused"] }), ".ft-notices > div"), ["10:00:00  paused"]);
  assert.equal(shown(journal()).hidden, true);
  assert.equal(shown(settings(), { settings: "task: ner" }).querySelector("pre")?.textContent, "task: ner");
  assert.equal(shown(settings()).hidden, true);
  assert.deepEqual(coded("plain"), ["plain"]);
});

test("a part that has not changed is not drawn again", () => {
  const part = figures();
  const first = shown(part).firstElementChild;
  shown(part, { score: "99.00" });
  assert.equal(part.root.firstElementChild, first);
});

test("the folder is a link where it lies below the server's root", () => {
  assert.equal(below("/home/ada/work/ft_runs/ner", "/home/ada/work"), "ft_runs/ner");
  assert.equal(below("/home/ada/work/ft_runs/ner", "~/work"), "ft_runs/ner");
  assert.equal(below("/root/ft_runs/ner", "~"), "ft_runs/ner");
  assert.equal(below("/srv/ft_runs/ner", "/"), "srv/ft_runs/ner");
  assert.deepEqual([below("/home/ada/work2/x", "/home/ada/work"), below("/x", "")], [null, null]);
  const config = document.createElement("script");
  config.id = "jupyter-config-data";
  config.textContent = JSON.stringify({ baseUrl: "/user/ada/", serverRoot: "~/work" });
  document.body.append(config);
  assert.equal(shown(folderLine("ner")).querySelector("a")?.getAttribute("href"), "/user/ada/lab/tree/ft_runs/ner");
  assert.equal(shown(folderLine("ner"), { place: "/elsewhere/my run" }).querySelector("a"), null);
  assert.match(shown(folderLine("ner"), { state: "done" }).textContent ?? "", /ft_runs\/ner · %ft report ner shows/);
  config.remove();
});

test("numbers have the digits that one can use", () => {
  assert.deepEqual([0, 0.46951, 12.3456, 3e-5, 1e9, null, Number.NaN].map(number), ["0.0000", "0.4695", "12.35", "3.00e-5", "1.00e+9", "–", "–"]);
});
