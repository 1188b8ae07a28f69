import assert from "node:assert/strict";
import { mock, test } from "node:test";

import type { Answer } from "./kernel_pages.ts";
import { pageSource, type Found, type PageSource, type Place } from "./page_source.ts";
import { FakeKernel } from "./testing.ts";

interface Page extends Answer {
  items: number[];
}
const source = (kernel: FakeKernel, near: number[], complete = false): PageSource<{ wish: string }, number> =>
  pageSource<{ wish: string }, number, Page>(
    { near: () => near, complete: () => complete, question: (query) => ({ kind: "page", ...query }), items: ({ items }) => items },
    kernel,
  );
const QUERY: { wish: string } & Place = { wish: "a", offset: 0, limit: 2 };

test("what is at hand shows at once, and the answer replaces it", () => {
  const kernel = new FakeKernel();
  const receive: Found<number>[] = [];
  source(kernel, [1, 2, 3]).find(QUERY, (found) => receive.push(found));
  assert.deepEqual(receive.at(-1), { items: [1, 2], total: 3, state: "asking", note: "asking the kernel …" });
  assert.deepEqual({ ...kernel.last, id: 0 }, { kind: "page", wish: "a", offset: 0, limit: 2, id: 0 });
  kernel.answer({ items: [7, 8], total: 90 });
  assert.deepEqual(receive.at(-1), { items: [7, 8], total: 90, state: "ready" });
});

test("nobody is asked when everything is at hand", () => {
  const kernel = new FakeKernel();
  const receive: Found<number>[] = [];
  source(kernel, [1, 2, 3], true).find({ ...QUERY, offset: 2 }, (found) => receive.push(found));
  assert.deepEqual(receive, [{ items: [3], total: 3, state: "ready" }]);
  assert.equal(kernel.asked.length, 0);
});

test("only the newest question's answer counts", () => {
  const kernel = new FakeKernel();
  const receive: Found<number>[] = [];
  const pages = source(kernel, []);
  pages.find(QUERY, (found) => receive.push(found));
  const first = kernel.last.id;
  pages.find({ ...QUERY, wish: "b" }, (found) => receive.push(found));
  kernel.answer({ items: [2], total: 1 });
  kernel.answer({ items: [1], total: 1 }, first);
  assert.deepEqual(receive.at(-1)?.items, [2]);
});

test("a busy kernel is noticed after 0.7 s, and its late answer still counts", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const kernel = new FakeKernel();
  const receive: Found<number>[] = [];
  source(kernel, [1, 2, 3]).find(QUERY, (found) => receive.push(found));
  mock.timers.tick(650);
  assert.equal(receive.at(-1)?.state, "asking");
  mock.timers.tick(100);
  assert.equal(receive.at(-1)?.note, "the kernel is busy: showing the first 3 that were sent along");
  kernel.answer({ items: [7], total: 1 });
  mock.timers.tick(1000);
  assert.equal(receive.at(-1)?.state, "ready");
  mock.timers.reset();
});

test("what went wrong is said, and what is at hand stays", () => {
  const kernel = new FakeKernel();
  const receive: Found<number>[] = [];
  source(kernel, [1]).find(QUERY, (found) => receive.push(found));
  kernel.answer({ kind: "error", text: "the file is gone" });
  assert.deepEqual(receive.at(-1), { items: [1], total: 1, state: "failed", note: "showing the first 1 that were sent along", trouble: "the file is gone" });
});

test("a kernel that is gone is said too", () => {
  const kernel = new FakeKernel();
  kernel.send = () => {
    throw new Error("closed");
  };
  const receive: Found<number>[] = [];
  source(kernel, []).find(QUERY, (found) => receive.push(found));
  assert.equal(receive.at(-1)?.trouble, "no kernel is there to answer");
});

test("ids are numbers that no other page uses, and closing ends the listening", () => {
  const kernel = new FakeKernel();
  const pages = source(kernel, []);
  pages.find(QUERY, () => {});
  assert.equal(typeof kernel.last.id, "number");
  assert.ok(Number.isSafeInteger(kernel.last.id) && kernel.last.id > 0);
  assert.equal(kernel.listeners, 1);
  pages.close();
  assert.equal(kernel.listeners, 0);
});
