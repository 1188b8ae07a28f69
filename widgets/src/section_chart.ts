/** Lines, dots and bars over an axis. Drawn as SVG: there is nothing to zoom, and the numbers stand in a table. */

import { h, svg } from "./dom.ts";
import { CYCLE, type Chart, type Series } from "./wire.ts";

type Range = readonly [low: number, high: number];
interface Point {
  x: number;
  y: number;
}
interface Plane {
  across: (x: number) => number;
  up: (y: number) => number;
  x: Range;
  y: Range;
  width: number;
  height: number;
}

const [WIDTH, HEIGHT, SQUARE] = [460, 250, 300];
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 12, 10, 38];
/** Dots that touch are no dots. */
const MOST_DOTS = 40;
const TICKS = 5;

export function chartSection(chart: Chart): HTMLElement {
  const known = chart.series.map(pointsOf);
  const every = known.flat();
  if (every.length === 0) return h("p", { class: "ft-muted" }, "There is nothing to draw.");
  const plane = planeOf(chart, every);
  const drawing = svg(
    "svg",
    { class: "ft-plot", viewBox: `0 0 ${plane.width} ${plane.height}`, width: plane.width, height: plane.height, role: "img", "aria-label": chart.title },
    ...axes(chart, plane),
    ...chart.series.map((series, at) => seriesView(series, known[at] ?? [], at, plane)),
  );
  const keys = chart.series.map(({ name, shape }, at) => colored(h("span", { class: `ft-key ft-key-${shape}${at ? " ft-second" : ""}` }, name), at));
  const note = chart.note ? [h("div", { class: "ft-muted", dir: "auto" }, chart.note)] : [];
  return h("figure", { class: "ft-figure-plot", "data-testid": "chart" }, drawing, h("div", { class: "ft-keys" }, ...keys), ...note);
}

function pointsOf({ x, y }: Series): Point[] {
  return x.flatMap((at, index) => {
    const value = y[index] ?? null;
    return value === null || at === null ? [] : [{ x: at, y: value }];
  });
}

function planeOf(chart: Chart, points: readonly Point[]): Plane {
  const ground = chart.series.some(({ shape }) => shape === "bars") ? [0] : [];
  const x = chart.x_range ?? rangeOf(points.map((point) => point.x));
  const y = chart.y_range ?? rangeOf([...points.map((point) => point.y), ...ground]);
  const [width, height] = chart.diagonal ? [SQUARE, SQUARE] : [WIDTH, HEIGHT];
  return {
    across: (value) => LEFT + ((value - x[0]) / (x[1] - x[0])) * (width - LEFT - RIGHT),
    up: (value) => height - BOTTOM - ((value - y[0]) / (y[1] - y[0])) * (height - TOP - BOTTOM),
    ...{ x, y, width, height },
  };
}

function rangeOf(values: readonly number[]): Range {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  if (low < high) return [low, high];
  const room = Math.abs(low) * 0.1 || 1;
  return [low - room, high + room];
}

/** About five round numbers between two ends. */
export function ticksOf([low, high]: Range): number[] {
  const rough = (high - low) / TICKS;
  if (!Number.isFinite(rough) || rough <= 0) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5].find((factor) => rough <= factor * power) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => (first + at) * step);
}

function axes({ x_label, y_label, diagonal }: Chart, { across, up, x, y, width, height }: Plane): SVGElement[] {
  const [right, bottom] = [width - RIGHT, height - BOTTOM];
  const middle = (TOP + bottom) / 2;
  const [low, high] = [Math.max(x[0], y[0]), Math.min(x[1], y[1])];
  return [
    ...ticksOf(y).flatMap((value) => [
      svg("line", { class: "ft-gridline", x1: LEFT, x2: right, y1: up(value), y2: up(value) }),
      svg("text", { x: LEFT - 6, y: up(value) + 4, "text-anchor": "end" }, tickText(value)),
    ]),
    ...ticksOf(x).map((value) => svg("text", { x: across(value), y: bottom + 14, "text-anchor": "middle" }, tickText(value))),
    svg("text", { x: (LEFT + right) / 2, y: height - 5, "text-anchor": "middle" }, x_label),
    svg("text", { x: 12, y: middle, "text-anchor": "middle", transform: `rotate(-90 12 ${middle})` }, y_label),
    ...(diagonal ? [svg("line", { class: "ft-diagonal-line", x1: across(low), y1: up(low), x2: across(high), y2: up(high) })] : []),
  ];
}

function tickText(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function seriesView({ name, shape }: Series, points: readonly Point[], at: number, plane: Plane): SVGElement {
  const group = colored(svg("g", { class: `ft-series ft-${shape}${at ? " ft-second" : ""}` }), at);
  if (shape === "bars") group.append(...bars(name, points, plane));
  else group.append(...(shape === "line" ? [line(points, plane)] : []), ...(shape === "dots" || points.length <= MOST_DOTS ? dots(name, points, plane) : []));
  return group;
}

function colored<E extends HTMLElement | SVGElement>(element: E, at: number): E {
  element.style.setProperty("--ft-series", CYCLE[at % CYCLE.length] ?? "");
  return element;
}

function line(points: readonly Point[], { across, up }: Plane): SVGElement {
  return svg("polyline", { points: points.map(({ x, y }) => `${across(x).toFixed(1)},${up(y).toFixed(1)}`).join(" ") });
}

function dots(name: string, points: readonly Point[], { across, up }: Plane): SVGElement[] {
  return points.map((point) => svg("circle", { cx: across(point.x).toFixed(1), cy: up(point.y).toFixed(1), r: 2.5 }, hint(name, point)));
}

function bars(name: string, points: readonly Point[], { across, up, y }: Plane): SVGElement[] {
  const places = points.map((point) => across(point.x)).sort((a, b) => a - b);
  const gaps = places
    .slice(1)
    .map((place, at) => place - (places[at] ?? 0))
    .filter((gap) => gap > 0);
  const wide = Math.max(1, 0.8 * (gaps.length ? Math.min(...gaps) : 30));
  const ground = up(Math.max(y[0], 0));
  return points.map((point) => {
    const top = up(point.y);
    const size = { x: across(point.x) - wide / 2, y: Math.min(ground, top), width: wide, height: Math.abs(ground - top) };
    return svg("rect", size, hint(name, point));
  });
}

function hint(name: string, { x, y }: Point): SVGElement {
  return svg("title", {}, `${name}: ${tickText(x)}, ${tickText(y)}`);
}
