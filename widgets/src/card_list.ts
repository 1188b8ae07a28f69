/** Cards one walks through with j and k or the arrow keys; c copies the row id of the one in focus. */

import { h } from "./dom.ts";

export interface Listed {
  root: HTMLElement;
  /** What it is about, so that the same card keeps the focus when the list is redrawn. */
  key: string;
  copy: () => void;
}
export interface CardList {
  root: HTMLElement;
  show: (cards: readonly Listed[]) => void;
  focus: (at: number) => void;
}

/** `beyond` is called for a step before the first card (-1) or after the last (1). */
export function cardList(name: string, testid: string, beyond: (step: 1 | -1) => void = () => {}): CardList {
  let cards: readonly Listed[] = [];
  let active = 0;
  const root = h("div", { class: "ft-cards", role: "list", "aria-label": name, "data-testid": testid, tabindex: -1 });
  const activate = (at: number): void => {
    active = at;
    cards.forEach((card, index) => (card.root.tabIndex = index === at ? 0 : -1));
  };
  const focus = (at: number): void => {
    activate(Math.max(0, Math.min(at, cards.length - 1)));
    (cards[active]?.root ?? root).focus();
  };
  const act: Record<string, () => void> = {
    next: () => (active + 1 < cards.length ? focus(active + 1) : beyond(1)),
    back: () => (active > 0 ? focus(active - 1) : beyond(-1)),
    first: () => focus(0),
    last: () => focus(cards.length - 1),
    copy: () => cards[active]?.copy(),
  };
  root.addEventListener("keydown", (event) => {
    const action = act[meaning(event)];
    if (!action) return;
    event.preventDefault();
    action();
  });
  root.addEventListener("focusin", ({ target }) => {
    const at = cards.findIndex((card) => card.root.contains(target as Node));
    if (at >= 0) activate(at);
  });
  return {
    root,
    focus,
    show(all) {
      const held = root.contains(document.activeElement);
      const key = cards[active]?.key;
      cards = all;
      root.replaceChildren(...all.map((card) => card.root));
      const same = all.findIndex((card) => card.key === key);
      if (held) focus(same >= 0 ? same : Math.min(active, all.length - 1));
      else activate(Math.max(0, same));
    },
  };
}

const KEYS: Record<string, string> = {
  j: "next",
  ArrowDown: "next",
  k: "back",
  ArrowUp: "back",
  Home: "first",
  End: "last",
  c: "copy",
};

function meaning(event: KeyboardEvent): string {
  if (event.ctrlKey || event.metaKey || event.altKey) return ""; // Ctrl+C copies text
  return KEYS[event.key] ?? "";
}
