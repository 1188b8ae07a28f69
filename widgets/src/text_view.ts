/** A text with a name before it, and marks in it: where an output differs from its reference, say. */

import { h } from "./dom.ts";
import type { ShownText } from "./wire.ts";

/** Every second piece is marked, from the second on. */
export function textView({ name, pieces }: ShownText): HTMLElement {
  const said = name ? [h("span", { class: "ft-muted ft-run-name" }, `${name} `)] : [];
  const written = pieces.map((piece, at) => (at % 2 ? h("mark", { class: "ft-differs" }, piece) : piece));
  return h("div", { dir: "auto" }, ...said, h("span", { class: "ft-text", dir: "auto" }, ...written));
}
