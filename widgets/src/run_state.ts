/** What a dashboard knows of its run: the page, in parts that are replaced, and the steps, which only grow. */

import type { Value } from "./metrics.ts";
import type { RunPage } from "./run_wire.ts";

/** Step, training loss, learning rate, gradient norm. */
export type Step = readonly [step: number, loss: Value, learning_rate: Value, grad_norm: Value];

export interface News {
  page: Partial<RunPage>;
  /** Number of the run that the steps are of, where several train one after the other. */
  series?: number;
  /** Number of the first of the steps in the run, counted from 0. */
  first: number;
  steps: readonly Step[];
}
export interface RunState {
  page: RunPage;
  /** At most MOST_POINTS of the steps, evenly thinned. */
  steps: readonly Step[];
}

const MOST_POINTS = 2000;

export class RunLog {
  #state: RunState | null = null;
  #page: Partial<RunPage> = {};
  #count = 0;
  #series = 0;
  #listeners = new Set<(state: RunState) => void>();

  /** Take a message in; steps that came before are not counted again. */
  add({ page, series = 0, first, steps }: News): void {
    const again = series !== this.#series;
    if (again) [this.#series, this.#count] = [series, 0];
    const fresh = steps.slice(Math.max(0, this.#count - first));
    this.#count = Math.max(this.#count, first + steps.length);
    this.#page = { ...this.#page, ...page };
    if (!isWhole(this.#page)) return; // the snapshot is still to come
    const known = again ? [] : (this.#state?.steps ?? []);
    this.#state = { page: this.#page, steps: fresh.length > 0 ? thinned([...known, ...fresh]) : known };
    for (const listener of this.#listeners) listener(this.#state);
  }

  /** Calls back now and after every change, until the returned function is called. */
  subscribe(listener: (state: RunState) => void): () => void {
    this.#listeners.add(listener);
    if (this.#state) listener(this.#state);
    return () => this.#listeners.delete(listener);
  }
}

function isWhole(page: Partial<RunPage>): page is RunPage {
  return page.state !== undefined && page.figures !== undefined && page.chart !== undefined && page.dev !== undefined;
}

function thinned(steps: readonly Step[]): readonly Step[] {
  return steps.length > MOST_POINTS ? thinned(steps.filter((_, at) => at % 2 === 0 || at === steps.length - 1)) : steps;
}

export function hasEnded({ state }: Pick<RunPage, "state">): boolean {
  return state !== "running" && state !== "paused" && state !== "stopping";
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
