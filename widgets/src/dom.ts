/** Elements without innerHTML: texts from data are always text nodes. */

type Attributes = Record<string, string | number | boolean | undefined>;
type Child = Node | string;

export function h<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** Keep the notebook's own shortcuts from firing while a key is meant for us. */
export function keepKeys(element: HTMLElement): void {
  element.addEventListener("keydown", (event) => event.stopPropagation());
}
