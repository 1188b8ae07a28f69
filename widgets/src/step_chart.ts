/** Values by step as a chart: drag or + and - to zoom, double click or Escape for all of it, arrow keys to read values. */

import uPlot from "uplot";

import type { Value } from "./metrics.ts";

const HEIGHT = 170;

export interface ChartData {
  steps: number[];
  /** Drawn strong. */
  line: Value[];
  /** Drawn faint below it. */
  raw?: Value[];
}
export interface StepChart {
  update(data: ChartData): void;
  destroy(): void;
}
interface Settings {
  log: boolean;
  /** The chart reads the zoom when it begins and writes it when it changes, so that it outlives the chart. */
  zoom: Zoom;
  /** The pointer or a key went to a point, or away from all. */
  pointed: (at: number | null) => void;
}
export interface Zoom {
  range: { min: number; max: number } | null;
}

export function stepChart(parent: HTMLElement, { log, zoom, pointed }: Settings): StepChart {
  const plot = new uPlot(options(parent, log), [[], [], []], parent);
  plot.hooks.setCursor = [() => pointed(plot.cursor.idx ?? null)];
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
  let data: uPlot.AlignedData = [[], [], []];
  const draw = (): void => {
    plot.batch(() => {
      plot.setData(data, zoom.range === null);
      if (zoom.range) plot.setScale("x", zoom.range);
    });
    hold();
  };
  return {
    update({ steps, line, raw }) {
      // A logarithm takes no zero; a hole in the line is better than no line.
      const shown = (values: Value[]): Value[] => (log ? values.map((value) => (value !== null && value > 0 ? value : null)) : values);
      data = [steps, shown(raw ?? line), shown(line)] as uPlot.AlignedData;
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

function options(parent: HTMLElement, log: boolean): uPlot.Options {
  const colour = (name: string): string => getComputedStyle(parent).getPropertyValue(name).trim() || "gray";
  const line = (): { stroke: () => string; width: number } => ({ stroke: () => colour("--ft-line"), width: 1 });
  const axis: uPlot.Axis = { stroke: () => colour("--ft-fg"), grid: line(), ticks: line(), font: "11px system-ui, sans-serif" };
  const points = { show: ({ data }: uPlot) => data[0].length === 1 }; // one value makes no line
  return {
    width: Math.max(parent.clientWidth, 200),
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: true, y: false, setScale: false }, y: false },
    scales: { x: { time: false }, y: { distr: log ? 3 : 1 } },
    axes: [
      { ...axis, size: 28 },
      { ...axis, size: 52, values: (_, ticks) => ticks.map(tick) },
    ],
    series: [
      {},
      { stroke: () => colour("--ft-faint"), width: 1, points },
      { stroke: () => colour("--ft-accent"), width: 2, points },
    ],
  };
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
