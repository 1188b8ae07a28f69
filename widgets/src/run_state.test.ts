import assert from "node:assert/strict";
import { test } from "node:test";

import { page } from "./run_page.testing.ts";
import { hasEnded, RunLog, smooth, type RunState, type Step } from "./run_state.ts";

const step = (at: number): Step => [at, 1, 1e-4, null];
const steps = (...all: number[]): Step[] => all.map(step);

function followed(): { log: RunLog; told: RunState[]; stop: () => void } {
  const log = new RunLog();
  const told: RunState[] = [];
  return { log, told, stop: log.subscribe((state) => told.push(state)) };
}

test("parts of a page replace those before them, and a step that comes twice is counted once", () => {
  const { log, told, stop } = followed();
  log.add({ page: page(), first: 0, steps: steps(1, 2) });
  log.add({ page: { score: "90.00" }, first: 0, steps: steps(1, 2) });
  log.add({ page: {}, first: 1, steps: steps(2, 3) });
  const { page: shown, steps: known } = told.at(-1)!;
  assert.deepEqual([shown.score, shown.name, known.map(([at]) => at)], ["90.00", "ner", [1, 2, 3]]);
  assert.equal(told[0]?.steps, told[1]?.steps); // what is drawn of them need not be drawn again
  stop();
  log.add({ page: {}, first: 3, steps: steps(4) });
  assert.equal(told.length, 3);
});

test("the steps of another run take the place of those before", () => {
  const { log, told } = followed();
  log.add({ page: page(), series: 1, first: 0, steps: steps(1, 2, 3) });
  log.add({ page: {}, series: 2, first: 0, steps: [] });
  assert.deepEqual(told.at(-1)!.steps, []);
  log.add({ page: {}, series: 2, first: 0, steps: steps(1) });
  log.add({ page: {}, series: 2, first: 0, steps: steps(1, 2) });
  assert.deepEqual(
    told.at(-1)!.steps.map(([at]) => at),
    [1, 2],
  );
});

test("nothing is shown before the page is whole", () => {
  const { log, told } = followed();
  log.add({ page: { score: "1.00" }, first: 0, steps: [] });
  assert.equal(told.length, 0);
  log.add({ page: page(), first: 0, steps: steps(1) });
  assert.equal(told.length, 1);
  const late: RunState[] = [];
  log.subscribe((state) => late.push(state));
  assert.equal(late.length, 1);
});

test("a long curve is thinned and keeps its ends", () => {
  const { log, told } = followed();
  for (let at = 0; at < 90; at++) log.add({ page: page(), first: at * 100, steps: steps(...Array.from({ length: 100 }, (_, more) => at * 100 + more)) });
  const known = told.at(-1)!.steps;
  assert.ok(known.length <= 2000);
  assert.deepEqual([known[0]?.[0], known.at(-1)?.[0]], [0, 8999]);
});

test("a run has ended when nothing more is to come", () => {
  const ended = (["running", "paused", "stopping", "done", "stopped", "failed", "crashed"] as const).map((state) => hasEnded({ state }));
  assert.deepEqual(ended, [false, false, false, true, true, true, true]);
});

test("smoothing keeps a constant and skips NaN", () => {
  assert.deepEqual(
    smooth([3, 3, 3], 0.8).map((value) => Math.round(value! * 1e9) / 1e9),
    [3, 3, 3],
  );
  for (const hole of [Number.NaN, null]) {
    assert.equal(smooth([1, hole, 2], 0.5)[1], null);
    assert.ok(Number.isFinite(smooth([1, hole, 2], 0.5)[2]));
  }
});
