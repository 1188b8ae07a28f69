/** Elements without innerHTML: texts from data are always text nodes. */

export type Attributes = Record<string, string | number | boolean | undefined>;
export type Child = Node | string;

/** A part of a view that has something to end, such as a wait for an answer. */
export interface Panel {
  root: HTMLElement;
  close: () => void;
}

export function h<K extends keyof HTMLElementTagNameMap>(name: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  return filled(document.createElement(name), attributes, children);
}

/** The same for drawings. */
export function svg<K extends keyof SVGElementTagNameMap>(name: K, attributes: Attributes = {}, ...children: Child[]): SVGElementTagNameMap[K] {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled<E extends Element>(element: E, attributes: Attributes, children: Child[]): E {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(key, value === true && !key.startsWith("aria-") ? "" : String(value)); // aria-hidden="" hides nothing
  }
  element.append(...children);
  return element;
}

export function button(text: string, click: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const element = h("button", { type: "button", ...attributes }, text);
  element.addEventListener("click", click);
  return element;
}

/** A button that is in or out; it begins out. */
export function toggle(text: string, change: (pressed: boolean) => void, attributes: Attributes = {}): HTMLButtonElement {
  const flip = (): void => {
    const pressed = element.getAttribute("aria-pressed") !== "true";
    element.setAttribute("aria-pressed", String(pressed));
    change(pressed);
  };
  const element = button(text, flip, { "aria-pressed": "false", ...attributes });
  return element;
}

/** A table: the first cell of each row names it. */
export function table(heads: readonly Child[], rows: readonly (readonly Child[])[], attributes: Attributes = {}): HTMLTableElement {
  return h(
    "table",
    attributes,
    h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, ...rows.map(([name, ...cells]) => tableRow(name ?? "", cells))),
  );
}

export function tableRow(name: Child, cells: readonly Child[], attributes: Attributes = {}): HTMLTableRowElement {
  return h("tr", attributes, h("th", { scope: "row", dir: "auto" }, name), ...cells.map((cell) => h("td", {}, cell)));
}

/** What only a screen reader says. */
export function spoken(text: string): HTMLElement {
  return h("span", { class: "ft-spoken" }, text);
}

const session = Math.random().toString(36).slice(2, 8);
let ids = 0;

/** An id that no other view on the page has. */
export function freshId(): string {
  return `ft-${session}-${++ids}`;
}

/**
 * Keep the notebook's own shortcuts from firing while a key is meant for us. Those with Ctrl, Alt or ⌘, such as the one
 * that saves, still get through.
 */
export function keepKeys(element: HTMLElement): void {
  element.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
  });
}
