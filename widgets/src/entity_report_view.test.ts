import assert from "node:assert/strict";
import { before, test } from "node:test";

import { all, enter, example, EXAMPLES, FakeKernel, one, openWindow, press, report } from "./testing.ts";

before(openWindow);

interface Rendered {
  area: HTMLElement;
  twin: HTMLElement;
  kernel: FakeKernel;
  dispose: () => void;
  tab: (name: string) => HTMLElement;
}

/** The widget in an output area, with the traits of a report whose pairs were all sent along. */
async function render(traits: object = {}): Promise<Rendered> {
  const { default: view } = await import("./entity_report_view.ts");
  const kernel = new FakeKernel();
  const state: Record<string, unknown> = {
    report: report(),
    examples: EXAMPLES,
    total: EXAMPLES.length,
    comparison: null,
    by: "type",
    min_support: 0,
    ...traits,
  };
  const [area, twin, el] = [document.createElement("div"), document.createElement("div"), document.createElement("div")];
  area.className = "jp-OutputArea";
  twin.dataset["ftStatic"] = "r1";
  area.append(twin, el);
  document.body.append(area);
  const model = Object.assign(kernel, { get: (name: string) => state[name] });
  const dispose = view.render({ model, el } as never);
  const tab = (name: string): HTMLElement => {
    one(area, `tab-${name}`).click();
    return one(area, `panel-${name}`);
  };
  return { area, twin, kernel, dispose, tab };
}

test("the view hides its saved twin, and shows it again when it goes", async () => {
  const { twin, kernel, dispose } = await render();
  assert.equal(twin.hidden, true);
  dispose();
  assert.equal(twin.hidden, false);
  assert.equal(kernel.listeners, 0);
});

test("a report of schema 1 shows what it has", async () => {
  const old: Record<string, unknown> = { ...report(), schema: 1 };
  for (const part of ["error_kinds", "semeval", "buckets", "calibration", "tag_noise", "suspects", "notes", "scheme", "level"]) delete old[part];
  const { area, tab } = await render({ report: old, examples: undefined, total: undefined, by: undefined, min_support: undefined });
  assert.equal(all(area, "per-type-table").length, 1);
  for (const name of ["confusion", "errors", "buckets", "calibration", "suspects"]) assert.ok(tab(name).textContent);
  assert.match(tab("errors").textContent ?? "", /without examples/);
  assert.match(tab("calibration").textContent ?? "", /without confidences/);
});

test("a cell of the grid opens exactly its examples, says which, and there is a way back", async () => {
  const { area, tab } = await render();
  tab("confusion");
  const cell = one(area, "confusion-cell-0-1");
  cell.click();
  assert.equal(one(area, "tab-errors").getAttribute("aria-selected"), "true");
  assert.equal(one(area, "origin-name").textContent, "gold <b>, predicted 人物");
  assert.equal(one(area, "explorer-total").textContent, "1");
  assert.deepEqual(
    all(area, "example").map((card) => card.dataset["pair"]),
    ["2"],
  );
  one(area, "way-back").click();
  assert.equal(one(area, "tab-confusion").getAttribute("aria-selected"), "true");
  assert.equal(document.activeElement, cell);
});

test("every cell's count is what the explorer finds", async () => {
  const { area, tab } = await render();
  tab("confusion");
  const cells = [...area.querySelectorAll<HTMLElement>('[role="gridcell"]')].filter((cell) => cell.dataset["count"] !== "0");
  assert.equal(cells.length, 5);
  for (const cell of cells) {
    cell.click();
    assert.equal(one(area, "explorer-total").dataset["total"], cell.dataset["count"]);
  }
});

test("a bucket and a type open their examples", async () => {
  const rates = { precision: 0.5, recall: 0.5, f1: 0.5 };
  const buckets = { seen: [{ label: "seen", support: 2, predicted: 1, correct: 0, ...rates }] };
  const { area, tab } = await render({ report: report({ buckets }) });
  tab("buckets").querySelector<HTMLElement>("tbody tr")!.click();
  assert.deepEqual(
    all(area, "example").map((card) => card.dataset["pair"]),
    ["1", "3"],
  );
  assert.equal(one(area, "origin-name").textContent, "Seen in training: seen");
  tab("scores").querySelector<HTMLElement>('tr[data-name="<b>"] button')!.click();
  assert.deepEqual(
    all(area, "example").map((card) => card.dataset["pair"]),
    ["2", "3"],
  );
});

test("the asked-for bucket table opens first", async () => {
  const { area } = await render({ report: report({ buckets: { seen: [], ambiguity: [] } }), by: "ambiguity" });
  assert.equal(one(area, "tab-buckets").getAttribute("aria-selected"), "true");
  assert.deepEqual(
    all(area, "bucket-table").map((table) => table.dataset["attribute"]),
    ["ambiguity", "seen"],
  );
});

test("arrow keys walk through the tabs, and a key meant for us goes no further", async () => {
  const { area } = await render();
  let receive = 0;
  area.addEventListener("keydown", () => receive++);
  const tablist = area.querySelector('[role="tablist"]')!;
  press(one(area, "tab-scores"), "ArrowRight");
  assert.equal(document.activeElement, one(area, "tab-confusion"));
  press(tablist, "End");
  assert.equal(one(area, "tab-suspects").getAttribute("aria-selected"), "true");
  press(tablist, "ArrowRight");
  assert.equal(one(area, "tab-scores").tabIndex, 0);
  assert.equal(receive, 0);
  press(tablist, "s", { ctrlKey: true });
  assert.equal(receive, 1);
});

test("names from data are text, never markup", async () => {
  const { area, tab } = await render();
  ["confusion", "errors"].forEach(tab);
  assert.equal(area.querySelectorAll("b").length, area.querySelectorAll(".ft-range b").length);
});

test("a report that changes is redrawn", async () => {
  const { default: view } = await import("./entity_report_view.ts");
  const receive: Record<string, () => void> = {};
  let now = report();
  const model = {
    get: (name: string) => (name === "report" ? now : undefined),
    on: (name: string, call: () => void) => (receive[name] = call),
    off: () => {},
    send: () => {},
  };
  const el = document.createElement("div");
  view.render({ model, el } as never);
  now = report({ title: "another" });
  receive["change:report"]?.();
  assert.equal(el.querySelector("strong")?.textContent, "another");
});

test("suspects come with their reasons, mistakes with confidence", async () => {
  const suspect = { ...EXAMPLES[2]!, score: 0.97, reason: "tagged 人物 in 9 of 10 places" };
  const { tab } = await render({ report: report({ suspects: [suspect], confident_mistakes: [EXAMPLES[2]!] }) });
  assert.match(one(tab("suspects"), "reason").textContent ?? "", /9 of 10 places · score 0.97/);
  assert.match(tab("calibration").querySelector("summary")?.textContent ?? "", /most confident mistakes \(1\)/);
});

test("the kernel pages through what was not sent along", async () => {
  const { area, kernel, tab } = await render({ total: 25 });
  assert.equal(kernel.asked.length, 0);
  tab("errors");
  assert.equal(all(area, "example").length, 4);
  const page = (first: number) => Array.from({ length: 10 }, (_, at) => example(first + at, "missed", [0, 1, "<b>"], null));
  kernel.answer({ total: 25, examples: page(0) });
  assert.equal(one(area, "explorer-total").textContent, "25");
  one(area, "next-page").click();
  assert.equal(kernel.last["offset"], 10);
  kernel.answer({ total: 25, examples: page(10) });
  assert.equal(all(area, "example")[0]?.dataset["pair"], "10");
  enter(one(area, "filter-type"), "1");
  assert.equal((kernel.last["filter"] as { type: string }).type, "<b>");
  assert.equal(kernel.last["offset"], 0);
});
