/** Page by page through what was found, and where one is. */

import { button, h } from "./dom.ts";
import { count } from "./format.ts";

export interface Place {
  offset: number;
  shown: number;
  /** How many there are to page through, as far as is known. */
  found: number;
  /** Said instead of the place; what is said only for a moment comes up late, so that it does not flicker. */
  instead?: string | undefined;
  late?: boolean;
}
export interface Pager {
  /** The sentence that says where one is; it is spoken when it changes. */
  status: HTMLElement;
  buttons: HTMLElement;
  show: (place: Place) => void;
}

export function pager(limit: number, totalTestid: string, turn: (offset: number) => void): Pager {
  let offset = 0;
  const previous = button("‹ previous", () => turn(offset - limit), { "data-testid": "previous-page" });
  const next = button("next ›", () => turn(offset + limit), { "data-testid": "next-page" });
  const status = h("span", { role: "status", "aria-live": "polite" });
  return {
    status,
    buttons: h("div", { class: "ft-pager" }, previous, next),
    show(place) {
      offset = place.offset;
      previous.disabled = offset <= 0;
      next.disabled = offset + limit >= place.found;
      const total = h("span", { "data-testid": totalTestid, "data-total": place.found }, count(place.found));
      const range = place.shown ? `${count(offset + 1)}–${count(offset + place.shown)} of ` : "";
      status.replaceChildren(
        ...(place.instead ? [h("span", { class: place.late && "ft-late" }, place.instead)] : [range, total, ...(range ? [] : [" found"])]),
      );
    },
  };
}
