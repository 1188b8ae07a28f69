/** The training loss: raw points faint, a smoothed line over them. */

import uPlot from "uplot";

import { smooth } from "./run_state.ts";

const HEIGHT = 170;
const SMOOTHING = 0.8;

export interface LossCurve {
  update(steps: readonly number[], losses: readonly number[]): void;
  destroy(): void;
}

export function lossCurve(parent: HTMLElement): LossCurve {
  const colour = (name: string): string => getComputedStyle(parent).getPropertyValue(name).trim() || "gray";
  const axis: uPlot.Axis = {
    stroke: () => colour("--ft-fg"),
    grid: { stroke: () => colour("--ft-line"), width: 1 },
    ticks: { stroke: () => colour("--ft-line"), width: 1 },
    font: "11px system-ui, sans-serif",
  };
  const options: uPlot.Options = {
    width: Math.max(parent.clientWidth, 200),
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: true, y: false } },
    scales: { x: { time: false } },
    axes: [{ ...axis, size: 28 }, { ...axis, size: 44 }],
    series: [
      {},
      { stroke: () => colour("--ft-faint"), width: 1, points: { show: false } },
      { stroke: () => colour("--ft-accent"), width: 2, points: { show: false } },
    ],
  };
  const plot = new uPlot(options, [[], [], []], parent);
  const resized = new ResizeObserver(() => {
    const width = parent.clientWidth;
    if (width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT });
  });
  resized.observe(parent);
  const themed = new MutationObserver(() => plot.redraw());
  themed.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"] });
  return {
    update(steps, losses) {
      plot.setData([[...steps], [...losses], smooth(losses, SMOOTHING)]);
    },
    destroy() {
      resized.disconnect();
      themed.disconnect();
      plot.destroy();
    },
  };
}
