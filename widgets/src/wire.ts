/** What the kernel sends, generated from the Python dataclasses by `python widgets/make_wire.py`. Do not edit. */

export type Filter = Readonly<Record<string, unknown>>;

/** What a span does to a piece. */
export interface Cover {
  readonly label: string;
  readonly own: boolean;
  readonly starts: boolean;
  readonly ends: boolean;
}

/** The label of a span that ends with a piece. */
export interface Tag {
  readonly text: string;
  readonly label: string;
  readonly side: "gold" | "predicted" | "both";
  readonly own: boolean;
}

/** Words under the same spans. */
export interface Piece {
  readonly text: string;
  readonly gold: Cover | null;
  readonly predicted: Cover | null;
  readonly tags: readonly Tag[];
  readonly joined: boolean;
}

/** A sentence under one system. */
export interface Sentence {
  readonly name: string;
  readonly mark: string;
  readonly pieces: readonly Piece[];
}

/** Labels on one side, such as gold, or what a system predicted. */
export interface Side {
  readonly name: string;
  readonly labels: readonly string[];
  readonly right: boolean | null;
}

/** What leads from one entity to the other, by one side. */
export interface Arrow {
  readonly name: string;
  readonly start: string;
  readonly label: string;
  readonly said: string;
  readonly end: string;
  readonly none: boolean;
  readonly right: boolean | null;
}

/** How probable a label is: as a share for a bar, and as text. */
export interface ShownScore {
  readonly label: string;
  readonly share: number;
  readonly text: string;
}

/** A text with a name before it; one without a name is what was to be labelled. */
export interface ShownText {
  readonly name: string;
  readonly pieces: readonly string[];
}

/** One example, as it is shown: what became of it, where it stands, what it says, and why it is shown. */
export interface ShownCard {
  readonly row: string;
  readonly key: string;
  readonly badge: string;
  readonly sign: string;
  readonly right: boolean | null;
  readonly about: readonly string[];
  readonly question: string;
  readonly sentences: readonly Sentence[];
  readonly texts: readonly ShownText[];
  readonly sides: readonly Side[];
  readonly arrows: readonly Arrow[];
  readonly scores: readonly ShownScore[];
  readonly note: string;
  readonly search: string;
  readonly cut: boolean;
  readonly facets: Readonly<Record<string, readonly string[]>>;
  readonly ranks: Readonly<Record<string, number | null>>;
}

/** A place in a table. */
export interface Cell {
  readonly text: string;
  readonly value: number | null;
  readonly filter: Filter | null;
  readonly interval: readonly [number, number] | null;
  readonly label: string;
  readonly bar: boolean;
}

/** A row of a table; `strong` for averages and totals. */
export interface Row {
  readonly cells: readonly Cell[];
  readonly strong: boolean;
}

/** A straight line of the chart's own: part of an axis, of the grid, or the diagonal. */
export interface Rule {
  readonly kind: "axis" | "grid" | "diagonal";
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** A number or the name of an axis, or the name of a dot; a turned one is read from below. */
export interface DrawnText {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly anchor: "start" | "middle" | "end";
  readonly turned: boolean;
}

/** A series in its place. */
export interface DrawnSeries {
  readonly name: string;
  readonly shape: "line" | "dots" | "bars";
  readonly color: string;
  readonly dashed: boolean;
  readonly line: readonly (readonly [number, number])[];
  readonly dots: readonly (readonly [number, number])[];
  readonly radius: number;
  readonly bars: readonly (readonly [number, number, number, number])[];
  readonly hints: readonly string[];
}

/** All of a chart, in pixels from the upper left corner. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly about: string;
  readonly rules: readonly Rule[];
  readonly texts: readonly DrawnText[];
  readonly series: readonly DrawnSeries[];
}

/** The shape of a grid. */
export interface GridShape {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly upright: boolean;
  readonly left_out: string;
}

/** The large figures at the top of a page. */
export interface Figure {
  readonly label: string;
  readonly text: string;
  readonly about: string;
}

/** Rows of numbers, each with a name first. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  readonly support: number;
  readonly least: number;
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
  readonly sums_open: boolean;
  readonly note: string;
  readonly open: boolean;
  readonly kind: "grid";
}

/** Curves. */
export interface Chart {
  readonly title: string;
  readonly note: string;
  readonly open: boolean;
  readonly kind: "chart";
}

/** Examples, the first of them sent along; the kernel has the others. */
export interface Examples {
  readonly title: string;
  readonly cards: readonly ShownCard[];
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

/** A page. */
export interface ReportPage {
  readonly title: string;
  readonly summary: string;
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
  readonly sections: readonly (Table | Grid | Chart | Examples | Lines)[];
  readonly drawings: Readonly<Record<string, Drawing>>;
  readonly grids: Readonly<Record<string, GridShape>>;
  readonly layout: readonly (readonly (readonly number[])[])[];
  readonly colors: Readonly<Record<string, string>>;
  readonly cards_a_page: number;
  readonly own: number;
}

/** What a widget shows of a report. */
export interface ReportWire {
  readonly page: ReportPage;
  readonly cards: readonly ShownCard[];
  readonly total: number;
}

/** Of text on the colour of a label. */
export const INKS: Record<string, string> = {
  "#0072B2": "#FFFFFF",
  "#D55E00": "#000000",
  "#009E73": "#000000",
  "#56B4E9": "#000000",
  "#E69F00": "#000000",
  "#CC79A7": "#000000",
  "#F0E442": "#000000",
  "#80B8D8": "#000000",
  "#EAAE80": "#000000",
  "#80CEB9": "#000000",
  "#AADAF4": "#000000",
  "#F2CF80": "#000000",
  "#E6BCD3": "#000000",
  "#F8F2A0": "#000000",
  "#003F62": "#FFFFFF",
  "#753400": "#FFFFFF",
  "#00573F": "#FFFFFF",
  "#2F6380": "#FFFFFF",
  "#7E5700": "#FFFFFF",
  "#70435C": "#FFFFFF",
  "#847D24": "#000000",
  "#888888": "#000000",
};
