/** A box to type in; the kernel's model answers while one types. */

import type { RenderProps } from "@anywidget/types";

import { cardView } from "./card_head.ts";
import { cardList } from "./card_list.ts";
import { h, keepKeys } from "./dom.ts";
import { asker, type Answer } from "./kernel_pages.ts";
import { colorsOf } from "./section_view.ts";
import type { ShownCard } from "./wire.ts";

interface Model {
  name: string;
  colors: Record<string, string>;
}
interface Answers extends Answer {
  cards: ShownCard[];
}

const STILL_FOR_MS = 300;

export default {
  render({ model, el }: RenderProps<Model>) {
    const color = colorsOf(model.get("colors"));
    const name = model.get("name");
    const box = h("textarea", {
      rows: 3,
      dir: "auto",
      class: "ft-predict",
      placeholder: "a text a line; with an empty line between them, a text a paragraph",
      "aria-label": `texts for ${name}`,
      "data-testid": "predict-box",
    });
    const status = h("div", { class: "ft-muted", role: "status" });
    const list = cardList(`answers of ${name}`, "answers");
    const root = h("div", { class: "ft-root ft-report", "data-testid": "predict" }, h("strong", { dir: "auto" }, `Ask ${name}`), box, status, list.root);
    keepKeys(root);
    el.append(root);
    const kernel = asker<Answers>(model);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = (): void => {
      const text = box.value;
      if (!text.trim()) {
        kernel.forget();
        status.textContent = "";
        list.show([]);
        return;
      }
      kernel.ask(
        { kind: "predict", text },
        {
          answered: ({ cards }) => {
            status.textContent = "";
            list.show(cards.map((card) => cardView(card, color)));
          },
          failed: (trouble) => {
            status.textContent = trouble;
            list.show([]); // they answered another text
          },
          waiting: () => (status.textContent = "the kernel is busy; it answers when it is free"),
        },
      );
    };
    box.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, STILL_FOR_MS);
    });
    return () => {
      clearTimeout(timer);
      kernel.close();
    };
  },
};
