/** Events of a run → what the dashboard shows. Pure: the same events give the same state. */

export type Metric = number | null;

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
  sentences: number;
}
export interface StepDone {
  kind: "step";
  step: number;
  epoch: number;
  loss: number;
  learning_rate: number;
  grad_norm: Metric;
  tokens_per_s: number;
  elapsed_s: number;
}
export interface Evaluated {
  kind: "evaluated";
  step: number;
  epoch: number;
  split: string;
  loss: Metric;
  precision: Metric;
  recall: Metric;
  f1: Metric;
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
export interface RunEnded {
  kind: "run_ended";
  status: "done" | "stopped" | "failed";
  reason: string;
  elapsed_s: number;
}
export type RunEvent = RunStarted | StepDone | Evaluated | Notice | StopAsked | RunEnded | { kind: "other" };

export type Status = "running" | "stopping" | "done" | "stopped" | "failed";

export interface RunState {
  status: Status;
  started: RunStarted | null;
  last: StepDone | null;
  /** Step and loss, at most MOST_POINTS of them, evenly thinned. */
  steps: number[];
  losses: number[];
  evaluations: Evaluated[];
  notices: Notice[];
  reason: string;
}

const MOST_POINTS = 2000;

export function emptyState(): RunState {
  return {
    status: "running",
    started: null,
    last: null,
    steps: [],
    losses: [],
    evaluations: [],
    notices: [],
    reason: "",
  };
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
      return { ...state, notices: [...state.notices, event] };
    case "stop_asked":
      return { ...state, status: state.status === "running" ? "stopping" : state.status, reason: event.reason };
    case "run_ended":
      return { ...state, status: event.status, reason: event.reason };
    default:
      return state; // a kind of a newer version
  }
}

function withStep(state: RunState, event: StepDone): RunState {
  let steps = [...state.steps, event.step];
  let losses = [...state.losses, event.loss];
  if (steps.length > MOST_POINTS) {
    steps = steps.filter((_, at) => at % 2 === 0);
    losses = losses.filter((_, at) => at % 2 === 0);
  }
  return { ...state, last: event, steps, losses };
}

/** The evaluation whose model is kept: the last one that was the best when it was made. */
export function bestEvaluation(state: RunState): Evaluated | null {
  return state.evaluations.findLast((event) => event.best) ?? null;
}

/** Seconds left, from the mean time of a step so far; null before there is any. */
export function secondsLeft(state: RunState): number | null {
  const { last, started } = state;
  if (!last || !started || last.step === 0 || state.status !== "running") return null;
  return (last.elapsed_s / last.step) * Math.max(0, started.total_steps - last.step);
}

/** Exponential moving average that begins without a bias; `weight` is the share of the past, from 0 to 1. */
export function smooth(values: readonly number[], weight: number): number[] {
  let mean = 0;
  let mass = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return Number.NaN;
    mean = weight * mean + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return mean / mass;
  });
}
