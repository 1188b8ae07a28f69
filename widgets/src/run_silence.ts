/** Says that the kernel says nothing. A page is not told that its kernel was restarted, and would show a run for ever. */

import { h } from "./dom.ts";
import { hasEnded, type RunState } from "./run_state.ts";
import type { Part } from "./run_tables.ts";

const LONG_MS = 30_000; // the kernel sends a word every 5 s, if only that there is nothing new
const LOOK_EVERY_MS = 5_000;

export interface Silence extends Part {
  receive(): void;
  destroy(): void;
}

export function runSilence(name: string): Silence {
  let [last, ended] = [Date.now(), false];
  const root = h(
    "div",
    { class: "ft-warning", hidden: true, role: "status", "data-testid": "silence" },
    `No word from the kernel for a while. If it has ended, %ft resume ${name} resumes from the last checkpoint.`,
  );
  const look = (): void => void (root.hidden = ended || Date.now() - last < LONG_MS);
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    root,
    receive() {
      last = Date.now();
      look();
    },
    update(state: RunState) {
      ended = hasEnded(state);
      look();
    },
    destroy: () => clearInterval(timer),
  };
}
