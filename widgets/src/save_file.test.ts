import assert from "node:assert/strict";
import { before, mock, test } from "node:test";

import { CARDS, context, enter, examples, FakeKernel, one, openWindow } from "./testing.ts";

before(openWindow);

const FILE = { kind: "file", name: "ner_test.csv", mime: "text/csv", text: "row,gold\r\n1,人物\r\n" };

test("a list is saved as it is filtered and ordered, all its pages", async () => {
  const { examplesSection } = await import("./section_examples.ts");
  const kernel = new FakeKernel();
  const section = examples();
  const pools = [{ cards: CARDS, filter: {}, total: CARDS.length }];
  const { root, close } = examplesSection(section, section.filter, { section: 7, limit: 10, mailbox: kernel, pools }, context().color);
  enter(one(root, "sort-examples"), "1");
  enter(one(root, "filter-type"), "1");
  one(root, "save-jsonl").click();
  const { id: _, ...asked } = kernel.last;
  assert.deepEqual(asked, { kind: "file", format: "jsonl", section: 7, sort: "confidence", filter: { ...section.filter, type: "人物" } });
  close();
  assert.equal(kernel.listeners, 0);
});

test("the kernel's answer becomes a file of its name", async () => {
  const { saveButtons } = await import("./save_file.ts");
  const made: Blob[] = [];
  mock.method(URL, "createObjectURL", (blob: Blob) => (made.push(blob), "blob:file"));
  mock.method(URL, "revokeObjectURL", () => undefined);
  const clicked: string[] = [];
  const listen = (event: Event): void => void clicked.push((event.target as HTMLAnchorElement).getAttribute("download") ?? "");
  document.addEventListener("click", listen);
  const kernel = new FakeKernel();
  const { root } = saveButtons(kernel, () => ({ section: 0 }));
  one(root, "save-csv").click();
  mock.timers.enable({ apis: ["setTimeout"] });
  kernel.answer(FILE);
  mock.timers.tick(60_000);
  mock.timers.reset();
  document.removeEventListener("click", listen);
  assert.deepEqual(clicked, ["ner_test.csv"]);
  assert.equal(await made[0]!.text(), FILE.text);
  assert.equal(made[0]!.type, "text/csv;charset=utf-8");
  assert.equal(one(root, "save-state").textContent, "saved as ner_test.csv");
  assert.equal(document.querySelector("a[download]"), null);
});

test("what the kernel cannot save is said as text", async () => {
  const { saveButtons } = await import("./save_file.ts");
  const kernel = new FakeKernel();
  const { root } = saveButtons(kernel, () => ({ section: 0 }));
  one(root, "save-csv").click();
  kernel.answer({ kind: "error", text: "<b>too large</b>" });
  assert.equal(one(root, "save-state").textContent, "<b>too large</b>");
  assert.equal(root.querySelector("b"), null);
});
