import assert from "node:assert/strict";
import { test } from "node:test";

import { EventLog } from "./event_log.ts";
import { bestEvaluation, emptyState, reduce, secondsLeft, smooth, type RunEvent } from "./run_state.ts";

const started: RunEvent = {
  kind: "run_started", name: "ner", task: "ner", model: "minilm", method: "full", device: "cpu", precision: "fp32",
  epochs: 2, total_steps: 20, parameters: 10, trainable_parameters: 10, examples: 3,
  metrics: [{ name: "f1", label: "F1", higher_is_better: true, unit: "share" }],
};
const step = (at: number, loss: number | null = 1): RunEvent => ({
  kind: "step", step: at, epoch: at / 10, loss, learning_rate: 1e-4, grad_norm: null, tokens_per_s: 100, elapsed_s: at * 2,
});
const evaluated = (epoch: number, best: boolean, split = "dev"): RunEvent => ({
  kind: "evaluated", step: epoch * 10, epoch, split, loss: 0.5, metrics: { f1: 0 }, by_label: {}, best,
});
const after = (...events: RunEvent[]) => events.reduce(reduce, emptyState());

test("time left comes from the mean step, without the slow first ones", () => {
  assert.equal(secondsLeft(after(started)), null);
  assert.equal(secondsLeft(after(started, { ...step(1), elapsed_s: 60 } as RunEvent)), null);
  assert.equal(secondsLeft(after(started, step(1), step(5))), 30);
  assert.equal(secondsLeft(after(started, step(1), step(5), { kind: "run_ended", status: "done", reason: "", elapsed_s: 1 })), null);
});

test("only dev evaluations fill the table, and the last best one is the best", () => {
  const state = after(started, evaluated(1, true), evaluated(2, true), evaluated(3, false), evaluated(3, false, "test"));
  assert.equal(state.evaluations.length, 3);
  assert.equal(bestEvaluation(state)?.epoch, 2);
});

test("a stop is shown at once and gives way to the end", () => {
  const state = after(started, { kind: "stop_asked", reason: "by hand" });
  assert.equal(state.status, "stopping");
  assert.equal(reduce(state, { kind: "run_ended", status: "stopped", reason: "by hand", elapsed_s: 1 }).status, "stopped");
});

test("a kind of a newer version changes nothing", () => {
  const state = after(started);
  assert.equal(reduce(state, { kind: "other" }), state);
});

test("a long curve is thinned and keeps its ends", () => {
  const state = Array.from({ length: 9000 }, (_, at) => step(at)).reduce(reduce, emptyState());
  assert.ok(state.steps.length <= 2000);
  assert.equal(state.steps[0]?.step, 0);
  assert.equal(state.last?.step, 8999);
});

test("smoothing keeps a constant and skips NaN", () => {
  assert.deepEqual(smooth([3, 3, 3], 0.8).map((value) => Math.round(value! * 1e9) / 1e9), [3, 3, 3]);
  for (const hole of [Number.NaN, null]) {
    assert.equal(smooth([1, hole, 2], 0.5)[1], null);
    assert.ok(Number.isFinite(smooth([1, hole, 2], 0.5)[2]));
  }
});

test("a batch that comes twice is counted once", () => {
  const log = new EventLog();
  let calls = 0;
  const stop = log.subscribe(() => calls++);
  log.add(0, [started, step(1)]);
  log.add(0, [started, step(1)]);
  log.add(1, [step(1), step(2)]);
  assert.deepEqual(log.state.steps.map((event) => event.step), [1, 2]);
  assert.equal(calls, 3);
  stop();
  log.add(3, [step(3)]);
  assert.equal(calls, 3);
});

const pause = (paused: boolean): RunEvent => ({ kind: "pause", paused, reason: "by hand" });
const ended: RunEvent = { kind: "run_ended", status: "failed", reason: "gone", elapsed_s: 1 };

test("a pause ends where it ends, and a stop stands over it", () => {
  assert.equal(after(started, pause(true)).status, "paused");
  assert.equal(after(started, pause(true), pause(false)).status, "running");
  const stopped = after(started, pause(true), { kind: "stop_asked", reason: "by hand" }, pause(false));
  assert.equal(stopped.status, "stopping");
});

test("what a resumption made void is gone", () => {
  const checkpoint = (at: number): RunEvent => ({ kind: "checkpoint", step: at, path: `checkpoints/checkpoint-${at}` });
  const told = [started, step(5), step(10), evaluated(1, true), checkpoint(10), step(15), evaluated(2, true), checkpoint(20), ended];
  const state = after(...told, { kind: "resumed", step: 10, epoch: 1 }, step(11));
  assert.equal(state.status, "running");
  assert.deepEqual(state.steps.map((event) => event.step), [5, 10, 11]);
  assert.deepEqual(state.evaluations.map((event) => event.epoch), [1]);
  assert.deepEqual(state.checkpoints.map((event) => event.step), [10]);
});

test("an evaluation after a stop on the way through an epoch is void: it came after the checkpoint", () => {
  const state = after(started, step(10), evaluated(1, true), step(15), evaluated(1.5, true), { kind: "resumed", step: 15, epoch: 1.5 });
  assert.deepEqual(state.evaluations.map((event) => event.epoch), [1]);
});

test("only the newest notices are kept", () => {
  const state = Array.from({ length: 70 }, (_, at): RunEvent => ({ kind: "notice", level: "info", text: String(at) })).reduce(reduce, emptyState());
  assert.deepEqual([state.notices.length, state.notices.at(-1)?.text], [50, "69"]);
});
