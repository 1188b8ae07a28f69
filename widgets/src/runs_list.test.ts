import assert from "node:assert/strict";
import { before, test } from "node:test";

import { all, one, openWindow } from "./testing.ts";

before(openWindow);

const PAGE = {
  heads: ["run", "state"],
  rows: [
    { handle: "ner", cells: ["<b>ner</b>", "done"] },
    { handle: "ner@2026", cells: ["ner@2026", "stopped"] },
    { handle: "other", cells: ["other", "done"] },
  ],
  notes: ["ft_runs/odd holds no run"],
};

function opened() {
  const sent: { id: number; runs: string[] }[] = [];
  let receive: (answer: object) => void | Promise<void> = () => {};
  const view = { el: document.createElement("section"), removed: 0, remove: () => void view.removed++ };
  const model = {
    get: (name: string) => ({ page: PAGE, twin: "t" })[name],
    on: (_: string, call: typeof receive) => (receive = call),
    off: () => {},
    send: (message: { id: number; runs: string[] }) => sent.push({ ...message, runs: [...message.runs] }),
    widget_manager: { get_model: async (id: string) => id, create_view: async () => view },
  };
  const el = document.createElement("div");
  document.body.append(el);
  const tick = (at: number): void => all(el, "tick")[at]?.click();
  return { el, model, sent, view, tick, answer: (answer: object) => receive(answer) };
}

test("two that are ticked are compared, the first as the baseline, and the comparison opens below", async () => {
  const { default: widget } = await import("./runs_list.ts");
  const { el, model, sent, view, tick, answer } = opened();
  const close = widget.render({ model, el } as never);
  one(el, "compare").click();
  assert.deepEqual([sent, one(el, "compare").ariaDisabled], [[], "true"]);
  tick(1);
  tick(2);
  tick(0);
  tick(2);
  assert.equal(one(el, "compare-line").textContent, "%ft compare ner@2026 ner");
  one(el, "compare").click();
  assert.deepEqual(sent, [{ id: 1, runs: ["ner@2026", "ner"] }]);
  await answer({ id: 1, kind: "comparison", model: "m" });
  assert.equal(one(el, "comparison").firstElementChild, view.el);
  one(el, "compare").click();
  await answer({ id: 1, kind: "error", text: "late" });
  await answer({ id: 2, kind: "error", text: "different <gold>" });
  assert.deepEqual([one(el, "compare-status").textContent, view.removed], ["different <gold>", 1]);
  assert.match(one(el, "runs").textContent ?? "", /<b>ner<\/b>/);
  assert.match(el.textContent ?? "", /ft_runs\/odd holds no run/);
  close();
});
