/** The live view of one run. All views of a widget share what it knows. */

import type { AnyModel, InitializeProps, RenderProps } from "@anywidget/types";

import { freshId, h, keepKeys } from "./dom.ts";
import { runControls, type Ask } from "./run_controls.ts";
import { runCurves } from "./run_curves.ts";
import { coded, figures, head, journal, messages, progress, remarks, samples, settings, type Part } from "./run_facts.ts";
import { folderLine } from "./run_folder.ts";
import { runSilence } from "./run_silence.ts";
import { hasEnded, RunLog, type News, type RunState } from "./run_state.ts";
import { devTable, labelTable } from "./run_tables.ts";
import type { RunPage } from "./run_wire.ts";

interface Model {
  name: string;
  twin: string;
  /** The id of the model that clicks are sent to; see run_controls.py. */
  controls: string;
  way_out: string;
  clicks_blocked: boolean;
  snapshot: News;
}

export default () => {
  const log = new RunLog();
  return {
    initialize({ model }: InitializeProps<Model>) {
      log.add(model.get("snapshot"));
      const onMessage = (message: News): void => log.add(message);
      model.on("msg:custom", onMessage);
      return () => model.off("msg:custom", onMessage);
    },
    render({ model, el }: RenderProps<Model>) {
      return draw(model, el, log);
    },
  };
};

function draw(model: AnyModel<Model>, parent: HTMLElement, log: RunLog): () => void {
  const name = model.get("name");
  let state: RunState | null = null;
  const curves = runCurves(freshId());
  const controls = runControls({ send: sender(model), wayOut: model.get("way_out"), clicks_blocked: model.get("clicks_blocked") });
  const silence = runSilence(name, () => redraw());
  const parts: Part[] = [head(), sayRow(controls.root), progress(), figures()];
  const dev = devTable();
  const below: Part[] = [remarks(), labelTable(), samples(), messages(), journal(), settings(), folderLine(name), speaker()];
  const root = h(
    "div",
    { class: "ft-root ft-run-dashboard", "data-testid": "run-dashboard", "data-state": "running", "data-ft-view": model.get("twin") },
    ...parts.map((part) => part.root),
    h("div", { class: "ft-panes" }, curves.root, dev.root),
    ...below.map((part) => part.root),
  );
  keepKeys(root);
  parent.append(root);
  const redraw = (): void => {
    if (!state) return;
    const shown = { ...state, page: silence.over(state.page) };
    root.dataset["state"] = silence.gone() && !hasEnded(shown.page) ? "gone" : shown.page.state;
    controls.update(shown.page, silence.gone());
    for (const part of [...parts, curves, dev, ...below]) part.update(shown);
  };
  const heard = (): void => (silence.receive(), redraw());
  const checkLine = (): void =>
    void model.widget_manager
      .get_model(model.get("controls"))
      .then((found) => isCut(found) && silence.cut())
      .catch(() => {});
  model.on("msg:custom", heard);
  model.on("comm_live_update", checkLine);
  const unsubscribe = log.subscribe((now) => {
    state = now;
    redraw();
  });
  return () => {
    unsubscribe();
    model.off("msg:custom", heard);
    model.off("comm_live_update", checkLine);
    for (const part of [controls, silence, curves]) part.destroy();
  };
}

/** Whether a widget has lost its kernel, as the notebook says it. */
function isCut(model: unknown): boolean {
  return (model as { comm_live?: boolean }).comm_live === false;
}

function sender(model: AnyModel<Model>): (ask: Ask) => Promise<void> {
  return async (ask) => (await model.widget_manager.get_model(model.get("controls"))).send({ ask });
}

/** The buttons, and what else there is to say of the state: one row, whether there is anything or not. */
function sayRow(controls: HTMLElement): Part {
  const text = h("span", { dir: "auto", "data-testid": "say" });
  return {
    root: h("div", { class: "ft-say" }, controls, text),
    update({ page }) {
      text.replaceChildren(...coded(page.say));
    },
  };
}

/** Says what changed to a screen reader: evaluations and changes of state, not steps. */
function speaker(): Part {
  const root = h("div", { class: "ft-spoken", "aria-live": "polite" });
  let [told, badge, known]: [number, string, boolean] = [0, "", false];
  return {
    root,
    update({ page }) {
      const said = [...(page.dev.rows.length > told ? [result(page)] : []), ...(known && page.badge !== badge ? [page.badge] : [])];
      [told, badge, known] = [page.dev.rows.length, page.badge, true];
      if (said.length > 0) root.textContent = said.join(". ");
    },
  };
}

function result({ dev }: RunPage): string {
  const row = dev.rows.at(-1)?.cells ?? [];
  const [what = ""] = dev.heads;
  return `${what[0]?.toUpperCase()}${what.slice(1)} ${row[0]}: dev ${dev.heads[3]?.replace(/^dev /, "")} ${row[3]}`;
}
