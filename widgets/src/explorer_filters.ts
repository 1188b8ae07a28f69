/** The controls above the examples: a search, what one can choose by, and the order. */

import { freshId, h } from "./dom.ts";
import type { Examples, Filter } from "./wire.ts";

const TYPING_MS = 200;
/** So many values fit side by side; of more one is chosen from a list. */
const MOST_CHIPS = 8;
const ORDERS: Record<string, string> = {
  row: "order in the data",
  confidence: "most confident first",
  doubt: "least confident first",
  suspicion: "most suspicious first",
};

export interface Query {
  filter: Filter;
  sort: string;
}
export interface FilterBar {
  root: HTMLElement;
  set: (query: Query) => void;
}
interface Choice {
  words: string;
  /** Undefined: anything. */
  value: unknown;
}
interface Control<Value> {
  root: HTMLElement;
  set: (value: Value) => void;
}

export function filterBar(section: Examples, change: (part: Filter, sort?: string) => void): FilterBar {
  const search = searchBox("search these examples", "explorer-search", (text) => change({ text: text || undefined }));
  const names = Object.keys(section.facets);
  const main = names.find((name) => name in section.filter) ?? names[0]; // what the list is about
  const facets = Object.entries(section.facets).map(([name, values]) => ({
    name,
    control: facet(name, choicesOf(section, name, values), name === main && values.length <= MOST_CHIPS, (value) => change({ [name]: value })),
  }));
  const orders = section.sorts.map((sort) => ({ words: ORDERS[sort] ?? sort, value: sort }));
  const order = chooser("order", "sort-examples", orders, (sort) => change({}, String(sort)));
  const [chips, lists] = [true, false].map((are) =>
    facets.filter(({ control }) => (control.root.tagName === "DIV") === are).map(({ control }) => control.root),
  );
  const tools = h("div", { class: "ft-tools" }, search.root, ...(lists ?? []), ...(orders.length > 1 ? [order.root] : []));
  return {
    root: h("div", { class: "ft-filters" }, ...(chips ?? []), tools),
    set({ filter, sort }) {
      facets.forEach(({ name, control }) => control.set(filter[name]));
      order.set(sort);
      search.set(String(filter["text"] ?? ""));
    },
  };
}

/** The values, what the section itself keeps of them, and anything. */
function choicesOf({ title, filter }: Examples, name: string, values: readonly string[]): Choice[] {
  const own = filter[name];
  const several = Array.isArray(own) && own.length > 1 ? [{ words: title.toLowerCase(), value: own }] : [];
  return [...several, ...values.map((value) => ({ words: value, value })), { words: several.length ? "everything" : `any ${spelt(name)}`, value: undefined }];
}

function spelt(name: string): string {
  return name === "pred" ? "predicted" : name.replaceAll("_", " ");
}

function facet(name: string, choices: readonly Choice[], few: boolean, choose: (value: unknown) => void): Control<unknown> {
  return few ? chips(name, choices, choose) : chooser(spelt(name), `filter-${name}`, choices, choose);
}

function placeOf(choices: readonly Choice[], value: unknown): number {
  const text = (each: unknown): string => JSON.stringify(Array.isArray(each) && each.length === 1 ? each[0] : each) ?? "";
  return choices.findIndex((choice) => text(choice.value) === text(value ?? undefined));
}

function chips(label: string, choices: readonly Choice[], choose: (value: unknown) => void): Control<unknown> {
  const name = freshId();
  const inputs = choices.map(({ value }, at) => {
    const input = h("input", { type: "radio", name, value: String(at) });
    input.addEventListener("change", () => choose(value));
    return input;
  });
  const labels = choices.map(({ words }, at) => h("label", { class: "ft-chip" }, ...inputs.slice(at, at + 1), h("bdi", {}, words)));
  return {
    root: h("div", { class: "ft-chips", role: "radiogroup", "aria-label": label, "data-testid": `filter-${label}` }, ...labels),
    set(value) {
      const place = placeOf(choices, value);
      inputs.forEach((input, at) => (input.checked = at === place));
    },
  };
}

function chooser(name: string, testid: string, choices: readonly Choice[], choose: (value: unknown) => void): Control<unknown> {
  const select = h("select", { "data-testid": testid, "aria-label": name, title: name }, ...choices.map(({ words }, at) => h("option", { value: at }, words)));
  select.addEventListener("change", () => {
    const choice = choices[Number(select.value)];
    if (choice) choose(choice.value);
  });
  return {
    root: h("label", {}, select),
    set(value) {
      select.value = String(placeOf(choices, value));
    },
  };
}

/** A search box that waits until the typing stops. */
function searchBox(name: string, testid: string, search: (text: string) => void): Control<string> {
  const input = h("input", { type: "search", dir: "auto", placeholder: name, "aria-label": name, "data-testid": testid });
  let timer: ReturnType<typeof setTimeout>;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => search(input.value.trim()), TYPING_MS);
  });
  return {
    root: input,
    set(text) {
      if (text === input.value.trim()) return; // a space while typing is no other search
      clearTimeout(timer);
      input.value = text;
    },
  };
}
