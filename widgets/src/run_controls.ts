/** Stop, Pause or Resume, and Save now. What was clicked is said at once; the run's events say when it is done. */

import { button, h } from "./dom.ts";
import { hasEnded, type RunState } from "./run_state.ts";
import type { Part } from "./run_tables.ts";

export type Ask = "stop" | "pause" | "unpause" | "save";

const LATE_MS = 20_000; // longer than most steps and evaluations

interface Control {
  of: (state: RunState) => [label: string, ask: Ask, title: string];
  /** It is another one after the run has done what was asked. */
  answer: (state: RunState) => unknown;
}

const CONTROLS: Control[] = [
  { of: () => ["Stop", "stop", "Stop after this step and keep the best model"], answer: ({ status }) => status },
  {
    of: ({ status }) => (status === "paused" ? ["Resume", "unpause", "Continue"] : ["Pause", "pause", "Stand still after this step"]),
    answer: ({ status }) => status,
  },
  { of: () => ["Save now", "save", "Write a checkpoint after this step"], answer: ({ checkpoints }) => checkpoints.at(-1)?.step },
];

interface Settings {
  send: (ask: Ask) => Promise<void>;
  /** How to stop a run without a click. */
  wayOut: string;
  /** Whether it is known that clicks wait until the cell has run. */
  clicks_blocked: boolean;
}

export function runControls({ send, wayOut, clicks_blocked }: Settings): Part & { destroy(): void } {
  const note = h("div", { class: "ft-muted", dir: "auto", "data-testid": "controls-note" });
  const say = (why: string): void => void (note.textContent = why && `${why}: ${wayOut}`);
  say(clicks_blocked ? "While the cell runs, clicks wait for its end here" : "");
  const late = (): void => say("No answer yet. Where clicks wait for the end of the cell, they cannot help");
  const drawn = CONTROLS.map((control) => controlButton(control, send, late));
  const root = h("div", { class: "ft-controls", role: "group", "aria-label": "this run" }, ...drawn.map((each) => each.root), note);
  return {
    root,
    update(state) {
      root.hidden = hasEnded(state);
      for (const each of drawn) each.update(state);
      if (!clicks_blocked && drawn.every((each) => !each.waits())) say("");
    },
    destroy: () => drawn.forEach((each) => each.destroy()),
  };
}

function controlButton({ of, answer }: Control, send: Settings["send"], late: () => void) {
  let [state, asked]: [RunState | null, unknown] = [null, undefined];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const waits = (): boolean => timer !== undefined;
  const click = (): void => {
    if (!state || root.ariaDisabled === "true") return;
    asked = answer(state);
    timer = setTimeout(late, LATE_MS);
    send(of(state)[1]).catch(late);
    draw(state);
  };
  const root = button("", click);
  const draw = (now: RunState): void => {
    const [label, ask, title] = of(now);
    root.textContent = waits() ? `${label}…` : label;
    root.title = title;
    root.dataset["testid"] = `ask-${ask}`;
    root.ariaDisabled = String(waits() || now.status === "stopping"); // not `disabled`, which would lose the focus
  };
  const settle = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  return {
    root,
    waits,
    update(now: RunState): void {
      state = now;
      if (waits() && answer(now) !== asked) settle();
      draw(now);
    },
    destroy: settle,
  };
}
