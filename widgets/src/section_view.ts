/** What the views of sections share. */

import { CYCLE, type Card, type Filter } from "./wire.ts";

/** Show the examples that a filter keeps, below the section that an element of it asks from. */
export type Explore = (filter: Filter, name: string, asking: HTMLElement) => void;
export type Colors = (label: string) => string | undefined;

export interface Context {
  explore: Explore;
  color: Colors;
  /** Rows with less support are hidden at first. */
  minSupport: number;
}

/** A colour for each label, as the saved page has it. */
export function colorsOf(labels: readonly string[]): Colors {
  const at = new Map(labels.map((label, index) => [label, index]));
  return (label) => {
    const index = at.get(label);
    return index === undefined ? undefined : CYCLE[index % CYCLE.length];
  };
}

export function mark(element: HTMLElement, color: string | undefined): HTMLElement {
  if (color === undefined) return element;
  element.classList.add("ft-labelled");
  element.style.setProperty("--ft-label", color);
  return element;
}

/** Capitals and ways of composing a letter make no difference to a search. */
export function folded(text: string): string {
  return text.normalize("NFC").toLowerCase();
}

/** Whether a filter keeps a card: each of its parts is a value, or several of which any will do. */
export function keeps(filter: Filter, card: Card, text: (card: Card) => string): boolean {
  return Object.entries(filter).every(([name, wanted]) => {
    if (wanted === null || wanted === undefined) return true;
    if (name === "text") return folded(text(card)).includes(folded(String(wanted).trim()));
    const values = Array.isArray(wanted) ? wanted : [wanted];
    const found = card.data.facets?.[name] ?? [];
    return values.length === 0 || values.some((value) => found.includes(String(value)));
  });
}
