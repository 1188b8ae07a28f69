/** Copying a text. */

import { h } from "./dom.ts";

/** Whether it came off: a page without https has no clipboard of its own, so the old way is tried too. */
export async function copyText(text: string, near: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyOldWay(text, near);
  }
}

function copyOldWay(text: string, near: HTMLElement): boolean {
  const held = document.activeElement;
  const area = h("textarea", { class: "ft-spoken", readonly: true });
  area.value = text;
  near.append(area);
  area.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    area.remove();
    if (held instanceof HTMLElement) held.focus();
  }
}
