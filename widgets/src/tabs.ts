/** Tabs; a panel is built when it is first opened. Pattern: w3.org/WAI/ARIA/apg/patterns/tabs. */

import { button, freshId, h } from "./dom.ts";

export interface Tab {
  name: string;
  label: string;
  panel: () => HTMLElement;
  /** Called each time when its panel has come up. */
  opened?: () => void;
}
export interface Tabs {
  root: HTMLElement;
  open: (name: string) => void;
}
interface Built {
  tab: Tab;
  knob: HTMLButtonElement;
  panel: HTMLElement;
}

export function tabs(list: readonly Tab[], first: string): Tabs {
  const built = list.map((tab) => build(tab, () => open(tab.name)));
  const open = (name: string): void => {
    built.forEach((each) => setOpen(each, each.tab.name === name));
  };
  const bar = h("div", { class: "ft-tabs", role: "tablist", "aria-label": "parts of the report" }, ...built.map(({ knob }) => knob));
  bar.addEventListener("keydown", ({ key }) => {
    const at = built.findIndex(({ knob }) => knob.tabIndex === 0);
    const next = neighbour(key, at, built.length);
    const there = next === null ? undefined : built[next];
    if (!there) return;
    open(there.tab.name);
    there.knob.focus();
  });
  open(list.some(({ name }) => name === first) ? first : (list[0]?.name ?? ""));
  return { root: h("div", {}, bar, ...built.map(({ panel }) => panel)), open };
}

function build(tab: Tab, choose: () => void): Built {
  const [knobId, panelId] = [freshId(), freshId()];
  const knob = button(tab.label, choose, { role: "tab", id: knobId, "aria-controls": panelId, "data-testid": `tab-${tab.name}` });
  const panel = h("div", { role: "tabpanel", id: panelId, "aria-labelledby": knobId, "data-testid": `panel-${tab.name}`, class: "ft-panel" });
  return { tab, knob, panel };
}

function setOpen({ tab, knob, panel }: Built, open: boolean): void {
  knob.setAttribute("aria-selected", String(open));
  knob.tabIndex = open ? 0 : -1;
  panel.hidden = !open;
  if (!open) return;
  if (!panel.hasChildNodes()) panel.append(tab.panel());
  tab.opened?.();
}

function neighbour(key: string, at: number, length: number): number | null {
  if (key === "ArrowRight") return (at + 1) % length;
  if (key === "ArrowLeft") return (at + length - 1) % length;
  if (key === "Home") return 0;
  return key === "End" ? length - 1 : null;
}
