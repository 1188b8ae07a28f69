/** A chart, drawn where the kernel says that its lines, dots, bars and texts stand. */

import { h, svg } from "./dom.ts";
import type { Chart, DrawnSeries, Drawing } from "./wire.ts";

export function chartSection({ note }: Chart, drawing: Drawing): HTMLElement {
  const { width, height, about, rules, texts, series } = drawing;
  if (series.length === 0) return h("p", { class: "ft-muted" }, "There is nothing to draw.");
  const plot = svg(
    "svg",
    { class: "ft-plot", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": about },
    ...rules.map(({ kind, ...ends }) => svg("line", { class: `ft-rule-${kind}`, ...ends })),
    ...texts.map(({ x, y, text, anchor, turned }) => svg("text", { x, y, "text-anchor": anchor, transform: turned && `rotate(-90 ${x} ${y})` }, text)),
    ...series.map(seriesView),
  );
  const keys = series.map((each) => colored(h("span", { class: `ft-key ft-key-${each.shape}${each.dashed ? " ft-dashed" : ""}` }, each.name), each));
  const said = note ? [h("div", { class: "ft-muted", dir: "auto" }, note)] : [];
  return h("figure", { class: "ft-figure-plot", "data-testid": "chart" }, plot, h("div", { class: "ft-keys" }, ...keys), ...said);
}

function seriesView(series: DrawnSeries): SVGElement {
  const { shape, dashed, line, dots, radius, bars, hints } = series;
  const hint = (at: number): SVGElement => svg("title", {}, hints[at] ?? "");
  return colored(
    svg(
      "g",
      { class: `ft-series ft-${shape}${dashed ? " ft-dashed" : ""}` },
      ...(line.length ? [svg("polyline", { points: line.map((corner) => corner.join(",")).join(" ") })] : []),
      ...dots.map(([cx, cy], at) => svg("circle", { cx, cy, r: radius }, hint(at))),
      ...bars.map(([x, y, width, height], at) => svg("rect", { x, y, width, height }, hint(at))),
    ),
    series,
  );
}

function colored<E extends HTMLElement | SVGElement>(element: E, { color }: DrawnSeries): E {
  element.style.setProperty("--ft-series", color);
  return element;
}
