import assert from "node:assert/strict";
import { test } from "node:test";

import { percent } from "./format.ts";

test("percentages round as Python rounds them: ties to the even digit", () => {
  const shares = [0.78125, 0.78375, 0.5, 0.125, 1 / 3, 2 / 3, 0.00005, 0.99995, 0.28125, 0.71875, 1];
  // [f"{100 * share:.2f}" for share in shares]
  const python = ["78.12", "78.38", "50.00", "12.50", "33.33", "66.67", "0.01", "100.00", "28.12", "71.88", "100.00"];
  assert.deepEqual(
    shares.map((share) => percent(share)),
    python,
  );
  assert.deepEqual(
    [0.125, 0.135, 0.145].map((share) => percent(share, 0)),
    ["12", "14", "14"],
  );
  assert.equal(percent(null), "–");
});
