/** Small drawings of shares against shares: both axes run from 0 to 1. */

import { h, svg } from "./dom.ts";
import type { Value } from "./metrics.ts";

export interface Series {
  name: string;
  /** Becomes a class: ft-<look>. */
  look: string;
  points: [x: number, y: Value][];
  /** Weight of each point, 0 to 1: points are drawn as discs of that area. */
  weights?: number[];
}
interface Drawing {
  title: string;
  x: string;
  y: string;
  series: Series[];
  /** Draw the line where both are equal. */
  diagonal?: boolean;
  testid?: string;
}

const SIZE = 220;
const LEFT = 44;
const BOTTOM = 36;
const TOP = 10;
const RIGHT = 10;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

const across = (x: number): number => LEFT + x * SIZE;
const up = (y: number): number => TOP + (1 - y) * SIZE;

export function curvePlot({ title, x, y, series, diagonal = false, testid }: Drawing): HTMLElement {
  const [width, height] = [LEFT + SIZE + RIGHT, TOP + SIZE + BOTTOM];
  const drawing = svg(
    "svg",
    { class: "ft-plot", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": title, "data-testid": testid },
    ...TICKS.flatMap(grid),
    svg("text", { x: across(0.5), y: height - 4, class: "ft-axis" }, x),
    svg("text", { x: 12, y: up(0.5), class: "ft-axis", transform: `rotate(-90 12 ${up(0.5)})` }, y),
    ...(diagonal ? [svg("line", { class: "ft-diagonal-line", x1: across(0), y1: up(0), x2: across(1), y2: up(1) })] : []),
    ...series.flatMap(draw),
  );
  const keys = series.map(({ name, look }) => h("span", { class: `ft-key ft-${look}` }, name));
  return h("figure", { class: "ft-figure-plot" }, h("figcaption", {}, title), drawing, h("div", { class: "ft-keys" }, ...keys));
}

function grid(tick: number): SVGElement[] {
  return [
    svg("line", { class: "ft-gridline", x1: across(0), x2: across(1), y1: up(tick), y2: up(tick) }),
    svg("text", { class: "ft-tick", x: LEFT - 5, y: up(tick) + 4, "text-anchor": "end" }, String(100 * tick)),
    svg("text", { class: "ft-tick", x: across(tick), y: up(0) + 14, "text-anchor": "middle" }, String(100 * tick)),
  ];
}

function draw({ name, look, points, weights }: Series): SVGElement[] {
  const known = points.flatMap(([x, y], at) => (y === null ? [] : [{ x, y, weight: weights?.[at] ?? 0 }]));
  const line = svg("polyline", { class: `ft-${look}`, points: known.map(({ x, y }) => `${across(x).toFixed(1)},${up(y).toFixed(1)}`).join(" ") });
  const spots = known.map(({ x, y, weight }) => {
    const spot = svg("circle", { class: `ft-${look}`, cx: across(x), cy: up(y), r: weights ? 2.5 + 8 * Math.sqrt(weight) : 2 });
    spot.append(svg("title", {}, `${name}: ${(100 * x).toFixed(1)}, ${(100 * y).toFixed(1)}`));
    return spot;
  });
  return [line, ...spots];
}
