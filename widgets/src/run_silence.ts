/** Whether the kernel is still there. A page is not always told that it is not, and would show a run for ever. */

import { duration } from "./format.ts";
import { hasEnded } from "./run_state.ts";
import type { RunPage } from "./run_wire.ts";

const QUIET_MS = 30_000; // the kernel sends a word every 5 s, if only that there is nothing new
const GONE_MS = 90_000;
const LOOK_EVERY_MS = 5_000;
const RED = "#B3261E";

export interface Silence {
  /** The kernel said something. */
  receive(): void;
  /** The page knows that its connection to the kernel is cut. */
  cut(): void;
  /** Whether nobody is there to take a click. */
  gone(): boolean;
  /** The page as it is to be shown now. */
  over(page: RunPage): RunPage;
  destroy(): void;
}

/**
 * Watch a kernel.
 *
 * @param handle what `%ft` knows the run by
 * @param changed called when there is something else to show
 */
export function runSilence(handle: string, changed: () => void): Silence {
  let [last, isCut] = [Date.now(), false];
  const silent = (): number => Date.now() - last;
  const gone = (): boolean => isCut || silent() >= GONE_MS;
  const timer = setInterval(() => (gone() || silent() >= QUIET_MS) && changed(), LOOK_EVERY_MS);
  return {
    receive() {
      [last, isCut] = [Date.now(), false];
    },
    cut() {
      isCut = true;
      changed();
    },
    gone,
    over(page) {
      if (hasEnded(page) || (!gone() && silent() < QUIET_MS)) return page;
      const figures = page.figures.map((each) => (each.name === "time-left" ? { ...each, text: "–" } : each));
      if (!gone()) return { ...page, figures, say: `No word from the kernel for ${duration(silent() / 1000)}` };
      const say = `Kernel gone, last seen ${ago(silent())}. In a new cell: \`%load_ext ft_magics\`, then \`%ft resume ${handle}\``;
      return { ...page, figures, say, badge: "kernel gone", color: RED };
    },
    destroy: () => clearInterval(timer),
  };
}

function ago(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.max(1, Math.round(ms / 1000))} s ago`;
  return minutes < 60 ? `${minutes} min ago` : `${Math.floor(minutes / 60)} h ${minutes % 60} min ago`;
}
