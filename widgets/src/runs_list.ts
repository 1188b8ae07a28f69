/** Runs in a table: tick two or more, and their comparison opens below, the one that was ticked first as the baseline. */

import type { AnyModel, RenderProps } from "@anywidget/types";

import { button, h, keepKeys, tableRow } from "./dom.ts";

interface Page {
  heads: readonly string[];
  rows: readonly { handle: string; cells: readonly string[] }[];
  notes: readonly string[];
}
interface Model {
  page: Page;
  twin: string;
}
type Answer = { id: number } & ({ kind: "comparison"; model: string } | { kind: "error"; text: string });

/** A view of another widget, as the notebook makes it. */
interface Views {
  create_view(model: unknown): Promise<{ el: HTMLElement; remove(): void }>;
}

export default { render };

function render({ model, el }: RenderProps<Model>): () => void {
  const page = model.get("page");
  const ticked: string[] = [];
  const status = h("div", { role: "status", "data-testid": "compare-status" });
  const place = h("div", { "data-testid": "comparison" });
  const typed = h("code", { "data-testid": "compare-line" });
  const compare = button("Compare", () => ask(), { "data-testid": "compare" });
  const draw = (): void => {
    compare.ariaDisabled = String(ticked.length < 2);
    typed.textContent = ticked.length < 2 ? "tick two or more; the first is the baseline" : `%ft compare ${ticked.join(" ")}`;
  };
  const rows = page.rows.map(({ handle, cells: [name = "", ...cells] }) => {
    const box = h("input", { type: "checkbox", "aria-label": `compare ${name}`, "data-testid": "tick" });
    box.addEventListener("change", () => {
      if (box.checked) ticked.push(handle);
      else ticked.splice(ticked.indexOf(handle), 1);
      draw();
    });
    return tableRow(h("label", {}, box, " ", name), cells);
  });
  const heads = h("tr", {}, ...page.heads.map((head) => h("th", { scope: "col" }, head)));
  const view = h("table", { "data-testid": "runs" }, h("thead", {}, heads), h("tbody", {}, ...rows));
  const root = h(
    "div",
    { class: "ft-root ft-runs", "data-testid": "runs-list", "data-ft-view": model.get("twin") },
    h("div", { class: "ft-scroll" }, view),
    ...page.notes.map((note) => h("div", {}, note)),
    h("div", { class: "ft-compare" }, compare, typed),
    status,
    place,
  );
  keepKeys(root);
  el.append(root);
  draw();
  let [asked, shown]: [number, { remove(): void } | null] = [0, null];
  const ask = (): void => {
    if (ticked.length < 2) return;
    status.textContent = "Comparing…";
    model.send({ id: ++asked, runs: ticked });
  };
  const receive = async (answer: Answer): Promise<void> => {
    if (answer.id !== asked) return;
    status.textContent = answer.kind === "error" ? answer.text : "";
    shown?.remove();
    shown = answer.kind === "comparison" ? await open(model, answer.model, place) : null;
  };
  model.on("msg:custom", receive);
  return () => {
    model.off("msg:custom", receive);
    shown?.remove();
  };
}

async function open(model: AnyModel<Model>, id: string, place: HTMLElement): Promise<{ remove(): void }> {
  const manager = model.widget_manager as unknown as Views & AnyModel<Model>["widget_manager"];
  const view = await manager.create_view(await manager.get_model(id));
  place.replaceChildren(view.el);
  return view;
}
