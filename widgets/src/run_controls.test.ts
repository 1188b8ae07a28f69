import assert from "node:assert/strict";
import { before, mock, test } from "node:test";

import { runControls, type Ask } from "./run_controls.ts";
import { runSilence } from "./run_silence.ts";
import { page } from "./run_page.testing.ts";
import type { RunPage } from "./run_wire.ts";
import { all, one, openWindow } from "./testing.ts";

before(openWindow);

function controls(clicks_blocked = false, receive = true) {
  const asked: Ask[] = [];
  const send = (ask: Ask) => (asked.push(ask), receive ? Promise.resolve() : Promise.reject(new Error("no model")));
  const part = runControls({ send, wayOut: "use the interrupt button", clicks_blocked });
  const texts = (): (string | null)[] => [...part.root.querySelectorAll("button")].map((each) => each.textContent);
  const click = (testid: string): void => one(part.root, testid).click();
  const note = (): string | null => one(part.root, "controls-note").textContent;
  part.update(page(), false);
  const update = (now: RunPage, gone = false): void => part.update(now, gone);
  return { ...part, update, asked, texts, click, note };
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
  update(page({ saved_at: 7 }));
  assert.deepEqual(texts(), ["Stop", "Pause…", "Save now"]);
  update(page({ saved_at: 7, state: "paused" }));
  assert.deepEqual(texts(), ["Stop", "Resume", "Save now"]);
  click("ask-unpause");
  update(page({ saved_at: 7 }));
  assert.deepEqual([texts(), asked.at(-1)], [["Stop", "Pause", "Save now"], "unpause"]);
  destroy();
});

test("a run that stops takes no more clicks, and one that has ended has no buttons", () => {
  const { root, asked, update } = controls();
  update(page({ state: "stopping" }));
  all(root, "ask-stop")
    .concat(all(root, "ask-pause"))
    .forEach((each) => each.click());
  assert.deepEqual([asked, root.hidden], [[], false]);
  update(page({ state: "stopped" }));
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
  late.update(page({ state: "paused" }));
  assert.equal(late.note(), "");
  mock.timers.reset();
});

test("a kernel that is quiet is said to be, and one that is gone takes no clicks and leaves no time", () => {
  mock.timers.enable({ apis: ["setInterval", "Date"] });
  let changes = 0;
  const silence = runSilence("ner", () => changes++);
  const left = (shown: RunPage): string | undefined => shown.figures.find(({ name }) => name === "time-left")?.text;
  const running = page();
  mock.timers.tick(20_000);
  assert.equal(silence.over(running), running);
  mock.timers.tick(15_000);
  const quiet = silence.over(running);
  assert.deepEqual([quiet.say, quiet.badge, left(quiet), silence.gone()], ["No word from the kernel for 35 s", "running", "–", false]);
  mock.timers.tick(100_000);
  const gone = silence.over(running);
  assert.deepEqual([gone.badge, left(gone), silence.gone()], ["kernel gone", "–", true]);
  assert.equal(gone.say, "Kernel gone, last seen 2 min ago. In a new cell: `%load_ext ft_magics`, then `%ft resume ner`");
  const ended = page({ state: "done" });
  assert.equal(silence.over(ended), ended);
  silence.receive();
  assert.equal(silence.over(running), running);
  silence.cut();
  assert.match(silence.over(running).say, /^Kernel gone, last seen 1 s ago/);
  assert.ok(changes > 2);
  silence.destroy();
  mock.timers.reset();
});

test("a kernel that is gone takes no clicks, and what was asked of it is not waited for", () => {
  const { root, asked, texts, click, update, note } = controls();
  click("ask-pause");
  update(page(), true);
  assert.deepEqual([texts(), note()], [["Stop", "Pause", "Save now"], ""]);
  all(root, "ask-stop").forEach((each) => each.click());
  assert.deepEqual([asked, one(root, "ask-stop").ariaDisabled], [["pause"], "true"]);
  update(page());
  click("ask-stop");
  assert.deepEqual(asked, ["pause", "stop"]);
});
