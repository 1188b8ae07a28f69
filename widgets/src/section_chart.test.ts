import assert from "node:assert/strict";
import { before, test } from "node:test";

import { openWindow } from "./testing.ts";
import type { Chart } from "./wire.ts";

before(openWindow);

const chart = (series: Chart["series"], more: Partial<Chart> = {}): Chart => ({
  kind: "chart",
  title: "Reliability",
  x_label: "confidence, %",
  y_label: "accuracy, %",
  series,
  x_range: [0, 100],
  y_range: [0, 100],
  diagonal: false,
  note: "",
  open: true,
  ...more,
});

test("lines, dots and bars are drawn with their axes, and what does not exist is left out", async () => {
  const { chartSection } = await import("./section_chart.ts");
  const root = chartSection(
    chart(
      [
        { name: "accuracy", x: [10, 50, 90], y: [20, null, 80], shape: "line" },
        { name: "cloud", x: [10, 90], y: [5, 95], shape: "dots" },
        { name: "share", x: [10, 50, 90], y: [10, 30, 60], shape: "bars" },
      ],
      { diagonal: true, note: "error 8.34 %" },
    ),
  );
  assert.equal(root.querySelectorAll("circle").length, 4);
  assert.equal(root.querySelectorAll("rect").length, 3);
  assert.equal(root.querySelectorAll(".ft-diagonal-line").length, 1);
  const texts = [...root.querySelectorAll("text")].map((each) => each.textContent);
  for (const text of ["0", "100", "confidence, %", "accuracy, %"]) assert.ok(texts.includes(text), text);
  assert.match(root.textContent ?? "", /accuracycloudshareerror 8\.34 %/);
  assert.equal(root.querySelector("svg")?.getAttribute("aria-label"), "Reliability");
});

test("a chart of nothing says so, one of a single value has an axis all the same", async () => {
  const { chartSection } = await import("./section_chart.ts");
  assert.match(chartSection(chart([{ name: "a", x: [1], y: [null], shape: "line" }])).textContent ?? "", /nothing to draw/);
  const root = chartSection(chart([{ name: "a", x: [3], y: [7], shape: "dots" }], { x_range: null, y_range: null }));
  assert.doesNotMatch(root.innerHTML, /NaN|Infinity/);
});

test("ticks are round, as on the saved page", async () => {
  const { ticksOf } = await import("./section_chart.ts");
  const shown = (low: number, high: number): number[] => ticksOf([low, high]).map((tick) => Number(tick.toPrecision(6)));
  assert.deepEqual(shown(0, 100), [0, 20, 40, 60, 80, 100]);
  assert.deepEqual(shown(0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(shown(3, 11), [4, 6, 8, 10]);
  assert.deepEqual(shown(5, 5), [5]);
});
