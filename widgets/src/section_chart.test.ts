import assert from "node:assert/strict";
import { before, test } from "node:test";

import { openWindow } from "./testing.ts";
import type { Chart, Drawing } from "./wire.ts";

before(openWindow);

const CHART: Chart = { kind: "chart", title: "Reliability", note: "error 8.34 %", open: true };
const series = (name: string, more: Partial<Drawing["series"][number]>): Drawing["series"][number] => ({
  ...{ name, shape: "line", color: "#0072B2", dashed: false, line: [], dots: [], radius: 2, bars: [], hints: [] },
  ...more,
});
const DRAWING: Drawing = {
  width: 300,
  height: 200,
  about: "Reliability: accuracy, share; % over confidence, %",
  rules: [
    { kind: "axis", x1: 56, y1: 10, x2: 56, y2: 162 },
    { kind: "diagonal", x1: 56, y1: 162, x2: 288, y2: 10 },
  ],
  texts: [
    { x: 50, y: 14, text: "100", anchor: "end", turned: false },
    { x: 12, y: 86, text: "accuracy, %", anchor: "middle", turned: true },
  ],
  series: [
    series("accuracy", {
      line: [
        [60, 150.5],
        [120, 90],
      ],
      dots: [
        [60, 150.5],
        [120, 90],
      ],
      hints: ["accuracy: 10, 20", "accuracy: 50, 60"],
    }),
    series("share", { shape: "bars", color: "#D55E00", bars: [[60, 100, 20, 62]], hints: ["share: 10, 30"] }),
    series("other", {
      dashed: true,
      line: [
        [60, 20],
        [120, 30],
      ],
    }),
  ],
};

test("everything is drawn where the kernel says that it stands", async () => {
  const { chartSection } = await import("./section_chart.ts");
  const root = chartSection(CHART, DRAWING);
  assert.equal(root.querySelector("svg")?.getAttribute("aria-label"), DRAWING.about);
  assert.deepEqual(
    [...root.querySelectorAll("polyline")].map((line) => line.getAttribute("points")),
    ["60,150.5 120,90", "60,20 120,30"],
  );
  assert.equal(root.querySelectorAll("circle").length, 2);
  assert.deepEqual(
    ["x", "y", "width", "height"].map((name) => root.querySelector("rect")?.getAttribute(name)),
    ["60", "100", "20", "62"],
  );
  assert.equal(root.querySelectorAll(".ft-rule-diagonal").length, 1);
  assert.equal(root.querySelectorAll("g.ft-dashed").length, 1);
  assert.equal(root.querySelector("rect title")?.textContent, "share: 10, 30");
  assert.equal(root.querySelector('[transform="rotate(-90 12 86)"]')?.textContent, "accuracy, %");
  assert.match(root.textContent ?? "", /accuracyshareothererror 8\.34 %$/);
});

test("a chart of nothing says so", async () => {
  const { chartSection } = await import("./section_chart.ts");
  assert.match(chartSection(CHART, { ...DRAWING, series: [] }).textContent ?? "", /nothing to draw/);
});
