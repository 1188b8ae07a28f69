/** The live view of one run. All views of a widget share one event log. */

import type { AnyModel, InitializeProps, RenderProps } from "@anywidget/types";

import { freshId, h, keepKeys } from "./dom.ts";
import { EventLog } from "./event_log.ts";
import { decimal, many, measured } from "./format.ts";
import { runControls, type Ask } from "./run_controls.ts";
import { runCurves } from "./run_curves.ts";
import { figures, journal, messages, settings } from "./run_facts.ts";
import { runSilence } from "./run_silence.ts";
import { hasEnded, metricsOf, type Evaluated, type RunEvent, type RunState, type Status } from "./run_state.ts";
import { devTable, labelTable, type Part } from "./run_tables.ts";

interface Model {
  name: string;
  twin: string;
  /** The id of the model that clicks are sent to; see run_controls.py. */
  controls: string;
  way_out: string;
  clicks_blocked: boolean;
  snapshot: RunEvent[];
}

const WORDS: Record<Status, string> = {
  running: "running",
  paused: "paused",
  stopping: "stopping after this step, then keeping the best model",
  done: "finished",
  stopped: "stopped",
  failed: "failed",
};

export default () => {
  const log = new EventLog();
  return {
    initialize({ model }: InitializeProps<Model>) {
      log.add(0, model.get("snapshot"));
      const onMessage = (message: { first: number; events: RunEvent[] }): void => log.add(message.first, message.events);
      model.on("msg:custom", onMessage);
      return () => model.off("msg:custom", onMessage);
    },
    render({ model, el }: RenderProps<Model>) {
      return draw(model, el, log);
    },
  };
};

function draw(model: AnyModel<Model>, parent: HTMLElement, log: EventLog): () => void {
  const name = model.get("name");
  const curves = runCurves(freshId());
  const controls = runControls({ send: sender(model), wayOut: model.get("way_out"), clicks_blocked: model.get("clicks_blocked") });
  const silence = runSilence(name);
  // Controls first: what grows below them does not move them away from under the pointer.
  const above: Part[] = [controls, head(name), silence, progress(), figures()];
  const dev = devTable();
  const below: Part[] = [labelTable(), messages(), journal(), settings(), speaker(name)];
  const after = h("div", { class: "ft-muted", hidden: true }, `%ft report ${name} shows the evaluation.`);
  const root = h(
    "div",
    { class: "ft-root ft-run-dashboard", "data-testid": "run-dashboard", "data-state": "running", "data-ft-view": model.get("twin") },
    ...above.map((part) => part.root),
    h("div", { class: "ft-panes" }, curves.root, dev.root),
    ...below.map((part) => part.root),
    after,
  );
  keepKeys(root);
  parent.append(root);
  model.on("msg:custom", silence.receive);
  const unsubscribe = log.subscribe((state) => {
    root.dataset["state"] = state.status;
    after.hidden = !hasEnded(state); // mostly the saved HTML takes this view's place; not on a page that was reloaded
    for (const part of [...above, curves, dev, ...below]) part.update(state);
  });
  return () => {
    unsubscribe();
    model.off("msg:custom", silence.receive);
    for (const part of [controls, silence]) part.destroy();
    curves.destroy();
  };
}

function sender(model: AnyModel<Model>): (ask: Ask) => Promise<void> {
  return async (ask) => (await model.widget_manager.get_model(model.get("controls"))).send({ ask });
}

function head(name: string): Part {
  const setting = h("span", { class: "ft-muted" });
  const status = h("span", { class: "ft-status", "data-testid": "status" });
  return {
    root: h("div", { class: "ft-head" }, h("strong", { dir: "auto" }, name), setting, status),
    update(state) {
      const { started } = state;
      status.textContent = statusText(state);
      if (started) setting.textContent = [started.model, started.method, started.device, started.precision].join(" · ");
    },
  };
}

function statusText({ status, reason }: RunState): string {
  if (status === "failed" && reason) return `failed: ${reason}`;
  return status === "stopped" && reason ? reason : WORDS[status];
}

function progress(): Part {
  const fill = h("div", { class: "ft-bar-fill" });
  const root = h("div", { class: "ft-bar", role: "progressbar", "aria-label": "training progress", "aria-valuemin": 0 }, fill);
  return {
    root,
    update({ started, last }) {
      const [step, steps] = [last?.step ?? 0, started?.total_steps ?? 1];
      root.setAttribute("aria-valuemax", String(steps));
      root.setAttribute("aria-valuenow", String(step));
      fill.style.width = `${(100 * step) / Math.max(1, steps)}%`;
    },
  };
}

/** Says what changed to a screen reader: the start, results of epochs and changes of state, not steps. */
function speaker(name: string): Part {
  const root = h("div", { class: "ft-spoken", "aria-live": "polite" });
  let [begun, told, status]: [boolean, number, Status] = [false, 0, "running"];
  return {
    root,
    update(state) {
      const newest = state.evaluations.at(-1);
      const said: string[] = [];
      if (!begun && state.started) said.push(`${name} trains for ${many(state.started.total_steps, "step")}`);
      if (newest && state.evaluations.length > told) said.push(`Epoch ${decimal(newest.epoch)}: ${result(newest, state)}`);
      if (state.status !== status) said.push(statusText(state));
      [begun, told, status] = [state.started !== null, state.evaluations.length, state.status];
      if (said.length > 0) root.textContent = said.join(". ");
    },
  };
}

function result(event: Evaluated, state: RunState): string {
  const [headline] = metricsOf(state);
  return headline ? `dev ${headline.label} ${measured(event.metrics[headline.name], headline)}` : "dev was evaluated";
}
