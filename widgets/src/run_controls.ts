/** Stop, Pause or Resume, and Save now. What was clicked is said at once; the run's events say when it is done. */

import { button, h } from "./dom.ts";
import { hasEnded } from "./run_state.ts";
import type { RunPage } from "./run_wire.ts";

export type Ask = "stop" | "pause" | "unpause" | "save";

const LATE_MS = 20_000; // longer than most steps and evaluations

interface Control {
  of: (page: RunPage) => [label: string, ask: Ask, title: string];
  /** It is another one after the run has done what was asked. */
  answer: (page: RunPage) => unknown;
}

const CONTROLS: Control[] = [
  { of: () => ["Stop", "stop", "Stop after this step and keep the best model"], answer: ({ state }) => state },
  {
    of: ({ state }) => (state === "paused" ? ["Resume", "unpause", "Continue"] : ["Pause", "pause", "Stand still after this step"]),
    answer: ({ state }) => state,
  },
  { of: () => ["Save now", "save", "Write a checkpoint after this step"], answer: ({ saved_at }) => saved_at },
];

interface Settings {
  send: (ask: Ask) => Promise<void>;
  /** How to stop a run without a click. */
  wayOut: string;
  /** Whether it is known that clicks wait until the cell has run. */
  clicks_blocked: boolean;
}

export interface RunControls {
  root: HTMLElement;
  /** `gone`: nobody is there to take a click. */
  update(page: RunPage, gone: boolean): void;
  destroy(): void;
}

export function runControls({ send, wayOut, clicks_blocked }: Settings): RunControls {
  const note = h("div", { class: "ft-muted", dir: "auto", "data-testid": "controls-note" });
  const say = (why: string): void => void (note.textContent = why && `${why}: ${wayOut}`);
  say(clicks_blocked ? "While the cell runs, clicks wait for its end here" : "");
  const late = (): void => say("No answer yet. Where clicks wait for the end of the cell, they cannot help");
  const drawn = CONTROLS.map((control) => controlButton(control, send, late));
  const root = h("div", { class: "ft-controls", role: "group", "aria-label": "this run" }, ...drawn.map((each) => each.root), note);
  return {
    root,
    update(page, gone) {
      root.hidden = hasEnded(page);
      for (const each of drawn) each.update(page, gone);
      if (gone) say("");
      else if (!clicks_blocked && drawn.every((each) => !each.waits())) say("");
    },
    destroy: () => drawn.forEach((each) => each.destroy()),
  };
}

function controlButton({ of, answer }: Control, send: Settings["send"], late: () => void) {
  let [page, asked, off]: [RunPage | null, unknown, boolean] = [null, undefined, false];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const waits = (): boolean => timer !== undefined;
  const click = (): void => {
    if (!page || root.ariaDisabled === "true") return;
    asked = answer(page);
    timer = setTimeout(late, LATE_MS);
    send(of(page)[1]).catch(late);
    draw(page);
  };
  const root = button("", click);
  const draw = (now: RunPage): void => {
    const [label, ask, title] = of(now);
    root.textContent = waits() ? `${label}…` : label;
    root.title = title;
    root.dataset["testid"] = `ask-${ask}`;
    root.ariaDisabled = String(off || waits() || now.state === "stopping"); // not `disabled`, which would lose the focus
  };
  const settle = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  return {
    root,
    waits,
    update(now: RunPage, gone: boolean): void {
      [page, off] = [now, gone];
      if (waits() && (gone || answer(now) !== asked)) settle();
      draw(now);
    },
    destroy: settle,
  };
}
