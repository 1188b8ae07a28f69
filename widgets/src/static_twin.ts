/** A report is in a notebook twice: as static HTML that is saved, and as a widget while the kernel lives. */

/** Hide the saved twin of this view; gives a function that shows it again. */
export function hideStaticTwin(view: HTMLElement, id: string): () => void {
  const outputs = view.closest(".jp-OutputArea") ?? view.getRootNode();
  if (!(outputs instanceof Element) && !(outputs instanceof Document)) return () => {};
  const twin = outputs.querySelector<HTMLElement>(`[data-ft-static="${CSS.escape(id)}"]`);
  if (!twin) return () => {};
  twin.hidden = true;
  return () => {
    twin.hidden = false;
  };
}
