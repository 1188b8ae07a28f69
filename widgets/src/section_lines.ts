/** Sentences. */

import { h } from "./dom.ts";
import type { Lines } from "./wire.ts";

export function linesSection({ lines }: Lines): HTMLElement {
  return h("div", { "data-testid": "lines" }, ...lines.map((line) => h("div", { dir: "auto" }, line)));
}
