/** What the views of sections share. */

import { INKS, type Drawing, type Filter, type GridShape, type ShownCard } from "./wire.ts";

/** Show the examples that a filter keeps, below the section that an element of it asks from. */
export type Explore = (filter: Filter, name: string, asking: HTMLElement) => void;
export type Colors = (label: string) => string | undefined;

export interface Context {
  explore: Explore;
  color: Colors;
  /** Of a chart. */
  drawing?: Drawing | undefined;
  /** Of a grid. */
  shape?: GridShape | undefined;
}

/** A colour for each label, as the saved page has it. */
export function colorsOf(colors: Readonly<Record<string, string>>): Colors {
  return (label) => (Object.hasOwn(colors, label) ? colors[label] : undefined);
}

/** Give an element the colour of a label, for its style sheet to use; grey without one. */
export function mark<E extends HTMLElement>(element: E, color: string | undefined): E {
  if (color === undefined) return element;
  element.classList.add("ft-labelled");
  element.style.setProperty("--ft-fill", color);
  element.style.setProperty("--ft-ink", INKS[color] ?? "");
  return element;
}

/** Capitals and ways of composing a letter make no difference to a search. */
export function folded(text: string): string {
  return text.normalize("NFC").toLowerCase();
}

/** Whether a filter keeps a card: each of its parts is a value, or several of which any will do. */
export function keeps(filter: Filter, card: ShownCard): boolean {
  return Object.entries(filter).every(([name, wanted]) => {
    if (wanted === null || wanted === undefined) return true;
    if (name === "text") return folded(card.search).includes(folded(String(wanted).trim()));
    const values = Array.isArray(wanted) ? wanted : [wanted];
    const found = card.facets[name] ?? [];
    return values.length === 0 || values.some((value) => found.includes(String(value)));
  });
}
