/** The parts of a run's page that are words and numbers: head, figures, remarks, messages, log, settings. */

import { h } from "./dom.ts";
import type { RunState } from "./run_state.ts";
import type { Figure, RunPage } from "./run_wire.ts";
import { textView } from "./text_view.ts";

export interface Part {
  root: HTMLElement;
  update(state: RunState): void;
}

/** The score in large figures, what it is of, and the state. */
export function head(): Part {
  const score = h("span", { class: "ft-score", "data-testid": "score" });
  const name = h("strong", {});
  const about = h("span", { class: "ft-muted" });
  const lines = h("div", { class: "ft-muted ft-score-about", "data-testid": "score-about" });
  const badge = h("span", { class: "ft-badge", "data-testid": "status" });
  const named = h("div", { dir: "auto" }, name, " ", about);
  return {
    root: h("div", { class: "ft-head" }, score, h("div", { class: "ft-named" }, named, lines), badge),
    update({ page }) {
      score.textContent = page.score;
      name.textContent = page.name;
      about.textContent = page.about;
      lines.replaceChildren(...page.score_about.map((line) => h("div", {}, line || "\u00a0")));
      badge.textContent = page.badge;
      badge.style.background = page.color;
    },
  };
}

export function progress(): Part {
  const fill = h("div", { class: "ft-bar-fill" });
  const root = h("div", { class: "ft-bar", role: "progressbar", "aria-label": "training progress", "aria-valuemin": 0 }, fill);
  return {
    root,
    update({ page }) {
      root.setAttribute("aria-valuemax", String(page.steps));
      root.setAttribute("aria-valuenow", String(page.step));
      fill.style.width = `${(100 * Math.min(page.step, page.steps)) / Math.max(1, page.steps)}%`;
      fill.style.backgroundColor = page.color;
    },
  };
}

export function figures(): Part {
  const root = h("div", { class: "ft-figures" });
  return changing(
    root,
    ({ figures: all }) => all,
    (all: readonly Figure[]) => {
      const boxes = all.map(({ name, label, text, wide }) =>
        h(
          "div",
          { class: wide ? "ft-figure ft-wide" : "ft-figure" },
          h("span", { class: "ft-value", "data-testid": name }, text),
          h("span", { class: "ft-muted" }, label),
        ),
      );
      root.replaceChildren(...boxes);
    },
  );
}

export function remarks(): Part {
  const root = h("div", { "data-testid": "remarks" });
  return changing(
    root,
    (page) => page.remarks,
    (all) => root.replaceChildren(...all.map((text) => h("div", { dir: "auto" }, `▸ ${text}`))),
  );
}

/** What the newest evaluation predicted for a few examples. */
export function samples(): Part {
  const lines = h("div", { class: "ft-notices" });
  const root = h("details", { "data-testid": "samples", open: true }, h("summary", {}, "Samples"), lines);
  return changing(
    root,
    (page) => page.samples,
    (all) => {
      root.hidden = all.length === 0;
      lines.replaceChildren(...all.map((each) => h("div", { class: "ft-sample" }, ...each.map(textView))));
    },
  );
}

/** Warnings and messages, newest last. */
export function messages(): Part {
  const root = h("div", { class: "ft-notices", "data-testid": "notices" });
  return changing(
    root,
    (page) => page.messages,
    (all) => {
      root.replaceChildren(...all.map(({ level, text }) => h("div", { dir: "auto" }, ...coded(level === "warning" ? `⚠ ${text}` : text))));
      root.scrollTop = root.scrollHeight;
    },
  );
}

/** What was done by the way, each line with its time of day; newest last. */
export function journal(): Part {
  const lines = h("div", { class: "ft-scroll ft-notices", role: "region", "aria-label": "log", tabindex: 0 });
  const root = h("details", { "data-testid": "journal" }, h("summary", {}, "Log"), lines);
  return changing(
    root,
    (page) => page.log,
    (all) => {
      root.hidden = all.length === 0;
      lines.replaceChildren(...all.map((line) => h("div", {}, line)));
      lines.scrollTop = lines.scrollHeight;
    },
  );
}

export function settings(): Part {
  const lines = h("pre", { class: "ft-scroll", tabindex: 0 });
  const root = h("details", { "data-testid": "run-config" }, h("summary", {}, "Settings of this run"), lines);
  return changing(
    root,
    (page) => page.settings,
    (text) => {
      lines.textContent = text;
      root.hidden = text === "";
    },
  );
}

/** Draw only what is another one than before: what is scrolled or selected stays as it is. */
export function changing<T>(root: HTMLElement, of: (page: RunPage) => T, draw: (value: T) => void): Part {
  let drawn: string | null = null;
  return {
    root,
    update({ page }) {
      const now = JSON.stringify(of(page));
      if (now !== drawn) draw(of(page));
      drawn = now;
    },
  };
}

/** A text in which what stands between backticks is something to type. */
export function coded(text: string): (Node | string)[] {
  return text.split("`").map((piece, at) => (at % 2 === 1 ? h("code", {}, piece) : piece));
}
