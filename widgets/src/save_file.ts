/** Saving the examples that a list shows, all its pages, as a file that the kernel writes. */

import { button, h, type Panel } from "./dom.ts";
import { asker, type Answer, type Asker, type Mailbox } from "./kernel_pages.ts";

interface File extends Answer {
  name: string;
  mime: string;
  text: string;
}

/** A button for each kind of file; `query` says what the list shows now. */
export function saveButtons(mailbox: Mailbox, query: () => object): Panel {
  let kernel: Asker<File> | null = null; // few lists are saved: none listens before it is asked
  const state = h("span", { class: "ft-muted", role: "status", "data-testid": "save-state" });
  const ask = (format: string): void => {
    state.textContent = "";
    kernel ??= asker<File>(mailbox);
    kernel.ask(
      { ...query(), kind: "file", format },
      {
        answered: (file) => {
          hand(file);
          state.textContent = `saved as ${file.name}`;
        },
        failed: (text) => (state.textContent = text),
        waiting: () => (state.textContent = "the kernel is busy; the file comes when it is free"),
      },
    );
  };
  const way = (name: string, format: string): HTMLElement =>
    button(name, () => ask(format), { title: `save all of these examples as ${name}`, "data-testid": `save-${format}` });
  const root = h("span", { class: "ft-save" }, "save as ", way("CSV", "csv"), " ", way("JSONL", "jsonl"), " ", state);
  return { root, close: () => kernel?.close() };
}

/** Give a file to the browser, which puts it where files go. */
function hand({ name, mime, text }: File): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${mime};charset=utf-8` }));
  const link = h("a", { href: url, download: name });
  document.body.append(link); // Firefox follows no link that is nowhere
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // a browser may read it after the click
}
