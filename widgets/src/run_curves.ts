/** What the training says of every step, with dev beside the loss, and the values under the pointer as text. */

import { button, h, toggle } from "./dom.ts";
import { number } from "./format.ts";
import type { Value } from "./metrics.ts";
import { smooth, type RunState, type Step } from "./run_state.ts";
import { SMOOTHING, TRAIN_LOSS, type Curve as Line, type Key, type RunChart } from "./run_wire.ts";
import { stepChart, type Zoom } from "./step_chart.ts";

const CURVES = { loss: "loss and scores", learning_rate: "learning rate", grad_norm: "gradient norm" } as const;
type Curve = keyof typeof CURVES;
const NAMES: Record<Curve, string> = { loss: "training loss", learning_rate: "learning rate", grad_norm: "gradient norm" };
const COLUMN: Record<Curve, 1 | 2 | 3> = { loss: 1, learning_rate: 2, grad_norm: 3 };

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
  let steps: readonly Step[] = [];
  let chart: RunChart = { steps: 1, curves: [], loss_range: null, score_range: null, keys: [] };
  let pointed: number | null = null;
  let values: ReadonlyMap<number, readonly [Value, Value]> = new Map();
  const zoom: Zoom = { range: null };
  const readout = h("div", { class: "ft-muted", "data-testid": "curve-values" });
  const box = h("div", {
    class: "ft-chart",
    "data-testid": "loss-curve",
    role: "group",
    tabindex: 0,
    "aria-label": "curve by step; arrow keys read values, plus and minus zoom, Escape shows all",
    title: "drag to zoom, double click for all steps",
  });
  const keys = h("div", { class: "ft-keys", dir: "auto", "data-testid": "keys" });
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
  const lines = (): readonly Line[] => (curve === "loss" ? chart.curves : []);
  const read = (): void => {
    const at = pointed ?? steps.at(-1)?.[0] ?? null;
    readout.ariaLive = pointed === null ? "off" : "polite"; // a screen reader says what a key went to, not each new step
    all.hidden = zoom.range === null;
    const [raw, mean] = (at === null ? null : values.get(at)) ?? [null, null];
    const own = raw === null ? [] : [`${NAMES[curve]} ${number(raw)}`, ...(isNoisy(curve) ? [`smoothed ${number(mean)}`] : [])];
    const beside = lines().flatMap((line) => (line.faint ? [] : line.points.filter(([x]) => x === at).map(([, y]) => `${line.name} ${number(y)}`)));
    readout.textContent = at === null ? "no step yet" : [`step ${at}`, ...own, ...beside].join(" · ");
  };
  const make = () => stepChart(box, { log: log && isNoisy(curve), zoom, pointed: (at) => ((pointed = at), read()) });
  let plot = make();
  const draw = (): void => {
    const raw = steps.map((step) => step[COLUMN[curve]]);
    const line = smooth(raw, isNoisy(curve) ? Number(slider.value) : 0);
    values = new Map(steps.map(([step], at) => [step, [raw[at] ?? null, line[at] ?? null]]));
    const ranges = curve === "loss" ? { loss: log ? null : chart.loss_range, score: chart.score_range } : { loss: null, score: null };
    plot.update({ steps: steps.map(([step]) => step), line, raw: isNoisy(curve) ? smooth(raw, 0) : line, lines: lines(), planned: chart.steps, ranges });
    const named = curve === "loss" ? chart.keys : [{ name: NAMES[curve], color: TRAIN_LOSS, faint: false }];
    keys.replaceChildren(...(named.length > 0 ? named.map(key) : ["\u00a0"]));
    read();
  };
  const rebuild = (): void => {
    plot.destroy(); // a scale cannot change its kind
    plot = make();
    draw();
  };
  slider.addEventListener("input", draw);
  const choices = h("div", { class: "ft-choices", role: "radiogroup", "aria-label": "curve" }, ...names);
  const tools = (...children: HTMLElement[]): HTMLElement => h("div", { class: "ft-tools" }, ...children);
  let drawn = "";
  return {
    root: h("div", { class: "ft-curve" }, box, keys, tools(choices, smoothing, logScale), tools(readout, all)),
    update({ page, steps: now }) {
      const beside = JSON.stringify(page.chart);
      if (now === steps && beside === drawn) return;
      [steps, chart, drawn] = [now, page.chart, beside];
      draw();
    },
    destroy: () => plot.destroy(),
  };
}

function key({ name, color, faint }: Key): HTMLElement {
  const square = h("span", { "aria-hidden": "true" }, "■ ");
  square.style.color = color;
  square.style.opacity = faint ? "0.4" : "1";
  return h("span", { class: "ft-key" }, square, name);
}
