/** Named texts below each other, such as what was asked, expected and answered. */

import { h } from "./dom.ts";
import type { TextsData } from "./wire.ts";

export function textsView({ texts }: TextsData): HTMLElement[] {
  return [h("dl", { class: "ft-texts" }, ...texts.flatMap(([name, text]) => [h("dt", { class: "ft-muted" }, name), h("dd", { dir: "auto" }, text)]))];
}

export function textsText({ texts }: TextsData): string {
  return texts.map(([, text]) => text).join("\n");
}
