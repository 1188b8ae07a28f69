/** What the training says of every step, one curve at a time, and the values under the pointer as text. */

import { button, h, toggle } from "./dom.ts";
import { number } from "./format.ts";
import { smooth, type RunState, type StepDone } from "./run_state.ts";
import { stepChart, type Zoom } from "./step_chart.ts";

const CURVES = { loss: "loss", learning_rate: "learning rate", grad_norm: "gradient norm" } as const;
type Curve = keyof typeof CURVES;

const SMOOTHING = 0.6;
/** The learning rate is smooth as it is. */
const isNoisy = (curve: Curve): boolean => curve !== "learning_rate";

export interface RunCurves {
  root: HTMLElement;
  update(state: RunState): void;
  destroy(): void;
}

export function runCurves(group: string): RunCurves {
  let curve: Curve = "loss";
  let log = false;
  let steps: StepDone[] = [];
  let pointed: number | null = null;
  let smoothed: readonly (number | null)[] = [];
  const zoom: Zoom = { range: null };
  const readout = h("div", { class: "ft-muted", "data-testid": "curve-values" });
  const box = h("div", {
    "data-testid": "loss-curve",
    role: "group",
    tabindex: 0,
    "aria-label": "curve by step; arrow keys read values, plus and minus zoom, Escape shows all",
    title: "drag to zoom, double click for all steps",
  });
  const slider = h("input", { type: "range", min: 0, max: 0.98, step: 0.02, value: SMOOTHING, "data-testid": "smoothing" });
  const smoothing = h("label", {}, "smoothing ", slider);
  const logScale = toggle("log scale", (pressed) => ((log = pressed), rebuild()), { "data-testid": "log-scale" });
  const all = button("all steps", () => ((zoom.range = null), draw()), { "data-testid": "all-steps" });
  const choose = (next: Curve): void => {
    curve = next;
    smoothing.hidden = logScale.hidden = !isNoisy(curve);
    rebuild();
  };
  const names = Object.entries(CURVES).map(([name, label]) => {
    const input = h("input", { type: "radio", name: group, checked: name === curve });
    input.addEventListener("change", () => choose(name as Curve));
    return h("label", { class: "ft-choice", "data-testid": `curve-${name}` }, input, label);
  });
  const read = (): void => {
    const at = pointed ?? steps.length - 1;
    const event = steps[at];
    const mean = isNoisy(curve) ? ` · smoothed ${number(smoothed[at])}` : "";
    readout.ariaLive = pointed === null ? "off" : "polite"; // a screen reader says what a key went to, not each new step
    all.hidden = zoom.range === null;
    readout.textContent = event ? `step ${event.step} · ${CURVES[curve]} ${number(event[curve])}${mean}` : "no step yet";
  };
  const make = () => stepChart(box, { log: log && isNoisy(curve), zoom, pointed: (at) => ((pointed = at), read()) });
  let chart = make();
  const draw = (): void => {
    const raw = steps.map((event) => event[curve]);
    smoothed = smooth(raw, isNoisy(curve) ? Number(slider.value) : 0);
    chart.update({ steps: steps.map(({ step }) => step), line: [...smoothed], ...(isNoisy(curve) ? { raw: smooth(raw, 0) } : {}) });
    read();
  };
  const rebuild = (): void => {
    chart.destroy(); // a scale cannot change its kind
    chart = make();
    draw();
  };
  slider.addEventListener("input", draw);
  const choices = h("div", { class: "ft-choices", role: "radiogroup", "aria-label": "curve" }, ...names);
  const tools = (...children: HTMLElement[]): HTMLElement => h("div", { class: "ft-tools" }, ...children);
  return {
    root: h("div", { class: "ft-curve" }, tools(choices, smoothing, logScale), box, tools(readout, all)),
    update(state) {
      if (state.steps === steps) return;
      steps = state.steps;
      draw();
    },
    destroy: () => chart.destroy(),
  };
}
