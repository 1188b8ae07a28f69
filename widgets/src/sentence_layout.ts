/** A sentence cut into pieces at the borders of its spans. Words are never cut, so no letter, mark or emoji is. */

export type Span = readonly [start: number, end: number, label: string];
export interface Words {
  readonly words: readonly string[];
  /** Whether words are written with spaces between them. */
  readonly spaces: boolean;
}
export type Side = "gold" | "pred";

export interface Covering {
  type: string;
  /** The span that the example is about, rather than its neighbours. */
  own: boolean;
}
export interface Edge extends Covering {
  side: Side;
  /** Where the span begins: it ends with the piece. */
  start: number;
}
export interface Cover {
  own: boolean;
  /** Whether a span begins or ends with this piece, rather than continuing. */
  starts: boolean;
  ends: boolean;
}
export interface Piece {
  text: string;
  gold: Cover | null;
  pred: Cover | null;
  /** The spans that end with this piece, for their labels. */
  labels: Edge[];
}
export interface Marked extends Words {
  readonly gold: readonly Span[];
  readonly pred: readonly Span[];
  /** The spans that it is about, rather than their neighbours. */
  readonly about?: (side: Side, span: Span) => boolean;
}

interface Placed extends Edge {
  end: number;
  /** Whether the span sticks out of the cut text there. */
  cutBefore: boolean;
  cutAfter: boolean;
}
interface Atom {
  text: string;
  /** The words in it: from, until before to. A space has none. */
  from: number;
  to: number;
  over: Placed[];
}

const CJK = "[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Bopomofo}\\u3000-\\u30ff\\uff01-\\uff9f]";
const ENDS_CJK = new RegExp(`${CJK}$`, "u");
const BEGINS_CJK = new RegExp(`^${CJK}`, "u");
/** Marks, joiners and variation selectors belong to what stands before them. */
const BEGINS_MARK = /^[\p{M}\u200d\ufe0e\ufe0f]/u;
const RTL = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;
const STRONG = /\p{L}/u;

/** What stands between two words: a space, or nothing where the script has none. */
export function gap(before: string, after: string, spaces: boolean): string {
  if (!spaces || BEGINS_MARK.test(after)) return "";
  return ENDS_CJK.test(before) && BEGINS_CJK.test(after) ? "" : " ";
}

export function plainText({ words, spaces }: Words): string {
  return words.map((word, at) => (at ? gap(words[at - 1] ?? "", word, spaces) : "") + word).join("");
}

/**
 * A mark that says which way a sentence runs, where it has right-to-left letters. `dir=auto` does not look into
 * isolated spans, so a sentence that begins with one would take its direction from what follows.
 */
export function directionMark(words: readonly string[]): string {
  const text = words.join(" ");
  if (!RTL.test(text)) return "";
  return RTL.test(STRONG.exec(text)?.[0] ?? "") ? "\u200f" : "\u200e";
}

/** Pieces in groups: pieces that a span holds together stand in one group; a group of its own is plain text. */
export function layOut(sentence: Marked): Piece[][] {
  const spans = [...placed(sentence, "gold"), ...placed(sentence, "pred")];
  const groups: Atom[][] = [];
  for (const atom of joined(atoms(sentence, spans))) {
    const before = groups.at(-1)?.at(-1);
    if (before && atom.over.some((span) => before.over.includes(span))) groups.at(-1)?.push(atom);
    else groups.push([atom]);
  }
  return groups.map((group) => group.map(piece));
}

export function sameSpan(a: Span, b: Span): boolean {
  return a.every((part, at) => part === b[at]);
}

function placed(sentence: Marked, side: Side): Placed[] {
  const { length } = sentence.words;
  return sentence[side].flatMap((span) => {
    const [start, end] = [Math.max(0, span[0]), Math.min(length, span[1])];
    if (start >= end) return [];
    return [{ side, type: span[2], own: sentence.about?.(side, span) ?? false, start, end, cutBefore: span[0] < 0, cutAfter: span[1] > length }];
  });
}

function atoms({ words, spaces }: Words, spans: readonly Placed[]): Atom[] {
  const covering = (first: number, last: number): Placed[] => spans.filter(({ start, end }) => start <= first && last < end);
  return words.flatMap((word, at) => {
    const between = at ? gap(words[at - 1] ?? "", word, spaces) : "";
    const space = between ? [{ text: between, from: at, to: at, over: covering(at - 1, at) }] : [];
    return [...space, { text: word, from: at, to: at + 1, over: covering(at, at) }];
  });
}

function joined(all: readonly Atom[]): Atom[] {
  const result: Atom[] = [];
  for (const atom of all) {
    const before = result.at(-1);
    const same = before && before.over.length === atom.over.length && atom.over.every((span) => before.over.includes(span));
    if (before && same) result[result.length - 1] = { ...before, text: before.text + atom.text, to: atom.to };
    else result.push(atom);
  }
  return result;
}

function piece({ text, from, to, over }: Atom): Piece {
  const starts = ({ start, cutBefore }: Placed): boolean => start === from && !cutBefore;
  const ends = ({ end, cutAfter }: Placed): boolean => end === to && !cutAfter;
  const cover = (side: Side): Cover | null => {
    const ours = over.filter((span) => span.side === side);
    if (ours.length === 0) return null;
    return { own: ours.some(({ own }) => own), starts: ours.some(starts), ends: ours.some(ends) };
  };
  const labels = over.filter(({ end }) => end === to).map(({ side, type, own, start }) => ({ side, type, own, start }));
  return { text, gold: cover("gold"), pred: cover("pred"), labels };
}
