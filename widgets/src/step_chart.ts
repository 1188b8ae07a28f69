/** Values by step as a chart: drag or + and - to zoom, double click or Escape for all of it, arrow keys to read values. */

import uPlot from "uplot";

import type { Value } from "./metrics.ts";
import { TRAIN_LOSS, type Curve } from "./run_wire.ts";

const HEIGHT = 190;
const SIDE = { loss: "y", score: "score" } as const;

export interface ChartData {
  steps: number[];
  /** Drawn strong. */
  line: Value[];
  /** Drawn faint below it. */
  raw: Value[];
  /** Drawn beside it, at their own steps, on the left axis or on the right one. */
  lines: readonly Curve[];
  /** Where the axis of the steps ends. */
  planned: number;
  /** Ends of the left and of the right axis; null for those of what is shown, and for no axis. */
  ranges: Record<"loss" | "score", readonly [number, number] | null>;
}
export interface StepChart {
  update(data: ChartData): void;
  destroy(): void;
}
interface Settings {
  log: boolean;
  /** The chart reads the zoom when it begins and writes it when it changes, so that it outlives the chart. */
  zoom: Zoom;
  /** The pointer or a key went to a step, or away from all. */
  pointed: (step: number | null) => void;
}
export interface Zoom {
  range: { min: number; max: number } | null;
}

export function stepChart(parent: HTMLElement, { log, zoom, pointed }: Settings): StepChart {
  let shown: ChartData = { steps: [], line: [], raw: [], lines: [], planned: 1, ranges: { loss: null, score: null } };
  const plot = new uPlot(
    options(parent, log, () => shown, zoom),
    [[], [], [], [], []],
    parent,
  );
  plot.hooks.setCursor = [() => pointed(plot.cursor.idx == null ? null : (plot.data[0][plot.cursor.idx] ?? null))];
  plot.hooks.drawClear = [() => shown.lines.filter((line) => line.faint).forEach((line) => drawFaint(plot, line))];
  plot.hooks.setSelect = [
    ({ select }) => {
      const range = between(plot, plot.posToIdx(select.left), plot.posToIdx(select.left + select.width));
      plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      if (range) show(range);
    },
  ];
  let held: number | null = null; // the step that a key went to: it stays, though the curve grows
  const show = (range: Zoom["range"]): void => {
    zoom.range = range;
    draw();
  };
  const hold = (): void => void (held !== null && plot.setCursor({ left: plot.valToPos(held, "x"), top: HEIGHT / 2 }));
  const letGo = (): void => {
    if (held !== null) plot.setCursor({ left: -10, top: -10 });
    held = null;
  };
  const onKey = ({ key }: KeyboardEvent): void => {
    if (key === "Escape") show(null);
    if (key === "+" || key === "-") show(zoomed(plot, key === "+" ? 0.5 : 2));
    held = stepAt(plot, key) ?? held;
    hold();
  };
  plot.over.addEventListener("dblclick", () => show(null));
  plot.over.addEventListener("mousemove", () => (held = null));
  parent.addEventListener("keydown", onKey);
  parent.addEventListener("blur", letGo);
  const resized = new ResizeObserver(() => {
    const width = parent.clientWidth;
    if (width === 0 || width === plot.width) return;
    plot.setSize({ width, height: HEIGHT });
    draw();
  });
  resized.observe(parent);
  const themed = new MutationObserver(() => plot.redraw());
  themed.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"] });
  let data: uPlot.AlignedData = [[], [], [], [], []];
  const draw = (): void => {
    plot.batch(() => {
      plot.setData(data, false);
      plot.setScale("x", zoom.range ?? { min: 0, max: shown.planned });
    });
    hold();
  };
  return {
    update(next) {
      shown = next;
      data = aligned(next, log) as uPlot.AlignedData;
      draw();
    },
    destroy() {
      parent.removeEventListener("keydown", onKey);
      parent.removeEventListener("blur", letGo);
      resized.disconnect();
      themed.disconnect();
      plot.destroy();
    },
  };
}

/** All lines over all of their steps; what a line has no value for is a hole that it leaps over. */
function aligned({ steps, line, raw, lines }: ChartData, log: boolean): (Value | undefined)[][] {
  const beside = (["loss", "score"] as const).map((axis) => lines.find((each) => each.axis === axis && !each.faint)?.points ?? []);
  const all = [...new Set([...steps, ...beside.flat().map(([step]) => step)])].sort((one, other) => one - other);
  // A logarithm takes no zero; a hole in the line is better than no line.
  const fit = (value: Value | undefined): Value | undefined => (log && typeof value === "number" && value <= 0 ? null : value);
  const over = (pairs: Map<number, Value>, isLog: boolean) => all.map((step) => (isLog ? fit(pairs.get(step)) : pairs.get(step)));
  const own = (values: Value[]): Map<number, Value> => new Map(steps.map((step, at) => [step, values[at] ?? null]));
  return [all, over(own(raw), true), over(own(line), true), over(new Map(beside[0]), true), over(new Map(beside[1]), false)];
}

/** The line of an earlier run. It belongs to no step of this one, so that no key goes there. */
function drawFaint(plot: uPlot, { points, color, axis }: Curve): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.globalAlpha = 0.3;
  ctx.strokeStyle = color;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.beginPath();
  for (const [step, value] of points) ctx.lineTo(plot.valToPos(step, "x", true), plot.valToPos(value, SIDE[axis], true));
  ctx.stroke();
  ctx.restore();
}

function options(parent: HTMLElement, log: boolean, shown: () => ChartData, zoom: Zoom): uPlot.Options {
  const colour = (name: string): string => getComputedStyle(parent).getPropertyValue(name).trim() || "gray";
  const line = (): { stroke: () => string; width: number } => ({ stroke: () => colour("--ft-line"), width: 1 });
  const axis: uPlot.Axis = { stroke: () => colour("--ft-muted"), grid: line(), ticks: { show: false }, font: "11px system-ui, sans-serif" };
  const ruled: uPlot.Axis = { splits: (_plot, _axis, low, high) => ticksOf(low, high) };
  const points = { show: ({ data }: uPlot) => data[0].length === 1 }; // one value makes no line
  const dots = { show: true, size: 5 };
  const beside = (side: "loss" | "score") => () => shown().lines.find((each) => each.axis === side && !each.faint)?.color ?? "gray";
  const loss = (_: uPlot, low: number | null, high: number | null): uPlot.Range.MinMax => {
    const fixed = zoom.range === null ? shown().ranges.loss : null;
    if (fixed) return [...fixed];
    if (low === null || high === null || (low === 0 && high === 0)) return [0, 1];
    const room = 0.05 * (high - low) || Math.abs(low) * 0.1;
    return [low - room, high + room];
  };
  return {
    width: Math.max(parent.clientWidth, 200),
    height: HEIGHT,
    padding: [8, 0, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: true, y: false, setScale: false }, y: false },
    scales: {
      x: { time: false },
      y: log ? { distr: 3 } : { range: loss },
      score: { range: (): uPlot.Range.MinMax => [...(shown().ranges.score ?? ([0, 1] as const))] },
    },
    axes: [
      {
        ...axis,
        ...ruled,
        size: 24,
        grid: { show: false },
        values: (_, ticks) => ticks.map((value) => (Number.isInteger(value) ? value.toLocaleString("en-US") : "")),
      },
      { ...axis, ...(log ? {} : ruled), size: 48, values: (_, ticks) => ticks.map(tick) },
      { ...axis, ...ruled, size: 44, scale: "score", side: 1, grid: { show: false }, values: (_, ticks) => (shown().ranges.score ? ticks.map(tick) : []) },
    ],
    series: [
      {},
      { stroke: `${TRAIN_LOSS}66`, width: 1, points, spanGaps: true },
      { stroke: TRAIN_LOSS, width: 2, points, spanGaps: true },
      { stroke: beside("loss"), width: 2, points: dots, spanGaps: true },
      { stroke: beside("score"), width: 2, points: dots, spanGaps: true, scale: "score" },
    ],
  };
}

/** About five round numbers between two ends. Python's twin is `chart_svg.ticks_of`. */
export function ticksOf(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  if (!Number.isFinite(rough) || rough <= 0) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5].find((factor) => rough <= factor * power) ?? 10);
  const [first, last] = [Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9)];
  return Array.from({ length: last - first + 1 }, (_, at) => (first + at) * step);
}

/** A number at an axis: short, and exact for the round ones that stand there. uPlot leaves out some with null. */
function tick(value: number | null): string {
  if (value === null) return "";
  const size = Math.abs(value);
  return value === 0 || (size >= 1e-3 && size < 1e4) ? String(Number(value.toPrecision(4))) : value.toExponential().replace("e+", "e");
}

/** The step that a key leads to, among those that are shown; undefined for a key that leads nowhere. */
function stepAt(plot: uPlot, key: string): number | undefined {
  const [first, last] = plot.series[0]?.idxs ?? [0, 0];
  const at = plot.cursor.idx ?? last;
  const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: first, End: last }[key];
  return next === undefined ? undefined : plot.data[0][Math.min(last, Math.max(first, next))];
}

/** The shown range with more or fewer of the points about the cursor; null for all of them. */
function zoomed(plot: uPlot, factor: number): Zoom["range"] {
  const [first, last] = plot.series[0]?.idxs ?? [0, 0];
  const end = plot.data[0].length - 1;
  const width = Math.max(1, Math.round(factor * (last - first)));
  if (width >= end) return null;
  const start = Math.round((plot.cursor.idx ?? last) - width / 2);
  const from = Math.min(end - width, Math.max(0, start));
  return between(plot, from, from + width);
}

/** From one point to another one, so that what is shown is never without points; null if they are the same. */
function between(plot: uPlot, from: number, to: number): Zoom["range"] {
  const [min = 0, max = 0] = [plot.data[0][from], plot.data[0][to]];
  return min < max ? { min, max } : null;
}
