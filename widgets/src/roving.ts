/** A grid is one stop for Tab; arrow keys move inside it. Pattern: w3.org/WAI/ARIA/apg/patterns/grid. */

/** Cells are those with role=gridcell, row by row; Enter and Space click. */
export function roving(grid: HTMLElement, columns: number): void {
  const cells = [...grid.querySelectorAll<HTMLElement>('[role="gridcell"]')];
  let active = 0;
  const activate = (at: number): void => {
    const [before, after] = [cells[active], cells[at]];
    if (before) before.tabIndex = -1;
    if (after) after.tabIndex = 0;
    active = at;
  };
  grid.addEventListener("focusin", ({ target }) => {
    const at = cells.indexOf(target as HTMLElement);
    if (at >= 0) activate(at);
  });
  grid.addEventListener("keydown", (event) => {
    const here = cells[active];
    const to = neighbour(event, active, columns, cells.length);
    if (to === null && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (to === null) return here?.click();
    cells[to]?.focus();
  });
  activate(0);
}

function neighbour({ key, ctrlKey }: KeyboardEvent, at: number, columns: number, length: number): number | null {
  const column = at % columns;
  const start = at - column;
  if (key === "ArrowRight") return column + 1 < columns ? at + 1 : at;
  if (key === "ArrowLeft") return column > 0 ? at - 1 : at;
  if (key === "ArrowDown") return at + columns < length ? at + columns : at;
  if (key === "ArrowUp") return at >= columns ? at - columns : at;
  if (key === "Home") return ctrlKey ? 0 : start;
  if (key === "End") return ctrlKey ? length - 1 : start + columns - 1;
  return null;
}
