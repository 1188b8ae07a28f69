/** Values by step as a chart: drag to zoom, double click for all of it, arrow keys to read values. */

import uPlot from "uplot";

import type { Metric } from "./run_state.ts";

const HEIGHT = 170;

export interface ChartData {
  steps: number[];
  /** Drawn strong. */
  line: Metric[];
  /** Drawn faint below it. */
  raw?: Metric[];
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
      if (select.width > 0) zoom.range = { min: plot.posToVal(select.left, "x"), max: plot.posToVal(select.left + select.width, "x") };
    },
  ];
  plot.over.addEventListener("dblclick", () => (zoom.range = null));
  const onKey = ({ key }: KeyboardEvent): void => moveCursor(plot, key);
  parent.addEventListener("keydown", onKey);
  const resized = new ResizeObserver(() => {
    const width = parent.clientWidth;
    if (width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT });
  });
  resized.observe(parent);
  const themed = new MutationObserver(() => plot.redraw());
  themed.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"] });
  return {
    update({ steps, line, raw }) {
      // A logarithm takes no zero; a hole in the line is better than no line.
      const shown = (values: Metric[]): Metric[] => (log ? values.map((value) => (value !== null && value > 0 ? value : null)) : values);
      const data = [steps, shown(raw ?? line), shown(line)] as uPlot.AlignedData;
      plot.batch(() => {
        plot.setData(data, zoom.range === null);
        if (zoom.range) plot.setScale("x", zoom.range);
      });
    },
    destroy() {
      parent.removeEventListener("keydown", onKey);
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
  return {
    width: Math.max(parent.clientWidth, 200),
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: true, y: false }, y: false },
    scales: { x: { time: false }, y: { distr: log ? 3 : 1 } },
    axes: [
      { ...axis, size: 28 },
      { ...axis, size: 52, values: (_, ticks) => ticks.map(tick) },
    ],
    series: [
      {},
      { stroke: () => colour("--ft-faint"), width: 1, points: { show: false } },
      { stroke: () => colour("--ft-accent"), width: 2, points: { show: false } },
    ],
  };
}

/** A number at an axis: short, and exact for the round ones that stand there. uPlot leaves out some with null. */
function tick(value: number | null): string {
  if (value === null) return "";
  const size = Math.abs(value);
  return value === 0 || (size >= 1e-3 && size < 1e4) ? String(Number(value.toPrecision(4))) : value.toExponential().replace("e+", "e");
}

function moveCursor(plot: uPlot, key: string): void {
  const steps = plot.data[0];
  const last = steps.length - 1;
  const at = plot.cursor.idx ?? last;
  const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[key];
  const step = next === undefined ? undefined : steps[Math.min(last, Math.max(0, next))];
  if (step !== undefined) plot.setCursor({ left: plot.valToPos(step, "x"), top: HEIGHT / 2 });
}
