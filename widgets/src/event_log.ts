/** Puts batches of events in order: a batch says which number its first event has, so none is counted twice. */

import { emptyState, reduce, type RunEvent, type RunState } from "./run_state.ts";

export class EventLog {
  state: RunState = emptyState();
  #count = 0;
  #listeners = new Set<(state: RunState) => void>();

  add(first: number, events: readonly RunEvent[]): void {
    const fresh = events.slice(Math.max(0, this.#count - first));
    if (fresh.length === 0) return;
    this.state = fresh.reduce(reduce, this.state);
    this.#count = first + events.length;
    for (const listener of this.#listeners) listener(this.state);
  }

  /** Calls back now and after every change, until the returned function is called. */
  subscribe(listener: (state: RunState) => void): () => void {
    this.#listeners.add(listener);
    listener(this.state);
    return () => this.#listeners.delete(listener);
  }
}
