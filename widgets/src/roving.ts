/** A grid is one stop for Tab; arrow keys move between its buttons. Pattern: w3.org/WAI/ARIA/apg/patterns/grid. */

/** The buttons in a table's cells; from one to the next in a direction, over cells that have none. */
export function roving(table: HTMLTableElement): void {
  const lines = [...table.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.querySelector("button")));
  const all = lines.flat().filter((button) => button !== null);
  const activate = (chosen: HTMLElement): void => all.forEach((button) => (button.tabIndex = button === chosen ? 0 : -1));
  table.addEventListener("focusin", ({ target }) => {
    const chosen = all.find((button) => button === target);
    if (chosen) activate(chosen);
  });
  table.addEventListener("keydown", (event) => {
    const row = lines.findIndex((line) => line.includes(event.target as HTMLButtonElement));
    const column = lines[row]?.indexOf(event.target as HTMLButtonElement) ?? -1;
    const to = row < 0 ? undefined : way(event, lines, row, column).find((button) => button !== null && button !== undefined);
    if (to === undefined) return;
    event.preventDefault();
    to?.focus();
  });
  if (all[0]) activate(all[0]);
}

type Line = readonly (HTMLButtonElement | null)[];

/** The places that a key leads over, the nearest first; none for a key that leads nowhere. */
function way({ key, ctrlKey }: KeyboardEvent, lines: readonly Line[], row: number, column: number): (HTMLButtonElement | null | undefined)[] {
  const line = lines[row] ?? [];
  const here = line[column];
  const down = lines.map((each) => each[column]);
  const ways: Record<string, () => (HTMLButtonElement | null | undefined)[]> = {
    ArrowRight: () => [...line.slice(column + 1), here],
    ArrowLeft: () => [...line.slice(0, column).reverse(), here],
    ArrowDown: () => [...down.slice(row + 1), here],
    ArrowUp: () => [...down.slice(0, row).reverse(), here],
    Home: () => (ctrlKey ? lines.flat() : [...line]),
    End: () => (ctrlKey ? lines.flat() : [...line]).reverse(),
  };
  return ways[key]?.() ?? [];
}
