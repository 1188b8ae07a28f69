import assert from "node:assert/strict";
import { before, test } from "node:test";

import { all, CARDS, cell, examples, FakeKernel, grid, one, openWindow, press, report, rowsOf, table } from "./testing.ts";
import type { Lines, ReportWire } from "./wire.ts";

before(openWindow);

interface Rendered {
  area: HTMLElement;
  twin: HTMLElement;
  kernel: FakeKernel;
  dispose: () => void;
  change: (next: ReportWire) => void;
}

async function render(shown = report(), traits: object = {}): Promise<Rendered> {
  const { default: view } = await import("./report_view.ts");
  const kernel = new FakeKernel();
  const state: Record<string, unknown> = { report: shown, twin: "r1", ...traits };
  const [area, twin, el] = [document.createElement("div"), document.createElement("div"), document.createElement("div")];
  area.className = "jp-OutputArea";
  twin.dataset["ftStatic"] = "r1";
  area.append(twin, el);
  document.body.append(area);
  const changed: Record<string, () => void> = {};
  const on = kernel.on.bind(kernel);
  const model = Object.assign(kernel, {
    get: (name: string) => state[name],
    on: (name: string, call: () => void) => (name.startsWith("change:") ? (changed[name] = call) : on(name, call)),
  });
  const dispose = view.render({ model, el } as never);
  const change = (next: ReportWire): void => {
    state["report"] = next;
    changed["change:report"]?.();
  };
  return { area, twin, kernel, dispose, change };
}
const drawn = (area: HTMLElement): string[] => all(one(area, "section-1"), "example").map((each) => each.dataset["row"]!.replace("dev.conll, line ", ""));
const at = (area: HTMLElement, row: number, column: number): HTMLElement => area.querySelector<HTMLElement>(`[data-at="${row}"][data-to="${column}"]`)!;

test("the view hides its saved twin, shows it again when it goes, and leaves nobody listening", async () => {
  const { twin, kernel, dispose } = await render();
  assert.equal(twin.hidden, true);
  dispose();
  assert.equal(twin.hidden, false);
  assert.equal(kernel.listeners, 0);
});

test("title, summary, notes and every section are there, open or closed as they say", async () => {
  const lines: Lines = { kind: "lines", title: "Tag noise", lines: ["none"], open: false };
  const { area } = await render(report([table(), lines, examples({ open: false })], { notes: ["a note"] }));
  assert.match(one(area, "report").textContent ?? "", /^ner · testF1 25\.00a note/);
  const folds = [...area.querySelectorAll("details")];
  assert.deepEqual(
    folds.map((fold) => [fold.querySelector("summary")?.textContent, fold.open]),
    [
      ["Scores", true],
      ["Tag noise", false],
      ["Mistakes (4)", false],
    ],
  );
  assert.equal(all(area, "lines").length, 0); // drawn when it is first opened
  folds[1]!.open = true;
  folds[1]!.dispatchEvent(new Event("toggle"));
  assert.equal(one(area, "lines").textContent, "none");
});

test("sentences without a title stand by themselves", async () => {
  const { area } = await render(report([{ kind: "lines", title: "", lines: ["that cannot be known here"], open: true }]));
  assert.equal(area.querySelector("details"), null);
  assert.match(area.textContent ?? "", /that cannot be known here/);
});

test("a cell of the grid opens exactly its examples below it, says which, and there is a way back", async () => {
  const { area } = await render();
  at(area, 0, 1).click();
  assert.equal(one(area, "origin-name").textContent, "gold <b>, predicted 人物");
  assert.equal(document.activeElement, one(area, "origin-name"));
  assert.deepEqual(drawn(area), ["2"]);
  press(one(area, "origin-name"), "Escape");
  assert.equal(all(area, "origin-name").length, 0);
  assert.equal(document.activeElement, at(area, 0, 1));
  at(area, 0, 2).click();
  one(area, "way-back").click();
  assert.equal(document.activeElement, at(area, 0, 2));
});

test("every cell's count is what is found behind it", async () => {
  const { area } = await render();
  const cells = [...area.querySelectorAll<HTMLElement>("[data-count]")];
  assert.equal(cells.length, 5);
  for (const cell of cells) {
    cell.click();
    assert.equal(one(one(area, "section-1"), "explorer-total").dataset["total"], cell.dataset["count"]);
  }
});

test("a number of a table opens its examples below the table", async () => {
  const { area } = await render();
  one(area, "section-0").querySelector<HTMLElement>("tbody td button")!.click();
  assert.equal(one(one(area, "section-0"), "explorer-total").dataset["total"], "3");
});

test("the kernel is asked for the section that asks", async () => {
  const { area, kernel } = await render(report([table(), grid()], {}, { total: 25 }));
  at(area, 0, 1).click();
  assert.deepEqual([kernel.last["section"], kernel.last["filter"]], [1, { gold: "<b>", pred: "人物" }]);
  assert.deepEqual(drawn(area), ["2"]); // from those that were sent along, until the kernel answers
});

test("a report from a file has the cards of its lists and no kernel's", async () => {
  const { area } = await render(report([examples(), grid()], {}, { cards: [], total: 0 }));
  assert.deepEqual(all(one(area, "section-0"), "example").length, 4);
  at(area, 0, 1).click();
  assert.deepEqual(drawn(area), rowsOf([CARDS[2]!]));
});

test("large figures stand at the top, and sections where the layout says", async () => {
  const figures = [{ label: "F1", text: "25.00", about: "95 % interval 10.0–40.0" }];
  const { area } = await render(report([table(), grid(), examples()], { figures, layout: [[[1], [0]], [[2]]] }));
  assert.equal(one(area, "figures").textContent, "F125.0095 % interval 10.0–40.0");
  const columns = [...area.querySelectorAll(".ft-column")].map((column) => [...column.querySelectorAll("details")].map((fold) => fold.dataset["title"]));
  assert.deepEqual(columns, [["Confusion"], ["Scores"], ["Mistakes"]]);
  assert.equal(area.querySelectorAll(".ft-beside").length, 1);
});

test("a number of a comparison opens the comparison's own list, one of its last report the report's", async () => {
  const gained = examples({ title: "Gained", facets: {}, sorts: [], filter: { side: "gained" }, total: 9, cards: CARDS.slice(0, 2) });
  const counts = table({ rows: [{ cells: [cell("large"), cell("9", { filter: { side: "gained" } }), cell("0")], strong: false }], support: 0 });
  const { area, kernel } = await render(report([counts, gained, table(), examples()], { own: 2 }));
  one(area, "section-0").querySelector<HTMLElement>("tbody td button")!.click();
  assert.deepEqual([kernel.last["section"], kernel.last["filter"]], [0, { side: "gained" }]);
  assert.equal(all(one(area, "section-0"), "example").length, 2); // meanwhile those that were sent along
  one(area, "section-2").querySelector<HTMLElement>("tbody td button")!.click();
  assert.equal(one(one(area, "section-2"), "explorer-total").dataset["total"], "3");
});

test("a key meant for us goes no further, one with Ctrl does", async () => {
  const { area } = await render();
  let received = 0;
  area.addEventListener("keydown", () => received++);
  press(at(area, 0, 0), "ArrowRight");
  assert.equal(received, 0);
  press(at(area, 0, 0), "s", { ctrlKey: true });
  assert.equal(received, 1);
});

test("names from data are text, never markup", async () => {
  const { area } = await render();
  assert.equal(area.querySelectorAll("b").length, 0);
});

test("a report that changes is redrawn", async () => {
  const { area, change } = await render();
  change(report([table()], { title: "another" }));
  assert.equal(area.querySelector("strong")?.textContent, "another");
  assert.equal(area.querySelectorAll("details").length, 1);
});
