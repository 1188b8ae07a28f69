import assert from "node:assert/strict";
import { before, test } from "node:test";

import { one, openWindow, report } from "./testing.ts";

before(openWindow);

test("curves come with their numbers, and empty bins with none", async () => {
  const { calibrationPanel } = await import("./report_calibration.ts");
  const bins = [
    { low: 0, high: 0.5, count: 0, confidence: null, accuracy: null },
    { low: 0.5, high: 1, count: 8, confidence: 0.8, accuracy: 0.75 },
  ];
  const thresholds = [
    { threshold: 0, predicted: 8, precision: 0.5, recall: 0.6, f1: 0.55 },
    { threshold: 1, predicted: 0, precision: null, recall: 0, f1: null },
  ];
  const root = calibrationPanel(report({ calibration: { ece: 0.0834, bins, thresholds } }));
  assert.equal(one(root, "ece").textContent, "8.34");
  assert.equal(one(root, "reliability").querySelectorAll("circle").length, 1);
  assert.equal(one(root, "thresholds").querySelectorAll("circle").length, 3);
  assert.match(root.textContent ?? "", /0–50––0/);
  assert.match(root.textContent ?? "", /0\.0050\.0060\.0055\.008★ best F1/);
});

test("without confidences there is nothing to calibrate", async () => {
  const { calibrationPanel } = await import("./report_calibration.ts");
  assert.match(calibrationPanel(report()).textContent ?? "", /without confidences/);
});
