/** The numbers on top of the dashboard, and what is below its curves: settings and messages. */

import { h } from "./dom.ts";
import { bytes, count, decimal, duration, number } from "./format.ts";
import type { Part } from "./run_tables.ts";
import { secondsLeft, type RunState, type Told } from "./run_state.ts";

type Show = (state: RunState) => string | null;

/** Label, test id, text; null where there is nothing to say, and then the figure is not there. */
const FIGURES: [label: string, testid: string, show: Show][] = [
  ["step", "progress-steps", ({ started, last }) => (started ? `${count(last?.step ?? 0)} / ${count(started.total_steps)}` : "–")],
  ["epoch", "progress-epochs", ({ started, last }) => (started ? `${decimal(last?.epoch ?? 0)} / ${decimal(started.epochs)}` : "–")],
  ["elapsed", "elapsed", ({ last }) => (last ? duration(last.elapsed_s) : "–")],
  ["time left", "time-left", timeLeft],
  ["tokens/s", "tokens-per-s", ({ last }) => (last ? count(last.tokens_per_s) : "–")],
  ["loss", "loss", ({ last }) => number(last?.loss)],
  ["process memory", "process-memory", ({ last }) => memory(last?.process_memory_bytes)],
  ["device memory", "device-memory", ({ last }) => memory(last?.device_memory_bytes)],
  ["trainable parameters", "trainable", learning],
  ["last checkpoint", "checkpoint", ({ checkpoints }) => (checkpoints.length ? `step ${count(checkpoints.at(-1)!.step)}` : null)],
];

function timeLeft(state: RunState): string {
  const left = secondsLeft(state);
  return left === null ? "–" : duration(left);
}

function memory(size: number | null | undefined): string | null {
  return size ? bytes(size) : null;
}

function learning({ started }: RunState): string | null {
  if (!started) return null;
  const { trainable_parameters: some, parameters: all } = started;
  return `${millions(some)} of ${millions(all)} (${decimal((100 * some) / Math.max(1, all))} %)`;
}

function millions(value: number): string {
  return value < 1e5 ? count(value) : `${decimal(value / 1e6, 1)} M`;
}

export function figures(): Part {
  const built = FIGURES.map(([label, testid, show]) => {
    const value = h("span", { class: "ft-value", "data-testid": testid });
    return { show, value, box: h("div", { class: "ft-figure" }, value, h("span", { class: "ft-muted" }, label)) };
  });
  return {
    root: h("div", { class: "ft-figures" }, ...built.map(({ box }) => box)),
    update(state) {
      for (const { show, value, box } of built) {
        const text = show(state);
        box.hidden = text === null;
        value.textContent = text ?? "";
      }
    },
  };
}

/** Warnings and messages, newest last. */
export function messages(): Part {
  const root = h("div", { class: "ft-notices", "data-testid": "notices" });
  let drawn: unknown = null;
  return {
    root,
    update({ notices }) {
      if (notices === drawn) return;
      drawn = notices;
      root.replaceChildren(...notices.map(({ level, text }) => h("div", { dir: "auto", class: `ft-${level}` }, text)));
      root.scrollTop = root.scrollHeight;
    },
  };
}

/** What was done by the way, each line with its time of day; newest last. */
export function journal(): Part {
  const lines = h("div", { class: "ft-scroll ft-notices", role: "region", "aria-label": "log", tabindex: 0 });
  const root = h("details", { hidden: true, "data-testid": "journal" }, h("summary", {}, "Log"), lines);
  let drawn: unknown = null;
  return {
    root,
    update({ journal: events }) {
      if (events === drawn) return;
      drawn = events;
      root.hidden = events.length === 0;
      lines.replaceChildren(...events.map((event) => h("div", {}, timed(event))));
      lines.scrollTop = lines.scrollHeight;
    },
  };
}

function timed(event: Told): string {
  const clock = event.time ? `${new Date(1000 * event.time).toLocaleTimeString()}  ` : "";
  return clock + line(event);
}

function line(event: Told): string {
  switch (event.kind) {
    case "checkpoint":
      return `checkpoint at step ${count(event.step)}`;
    case "resumed":
      return `resumed from step ${count(event.step)}`;
    case "pause":
      return event.paused ? event.reason || "paused" : "unpaused";
    default:
      return event.reason;
  }
}

export function settings(): Part {
  const lines = h("pre", { class: "ft-scroll", tabindex: 0 });
  const root = h("details", { hidden: true, "data-testid": "run-config" }, h("summary", {}, "Settings of this run"), lines);
  return {
    root,
    update({ started }) {
      const chosen = started?.chosen?.length ? ["Chosen, since the cell leaves them open:", ...started.chosen, ""] : [];
      const known = [...chosen, ...yamlLines(started?.config)].join("\n");
      if (lines.textContent !== known) lines.textContent = known;
      root.hidden = known === "";
    },
  };
}

/** Plain data as lines like those of the cell. What a cell leaves out is null, and left out here too. */
export function yamlLines(value: unknown, indent = ""): string[] {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const inside = yamlLines(item, `${indent}  `);
    if (inside.length > 0) return [`${indent}${key}:`, ...inside];
    return item === null ? [] : [`${indent}${key}: ${typeof item === "string" ? item : JSON.stringify(item)}`];
  });
}
