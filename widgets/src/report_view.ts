/** A report one can look into: its sections in folds, and the examples behind every number below the section itself. */

import type { AnyModel, RenderProps } from "@anywidget/types";

import { button, h, keepKeys, type Panel } from "./dom.ts";
import { count } from "./format.ts";
import { chartSection } from "./section_chart.ts";
import { examplesSection, type Pool } from "./section_examples.ts";
import { gridSection } from "./section_grid.ts";
import { linesSection } from "./section_lines.ts";
import { tableSection } from "./section_table.ts";
import { colorsOf, type Colors, type Context } from "./section_view.ts";
import { hideStaticTwin } from "./static_twin.ts";
import type { Examples, Figure, Filter, ReportPage, ReportWire, Section } from "./wire.ts";

interface Model {
  report: ReportWire;
  twin: string;
}
const TRAITS = ["report", "twin"] as const;
/** A report without a list of examples can still open those behind a number; how many there are the kernel knows. */
const BARE: Examples = { kind: "examples", title: "Examples", cards: [], total: 1, filter: {}, facets: {}, sorts: [], note: "", open: false };

export default {
  render({ model, el }: RenderProps<Model>) {
    const root = h("div", { class: "ft-root ft-report", "data-testid": "report", "data-state": "ready" });
    keepKeys(root);
    el.append(root);
    let close = draw(model, root);
    const redraw = (): void => {
      close();
      close = draw(model, root);
    };
    TRAITS.forEach((trait) => model.on(`change:${trait}`, redraw));
    // The view is attached to its output area after render returns.
    let restore = (): void => {};
    const frame = requestAnimationFrame(() => {
      restore = hideStaticTwin(root, model.get("twin") ?? "");
    });
    return () => {
      TRAITS.forEach((trait) => model.off(`change:${trait}`, redraw));
      cancelAnimationFrame(frame);
      close();
      restore();
    };
  },
};

/** Fill the view; gives what ends it. */
function draw(model: AnyModel<Model>, root: HTMLElement): () => void {
  const report = model.get("report");
  const { page } = report;
  const color = colorsOf(page.colors);
  const closers: (() => void)[] = [];
  const folds = page.sections.map((section, at) => {
    const drawer = drawerOf(report, at, model, color);
    const context: Context = { color, drawing: page.drawings[at], shape: page.grids[at], explore: drawer.explore };
    const { root: folded, close } = fold(section, at, () => body(section, at, report, model, context), drawer.root);
    closers.push(close, drawer.close);
    return folded;
  });
  const rows = page.layout.map((columns) => {
    const parts = columns.map((places) => h("div", { class: "ft-column" }, ...places.flatMap((at) => folds.slice(at, at + 1))));
    return h("div", { class: columns.length > 1 ? "ft-beside" : "" }, ...parts);
  });
  root.replaceChildren(...headlines(page), ...rows);
  return () => closers.forEach((close) => close());
}

function headlines({ title, figures, summary, notes }: ReportPage): HTMLElement[] {
  return [
    h("div", { class: "ft-headline" }, h("strong", { dir: "auto" }, title)),
    ...(figures.length ? [h("div", { class: "ft-figures", "data-testid": "figures" }, ...figures.map(figureView))] : []),
    ...(summary ? [h("div", { class: "ft-muted", dir: "auto" }, summary)] : []),
    ...(notes.length ? [h("ul", { class: "ft-notes", "data-testid": "notes" }, ...notes.map((note) => h("li", { dir: "auto" }, note)))] : []),
  ];
}

function figureView({ label, text, about }: Figure): HTMLElement {
  return h(
    "div",
    {},
    h("div", { class: "ft-muted", dir: "auto" }, label),
    h("div", { class: "ft-large" }, text),
    h("div", { class: "ft-muted" }, about || "\u00a0"),
  );
}

/** A section in a fold, drawn when it is first opened. One without a title has nothing to fold it by. */
function fold(section: Section, at: number, draw: () => Panel, drawer: HTMLElement): Panel {
  const place = h("div", { class: "ft-section" });
  const data = { "data-testid": `section-${at}`, "data-kind": section.kind, "data-title": section.title };
  let close = (): void => {};
  const fill = (): void => {
    if (place.hasChildNodes()) return;
    const panel = draw();
    place.append(panel.root);
    close = panel.close;
  };
  const end = (): void => close();
  if (!section.title) {
    fill();
    return { root: h("div", data, place, drawer), close: end };
  }
  const name = section.kind === "examples" ? `${section.title} (${count(section.total)})` : section.title;
  const root = h("details", { ...data, open: section.open }, h("summary", { dir: "auto" }, name), place, drawer);
  if (section.open) fill();
  root.addEventListener("toggle", () => {
    if (root.open) fill();
  });
  return { root, close: end };
}

function body(section: Section, at: number, report: ReportWire, model: AnyModel<Model>, context: Context): Panel {
  const still = (root: HTMLElement): Panel => ({ root, close: () => {} });
  switch (section.kind) {
    case "table":
      return still(tableSection(section, context));
    case "grid":
      return context.shape ? still(gridSection(section, context.shape, context)) : still(h("p"));
    case "chart":
      return context.drawing ? still(chartSection(section, context.drawing)) : still(h("p"));
    case "lines":
      return still(linesSection(section));
    case "examples":
      return examplesSection(
        section,
        section.filter,
        { section: at, limit: report.page.cards_a_page, mailbox: model, pools: poolsOf(section, report) },
        context.color,
      );
  }
}

/** Where examples are at hand. A list with nothing to choose by keeps to its own. */
function poolsOf({ cards, filter, total, facets }: Examples, report: ReportWire): Pool[] {
  const own: Pool = { cards, filter, total };
  return Object.keys(facets).length ? [...sentAlong(report), own] : [own];
}

/** Examples of every kind. */
function sentAlong({ cards, total }: ReportWire): Pool[] {
  return cards.length ? [{ cards, filter: {}, total }] : [];
}

interface Drawer extends Panel {
  explore: Context["explore"];
}

/** The examples behind a number of a section, below it; closing it leads back to the number. */
function drawerOf(report: ReportWire, at: number, model: AnyModel<Model>, color: Colors): Drawer {
  const root = h("div", { "data-testid": "drawer" });
  let close = (): void => {};
  const shut = (): void => {
    close();
    close = () => {};
    root.replaceChildren();
    root.className = "";
  };
  const explore = (filter: Filter, name: string, asking: HTMLElement): void => {
    shut();
    const { sections, own, cards_a_page: limit } = report.page;
    const lists = sections.filter((section) => section.kind === "examples");
    const theirs = at < own && own < sections.length; // a comparison has lists of its own, that nothing narrows down
    const list = lists.find(({ facets, filter: kept }) => (theirs ? JSON.stringify(kept) === JSON.stringify(filter) : Object.keys(facets).length > 0));
    const section = list ?? BARE;
    const pools = list ? poolsOf(section, report) : [...sentAlong(report), BARE];
    const panel = examplesSection({ ...section, note: "" }, filter, { section: at, limit, mailbox: model, pools }, color);
    const back = (): void => {
      shut();
      asking.focus();
    };
    const title = h("strong", { dir: "auto", "data-testid": "origin-name", tabindex: -1 }, name);
    root.className = "ft-drawer";
    root.replaceChildren(h("div", { class: "ft-origin" }, title, button("close", back, { "data-testid": "way-back", title: "close (Escape)" })), panel.root);
    root.onkeydown = (event) => {
      if (event.key === "Escape") back();
    };
    close = panel.close;
    root.scrollIntoView?.({ block: "nearest" });
    title.focus({ preventScroll: true });
  };
  return { root, explore, close: () => close() };
}
