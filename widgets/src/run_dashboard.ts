/** The live view of one run. All views of a widget share one event log. */

import type { AnyModel, InitializeProps, RenderProps } from "@anywidget/types";

import { h, keepKeys } from "./dom.ts";
import { EventLog } from "./event_log.ts";
import { count, decimal, duration, percent } from "./format.ts";
import { lossCurve } from "./loss_curve.ts";
import { bestEvaluation, secondsLeft, type Evaluated, type RunEvent, type RunState, type Status } from "./run_state.ts";

interface Model {
  name: string;
  twin: string;
  snapshot: RunEvent[];
}

const WORDS: Record<Status, string> = {
  running: "running",
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
  const title = h("strong", { dir: "auto" }, model.get("name"));
  const setting = h("span", { class: "ft-muted" });
  const status = h("span", { class: "ft-status" });
  const bar = h("div", { class: "ft-bar-fill" });
  const progress = h("div", { class: "ft-bar", role: "progressbar", "aria-label": "training progress", "aria-valuemin": 0 }, bar);
  const figures = {
    steps: figure("step", "progress-steps"),
    epochs: figure("epoch", "progress-epochs"),
    elapsed: figure("elapsed", "elapsed"),
    left: figure("left", "time-left"),
    speed: figure("tokens/s", "tokens-per-s"),
    loss: figure("loss", "loss"),
  };
  const curve = h("div", { "data-testid": "loss-curve", role: "img", "aria-label": "training loss by step" });
  const caption = h("div", { class: "ft-muted" }, "training loss, smoothed");
  const rows = h("tbody");
  const table = h(
    "table",
    { "data-testid": "dev-table" },
    h("thead", {}, h("tr", {}, ...["epoch", "step", "dev loss", "precision", "recall", "F1", ""].map((text) => h("th", { scope: "col" }, text)))),
    rows,
  );
  const scroll = h("div", { class: "ft-scroll ft-dev" }, table);
  const notices = h("div", { class: "ft-notices", "data-testid": "notices" });
  const spoken = h("div", { class: "ft-spoken", "aria-live": "polite" });
  const root = h(
    "div",
    { class: "ft-root ft-run-dashboard", "data-testid": "run-dashboard", "data-state": "running", "data-ft-view": model.get("twin") },
    h("div", { class: "ft-head" }, title, setting, status),
    progress,
    h("div", { class: "ft-figures" }, ...Object.values(figures).map((item) => item.box)),
    h("div", { class: "ft-panes" }, h("div", { class: "ft-curve" }, caption, curve), scroll),
    notices,
    spoken,
  );
  keepKeys(root);
  parent.append(root);
  const plot = lossCurve(curve);
  let shownRows = 0;
  let spokenRows = 0;

  const show = (state: RunState): void => {
    const { started, last } = state;
    root.dataset["state"] = state.status;
    status.textContent = state.status === "failed" && state.reason ? `failed: ${state.reason}` : WORDS[state.status];
    if (started) {
      setting.textContent = `${started.model} · ${started.method} · ${started.device} · ${started.precision}`;
      const step = last?.step ?? 0;
      progress.setAttribute("aria-valuemax", String(started.total_steps));
      progress.setAttribute("aria-valuenow", String(step));
      bar.style.width = `${(100 * step) / Math.max(1, started.total_steps)}%`;
      figures.steps.value.textContent = `${count(step)} / ${count(started.total_steps)}`;
      figures.epochs.value.textContent = `${decimal(last?.epoch ?? 0)} / ${decimal(started.epochs)}`;
    }
    if (last) {
      figures.elapsed.value.textContent = duration(last.elapsed_s);
      figures.speed.value.textContent = count(last.tokens_per_s);
      figures.loss.value.textContent = last.loss.toFixed(4);
      plot.update(state.steps, state.losses);
    }
    const left = secondsLeft(state);
    figures.left.value.textContent = left === null ? "–" : duration(left);
    if (state.evaluations.length !== shownRows) {
      const best = bestEvaluation(state);
      rows.replaceChildren(...state.evaluations.map((event) => row(event, event === best)));
      shownRows = state.evaluations.length;
      scroll.scrollTop = scroll.scrollHeight; // the newest row is in view
    }
    const newest = state.evaluations.at(-1);
    if (newest && shownRows > spokenRows) {
      spoken.textContent = `Epoch ${decimal(newest.epoch)}: dev F1 ${percent(newest.f1)}`;
      spokenRows = shownRows;
    }
    notices.replaceChildren(...state.notices.map((notice) => h("div", { dir: "auto", class: `ft-${notice.level}` }, notice.text)));
  };
  const unsubscribe = log.subscribe(show);
  return () => {
    unsubscribe();
    plot.destroy();
  };
}

function figure(label: string, testid: string): { box: HTMLElement; value: HTMLElement } {
  const value = h("span", { class: "ft-value", "data-testid": testid }, "–");
  return { box: h("div", { class: "ft-figure" }, value, h("span", { class: "ft-muted" }, label)), value };
}

function row(event: Evaluated, best: boolean): HTMLElement {
  const cells = [
    decimal(event.epoch),
    count(event.step),
    event.loss === null ? "–" : event.loss.toFixed(4),
    percent(event.precision),
    percent(event.recall),
    percent(event.f1),
    best ? "★ best" : "",
  ];
  return h("tr", { class: best ? "ft-best" : undefined }, ...cells.map((text) => h("td", {}, text)));
}
