import assert from "node:assert/strict";
import { before, mock, test } from "node:test";

import { runControls, type Ask } from "./run_controls.ts";
import { runSilence } from "./run_silence.ts";
import { emptyState, reduce, type RunEvent } from "./run_state.ts";
import { all, one, openWindow } from "./testing.ts";

before(openWindow);

const paused = (is: boolean): RunEvent => ({ kind: "pause", paused: is, reason: "" });
const checkpoint: RunEvent = { kind: "checkpoint", step: 7, path: "" };
const after = (...events: RunEvent[]) => events.reduce(reduce, emptyState());

function controls(clicks_blocked = false, receive = true) {
  const asked: Ask[] = [];
  const send = (ask: Ask) => (asked.push(ask), receive ? Promise.resolve() : Promise.reject(new Error("no model")));
  const part = runControls({ send, wayOut: "use the interrupt button", clicks_blocked });
  const texts = (): (string | null)[] => [...part.root.querySelectorAll("button")].map((each) => each.textContent);
  const click = (testid: string): void => one(part.root, testid).click();
  const note = (): string | null => one(part.root, "controls-note").textContent;
  part.update(after());
  return { ...part, asked, texts, click, note };
}

test("what was clicked is said until the run has done it, and is not asked twice", () => {
  const { root, asked, texts, click, update, destroy } = controls();
  assert.deepEqual(texts(), ["Stop", "Pause", "Save now"]);
  click("ask-pause");
  click("ask-pause");
  click("ask-save");
  assert.deepEqual(
    [texts(), asked],
    [
      ["Stop", "Pause…", "Save now…"],
      ["pause", "save"],
    ],
  );
  assert.equal(one(root, "ask-pause").ariaDisabled, "true");
  update(after(checkpoint));
  assert.deepEqual(texts(), ["Stop", "Pause…", "Save now"]);
  update(after(checkpoint, paused(true)));
  assert.deepEqual(texts(), ["Stop", "Resume", "Save now"]);
  click("ask-unpause");
  update(after(checkpoint, paused(true), paused(false)));
  assert.deepEqual([texts(), asked.at(-1)], [["Stop", "Pause", "Save now"], "unpause"]);
  destroy();
});

test("a run that stops takes no more clicks, and one that has ended has no buttons", () => {
  const { root, asked, update } = controls();
  const stopping: RunEvent = { kind: "stop_asked", reason: "by hand" };
  update(after(stopping));
  all(root, "ask-stop")
    .concat(all(root, "ask-pause"))
    .forEach((each) => each.click());
  assert.deepEqual([asked, root.hidden], [[], false]);
  update(after(stopping, { kind: "run_ended", status: "stopped", reason: "by hand", elapsed_s: 1 }));
  assert.equal(root.hidden, true);
});

test("a page says which way works where clicks wait, do not arrive, or get no answer", async () => {
  assert.match(controls(true).note() ?? "", /^While the cell runs.*: use the interrupt button$/);
  const lost = controls(false, false);
  lost.click("ask-stop");
  await new Promise((done) => setTimeout(done));
  assert.match(lost.note() ?? "", /use the interrupt button/);
  lost.destroy();
  mock.timers.enable({ apis: ["setTimeout"] });
  const late = controls();
  late.click("ask-pause");
  assert.equal(late.note(), "");
  mock.timers.tick(25_000);
  assert.match(late.note() ?? "", /^No answer yet/);
  late.update(after(paused(true)));
  assert.equal(late.note(), "");
  mock.timers.reset();
});

test("a kernel that says nothing for long is noted until it speaks, and not after the end", () => {
  mock.timers.enable({ apis: ["setInterval", "Date"] });
  const silence = runSilence("ner");
  silence.update(after());
  mock.timers.tick(20_000);
  assert.equal(silence.root.hidden, true);
  mock.timers.tick(15_000);
  assert.equal(silence.root.hidden, false);
  silence.receive();
  assert.equal(silence.root.hidden, true);
  silence.update(after({ kind: "run_ended", status: "done", reason: "", elapsed_s: 1 }));
  mock.timers.tick(60_000);
  assert.equal(silence.root.hidden, true);
  silence.destroy();
  mock.timers.reset();
});
