/** The live view of one run. All views of a widget share one event log. */

import type { AnyModel, InitializeProps, RenderProps } from "@anywidget/types";

import { freshId, h, keepKeys } from "./dom.ts";
import { EventLog } from "./event_log.ts";
import { decimal, percent } from "./format.ts";
import { runCurves } from "./run_curves.ts";
import { figures, messages, settings } from "./run_facts.ts";
import { hasEnded, type RunEvent, type RunState, type Status } from "./run_state.ts";
import { devTable, typeTable, type Part } from "./run_tables.ts";

interface Model {
  name: string;
  twin: string;
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
  const [numbers, dev, types, notices, config] = [figures(), devTable(), typeTable(), messages(), settings()];
  const parts: Part[] = [head(name), progress(), numbers, curves, dev, types, notices, config, speaker()];
  const [top, bar] = parts as [Part, Part];
  const after = h("div", { class: "ft-muted", hidden: true }, `%ft report ${name} shows the evaluation.`);
  const root = h(
    "div",
    { class: "ft-root ft-run-dashboard", "data-testid": "run-dashboard", "data-state": "running", "data-ft-view": model.get("twin") },
    ...[top.root, bar.root, numbers.root],
    h("div", { class: "ft-panes" }, curves.root, dev.root),
    ...[types.root, notices.root, config.root, after, parts.at(-1)!.root],
  );
  keepKeys(root);
  parent.append(root);
  const unsubscribe = log.subscribe((state) => {
    root.dataset["state"] = state.status;
    after.hidden = !hasEnded(state); // mostly the saved HTML takes this view's place; not on a page that was loaded anew
    for (const part of parts) part.update(state);
  });
  return () => {
    unsubscribe();
    curves.destroy();
  };
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

/** Says what changed to a screen reader: results of epochs and changes of state, not steps. */
function speaker(): Part {
  const root = h("div", { class: "ft-spoken", "aria-live": "polite" });
  let [told, status]: [number, Status] = [0, "running"];
  return {
    root,
    update(state) {
      const newest = state.evaluations.at(-1);
      const said: string[] = [];
      if (newest && state.evaluations.length > told) said.push(`Epoch ${decimal(newest.epoch)}: dev F1 ${percent(newest.f1)}`);
      if (state.status !== status) said.push(statusText(state));
      [told, status] = [state.evaluations.length, state.status];
      if (said.length > 0) root.textContent = said.join(". ");
    },
  };
}
