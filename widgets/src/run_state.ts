/** Events of a run → what the dashboard shows. Pure: the same events give the same state. */

import type { Metric, Value } from "./metrics.ts";

export interface RunStarted {
  kind: "run_started";
  name: string;
  task: string;
  model: string;
  method: string;
  device: string;
  precision: string;
  epochs: number;
  total_steps: number;
  parameters: number;
  trainable_parameters: number;
  examples: number;
  /** The headline, which chooses the best model, comes first. */
  metrics: Metric[];
  config?: { data?: Record<string, unknown>; [section: string]: unknown };
  /** What the cell left open: what was chosen, and why. */
  chosen?: string[];
}
export interface StepDone {
  kind: "step";
  step: number;
  epoch: number;
  loss: Value;
  learning_rate: Value;
  grad_norm: Value;
  tokens_per_s: number;
  elapsed_s: number;
  process_memory_bytes?: Value;
  device_memory_bytes?: Value;
}
export interface Evaluated {
  kind: "evaluated";
  step: number;
  epoch: number;
  split: string;
  loss: Value;
  /** By the names of the run's metrics. */
  metrics: Record<string, Value>;
  /** The headline for each label. */
  by_label: Record<string, Value>;
  best: boolean;
}
export interface Notice {
  kind: "notice";
  level: string;
  text: string;
}
export interface StopAsked {
  kind: "stop_asked";
  reason: string;
}
export interface PauseChanged {
  kind: "pause";
  paused: boolean;
  reason: string;
}
export interface RunResumed {
  kind: "resumed";
  step: number;
  epoch: number;
}
export interface CheckpointSaved {
  kind: "checkpoint";
  step: number;
  path: string;
}
export interface RunEnded {
  kind: "run_ended";
  status: "done" | "stopped" | "failed";
  reason: string;
  elapsed_s: number;
}
export type RunEvent = RunStarted | StepDone | Evaluated | Notice | StopAsked | PauseChanged | RunResumed | CheckpointSaved | RunEnded | { kind: "other" };
/** What is told in the log, line by line. `time` is in seconds since 1970. */
export type Told = (StopAsked | PauseChanged | RunResumed | CheckpointSaved) & { time?: number };

export type Status = "running" | "paused" | "stopping" | "done" | "stopped" | "failed";

export interface RunState {
  status: Status;
  started: RunStarted | null;
  last: StepDone | null;
  /** At most MOST_POINTS of the steps, evenly thinned. */
  steps: StepDone[];
  evaluations: Evaluated[];
  /** The newest MOST_NOTICES. */
  notices: Notice[];
  checkpoints: CheckpointSaved[];
  /** The newest MOST_NOTICES. */
  journal: Told[];
  reason: string;
}

const MOST_POINTS = 2000;
const MOST_NOTICES = 50;

export function emptyState(): RunState {
  return { status: "running", started: null, last: null, steps: [], evaluations: [], notices: [], checkpoints: [], journal: [], reason: "" };
}

export function reduce(state: RunState, event: RunEvent): RunState {
  switch (event.kind) {
    case "run_started":
      return { ...state, started: event };
    case "step":
      return withStep(state, event);
    case "evaluated":
      return event.split === "dev" ? { ...state, evaluations: [...state.evaluations, event] } : state;
    case "notice":
      return { ...state, notices: [...state.notices, event].slice(-MOST_NOTICES) };
    case "checkpoint":
      return { ...told(state, event), checkpoints: [...state.checkpoints, event] };
    case "pause":
      return withPause(told(state, event), event);
    case "stop_asked":
      return hasEnded(state) ? state : { ...told(state, event), status: "stopping", reason: event.reason };
    case "resumed":
      return goneBack(told(state, event), event.step);
    case "run_ended":
      return { ...state, status: event.status, reason: event.reason };
    default:
      return state; // a kind of a newer version
  }
}

export function hasEnded({ status }: RunState): boolean {
  return status === "done" || status === "stopped" || status === "failed";
}

function told(state: RunState, event: Told): RunState {
  return { ...state, journal: [...state.journal, event].slice(-MOST_NOTICES) };
}

function withStep(state: RunState, event: StepDone): RunState {
  const steps = [...state.steps, event];
  return { ...state, last: event, steps: steps.length > MOST_POINTS ? steps.filter((_, at) => at % 2 === 0) : steps };
}

/** A pause and its end; a stop that was asked for stands over both. */
function withPause(state: RunState, { paused, reason }: PauseChanged): RunState {
  if (paused) return state.status === "running" ? { ...state, status: "paused", reason } : state;
  return state.status === "paused" ? { ...state, status: "running", reason: "" } : state;
}

/** A run that had ended is resumed: what came after the checkpoint is void. Python's twin is `events.drop_superseded`. */
function goneBack(state: RunState, step: number): RunState {
  const before = (event: { step: number }): boolean => event.step <= step;
  const steps = state.steps.filter(before);
  return {
    ...state,
    status: "running",
    reason: "",
    steps,
    last: steps.at(-1) ?? null,
    // A stop on the way through an epoch evaluates after its checkpoint.
    evaluations: state.evaluations.filter((event) => before(event) && (event.step < step || Number.isInteger(event.epoch))),
    checkpoints: state.checkpoints.filter(before),
  };
}

/** The evaluation whose model is kept: the last one that was the best when it was made. */
export function bestEvaluation(state: RunState): Evaluated | null {
  return state.evaluations.findLast((event) => event.best) ?? null;
}

/** What the run's evaluations measure, the headline first. */
export function metricsOf({ started }: RunState): readonly Metric[] {
  return started?.metrics ?? [];
}

/** Seconds left, from the mean time of a step; null before that is known. The first steps are slow and do not count. */
export function secondsLeft(state: RunState): number | null {
  const { last, started } = state;
  const [first] = state.steps;
  if (!last || !started || !first || last.step <= first.step || state.status !== "running") return null;
  const step_s = (last.elapsed_s - first.elapsed_s) / (last.step - first.step);
  return step_s * Math.max(0, started.total_steps - last.step);
}

/** Exponential moving average that begins without a bias; `weight` is the share of the past, from 0 to 1. */
export function smooth(values: readonly Value[], weight: number): Value[] {
  let mean = 0;
  let mass = 0;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return null;
    mean = weight * mean + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return mean / mass;
  });
}
