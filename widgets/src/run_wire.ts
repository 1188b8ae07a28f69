/** What the kernel sends, generated from the Python dataclasses by `python widgets/make_wire.py`. Do not edit. */

export type State = "running" | "paused" | "stopping" | "done" | "stopped" | "failed" | "crashed";

/** A number with its name; a wide one has room for a longer text. */
export interface Figure {
  readonly name: string;
  readonly label: string;
  readonly text: string;
  readonly wide: boolean;
}

/** An evaluation on dev. */
export interface DevRow {
  readonly cells: readonly string[];
  readonly best: boolean;
}

/** Evaluations on dev; the note says why there are none, or how many are left out. */
export interface DevTable {
  readonly heads: readonly string[];
  readonly rows: readonly DevRow[];
  readonly note: string;
}

/** The headline of one label over the evaluations; the line is scaled to 0 to 1, with null for a hole. */
export interface LabelRow {
  readonly label: string;
  readonly color: string;
  readonly line: readonly (number | null)[];
  readonly cells: readonly string[];
}

/** The headline by label over the evaluations. */
export interface LabelTable {
  readonly title: string;
  readonly heads: readonly string[];
  readonly rows: readonly LabelRow[];
  readonly note: string;
}

/** A text with a name before it; one without a name is what was to be labelled. */
export interface ShownText {
  readonly name: string;
  readonly pieces: readonly string[];
}

/** A line by step, on the axis of the losses or on that of the scores; earlier runs are faint. */
export interface Curve {
  readonly name: string;
  readonly color: string;
  readonly axis: "loss" | "score";
  readonly points: readonly (readonly [number, number])[];
  readonly faint: boolean;
}

/** What a colour means. */
export interface Key {
  readonly name: string;
  readonly color: string;
  readonly faint: boolean;
}

/** What is drawn beside the training loss, over all steps that are planned; a share is in percent. */
export interface RunChart {
  readonly steps: number;
  readonly curves: readonly Curve[];
  readonly keys: readonly Key[];
  readonly loss_range: readonly [number, number] | null;
  readonly score_range: readonly [number, number] | null;
}

/** A message; level is `info` or `warning`. */
export interface Told {
  readonly level: string;
  readonly text: string;
}

/** Everything but the steps. */
export interface RunPage {
  readonly name: string;
  readonly state: "running" | "paused" | "stopping" | "done" | "stopped" | "failed" | "crashed";
  readonly badge: string;
  readonly color: string;
  readonly about: string;
  readonly score: string;
  readonly score_about: readonly string[];
  readonly say: string;
  readonly step: number;
  readonly steps: number;
  readonly figures: readonly Figure[];
  readonly chart: RunChart;
  readonly dev: DevTable;
  readonly labels: LabelTable | null;
  readonly remarks: readonly string[];
  readonly samples: readonly (readonly ShownText[])[];
  readonly messages: readonly Told[];
  readonly log: readonly string[];
  readonly settings: string;
  readonly saved_at: number;
  readonly folder: string;
  readonly place: string;
}

export const TRAIN_LOSS = "#338FCC";
export const SMOOTHING = 0.6;
