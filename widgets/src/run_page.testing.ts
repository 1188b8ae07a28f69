/** A run's page for tests. Not part of any bundle. */

import type { RunPage } from "./run_wire.ts";

export function page(more: Partial<RunPage> = {}): RunPage {
  return {
    name: "ner",
    state: "running",
    badge: "running",
    color: "#0072B2",
    about: "minilm · lora · cpu · fp32",
    score: "81.30",
    score_about: ["best dev F1 so far at epoch 2", ""],
    say: "",
    step: 10,
    steps: 30,
    figures: [
      { name: "progress-steps", label: "step", text: "10 / 30", wide: false },
      { name: "time-left", label: "time left", text: "40 s", wide: false },
    ],
    chart: { steps: 30, curves: [], keys: [], loss_range: [0, 1], score_range: null },
    dev: { heads: ["epoch", "step", "dev loss", "F1", ""], rows: [], note: "" },
    labels: null,
    remarks: [],
    samples: [],
    messages: [],
    log: [],
    settings: "",
    saved_at: -1,
    folder: "ft_runs/ner",
    place: "/home/ada/work/ft_runs/ner",
    ...more,
  };
}
