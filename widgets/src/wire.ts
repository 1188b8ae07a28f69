/** What the kernel sends, generated from the Python dataclasses by `python widgets/make_wire.py`. Do not edit. */

export type Filter = Readonly<Record<string, unknown>>;

/** What a card of any kind may have. */
export interface CardData {
  readonly badge?: string;
  readonly sign?: string;
  readonly right?: boolean | null;
  readonly about?: readonly string[];
  readonly confidence?: number | null;
  readonly note?: string;
  readonly facets?: Readonly<Record<string, readonly string[]>>;
  readonly ranks?: Readonly<Record<string, number | null>>;
}

/** What one of several systems predicted. */
export interface SpanVersion {
  readonly name: string;
  readonly predicted: readonly (readonly [number, number, string])[];
}

/** The spans that a card is about, rather than their neighbours. */
export interface Own {
  readonly gold: readonly (readonly [number, number, string])[];
  readonly predicted: readonly (readonly [number, number, string])[];
}

/** Words with marked spans. */
export interface SpansData {
  readonly badge?: string;
  readonly sign?: string;
  readonly right?: boolean | null;
  readonly about?: readonly string[];
  readonly confidence?: number | null;
  readonly note?: string;
  readonly facets?: Readonly<Record<string, readonly string[]>>;
  readonly ranks?: Readonly<Record<string, number | null>>;
  readonly words: readonly string[];
  readonly spaces?: boolean;
  readonly before?: boolean;
  readonly after?: boolean;
  readonly gold?: readonly (readonly [number, number, string])[];
  readonly predicted?: readonly (readonly [number, number, string])[];
  readonly versions?: readonly SpanVersion[];
  readonly own?: Own;
}

/** What one of several systems predicted. */
export interface LabelVersion {
  readonly name: string;
  readonly predicted: readonly string[];
}

/** A text and its labels. */
export interface LabelsData {
  readonly badge?: string;
  readonly sign?: string;
  readonly right?: boolean | null;
  readonly about?: readonly string[];
  readonly confidence?: number | null;
  readonly note?: string;
  readonly facets?: Readonly<Record<string, readonly string[]>>;
  readonly ranks?: Readonly<Record<string, number | null>>;
  readonly text: string;
  readonly pair?: string;
  readonly gold?: readonly string[];
  readonly predicted?: readonly string[];
  readonly versions?: readonly LabelVersion[];
  readonly scores?: readonly (readonly [string, number])[];
}

/** Texts below each other. */
export interface TextsData {
  readonly badge?: string;
  readonly sign?: string;
  readonly right?: boolean | null;
  readonly about?: readonly string[];
  readonly confidence?: number | null;
  readonly note?: string;
  readonly facets?: Readonly<Record<string, readonly string[]>>;
  readonly ranks?: Readonly<Record<string, number | null>>;
  readonly texts: readonly (readonly [string, string])[];
}

export interface SpansCard {
  readonly kind: "spans";
  readonly row: string;
  readonly data: SpansData;
}
export interface LabelsCard {
  readonly kind: "labels";
  readonly row: string;
  readonly data: LabelsData;
}
export interface TextsCard {
  readonly kind: "texts";
  readonly row: string;
  readonly data: TextsData;
}
export type Card = SpansCard | LabelsCard | TextsCard;

/** A place in a table. */
export interface Cell {
  readonly text: string;
  readonly value: number | null;
  readonly filter: Filter | null;
  readonly interval: readonly [number, number] | null;
  readonly label: string;
}

/** A row of a table; `strong` for averages and totals. */
export interface Row {
  readonly cells: readonly Cell[];
  readonly strong: boolean;
}

/** One line, or cloud of points. A y that does not exist is None. */
export interface Series {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
  readonly shape: "line" | "dots" | "bars";
}

/** Rows of numbers, each with a name first. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  readonly note: string;
  readonly open: boolean;
  readonly kind: "table";
}

/** Counts of pairs, such as gold and predicted labels. */
export interface Grid {
  readonly title: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly counts: readonly (readonly number[])[];
  readonly row_axis: string;
  readonly column_axis: string;
  readonly row_filters: readonly Filter[];
  readonly column_filters: readonly Filter[];
  readonly order: readonly number[];
  readonly note: string;
  readonly open: boolean;
  readonly kind: "grid";
}

/** Curves. */
export interface Chart {
  readonly title: string;
  readonly x_label: string;
  readonly y_label: string;
  readonly series: readonly Series[];
  readonly x_range: readonly [number, number] | null;
  readonly y_range: readonly [number, number] | null;
  readonly diagonal: boolean;
  readonly note: string;
  readonly open: boolean;
  readonly kind: "chart";
}

/** Examples, the first of them sent along; the kernel has the others. */
export interface Examples {
  readonly title: string;
  readonly cards: readonly Card[];
  readonly total: number;
  readonly filter: Filter;
  readonly facets: Readonly<Record<string, readonly string[]>>;
  readonly sorts: readonly string[];
  readonly note: string;
  readonly open: boolean;
  readonly kind: "examples";
}

/** Sentences, such as what a reader of the numbers should know. */
export interface Lines {
  readonly title: string;
  readonly lines: readonly string[];
  readonly open: boolean;
  readonly kind: "lines";
}

export type Section = Table | Grid | Chart | Examples | Lines;

/** What a widget shows of a report. */
export interface ReportWire {
  readonly title: string;
  readonly summary: string;
  readonly notes: readonly string[];
  readonly sections: readonly (Table | Grid | Chart | Examples | Lines)[];
  readonly labels: readonly string[];
  readonly cards: readonly Card[];
  readonly total: number;
}

/** Colours of labels, in turn. */
export const CYCLE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#B9A900", "#888888"] as const;
