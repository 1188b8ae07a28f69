/** The controls above the examples: kind, type, bucket, text, order. */

import { freshId, h, spoken } from "./dom.ts";
import { KINDS, MISTAKES, SORTS, type Filter, type Sort } from "./example_data.ts";
import { KIND_WORDS } from "./example_card.ts";
import { attributeName, type EntityReport } from "./report_data.ts";

const TYPING_MS = 200;
const ORDERS: Record<Sort, string> = { row: "order in the data", confidence: "most confident first", doubt: "least confident first" };

export interface FilterBar {
  root: HTMLElement;
  set: (filter: Filter, sort: Sort) => void;
}
/** A part of the filter that a control changes. */
export type Change = Partial<Filter> & { sort?: Sort };

interface KindChoice {
  name: string;
  words: string;
  kinds: string[];
}
interface Choice<Value> {
  words: string;
  value: Value;
  group?: string;
}
interface Control<Value> {
  root: HTMLElement;
  set: (value: Value) => void;
}

const KIND_CHOICES: KindChoice[] = [
  { name: "mistakes", words: "all mistakes", kinds: MISTAKES },
  ...KINDS.map((kind) => ({ name: kind, words: KIND_WORDS[kind], kinds: [kind] })),
  { name: "everything", words: "everything", kinds: [] },
];

export function filterBar(report: EntityReport, change: (change: Change) => void): FilterBar {
  const kinds = kindChooser((chosen) => change({ kinds: chosen }));
  const type = chooser("type", "filter-type", typeChoices(report), (value) => change({ type: value }));
  const buckets = bucketChoices(report);
  const bucket = chooser("bucket", "filter-bucket", buckets, (value) => change({ bucket: value }));
  const order = chooser(
    "order",
    "sort-examples",
    SORTS.map((value) => ({ words: ORDERS[value], value })),
    (sort) => change({ sort }),
  );
  const search = searchBox("search the sentences", "explorer-search", (text) => change({ text }));
  const selects = [type, ...(buckets.length > 1 ? [bucket] : []), order];
  return {
    root: h("div", { class: "ft-filters" }, kinds.root, h("div", { class: "ft-tools" }, search.root, ...selects.map(({ root }) => root))),
    set(filter, sort) {
      kinds.set(filter.kinds);
      type.set(filter.type);
      bucket.set(filter.bucket);
      order.set(sort);
      search.set(filter.text);
    },
  };
}

function typeChoices(report: EntityReport): Choice<string | null>[] {
  return [{ words: "any type", value: null }, ...report.confusion.types.map((type) => ({ words: type, value: type }))];
}

function bucketChoices(report: EntityReport): Choice<[string, string] | null>[] {
  const all = Object.entries(report.buckets).flatMap(([attribute, rows]) =>
    rows.map(({ label }): Choice<[string, string]> => ({ words: label, value: [attribute, label], group: attributeName(attribute) })),
  );
  return [{ words: "any bucket", value: null }, ...all];
}

function kindChooser(choose: (kinds: string[]) => void): Control<string[]> {
  const name = freshId();
  const inputs = KIND_CHOICES.map(({ name: value, kinds }) => {
    const input = h("input", { type: "radio", name, value });
    input.addEventListener("change", () => choose(kinds));
    return input;
  });
  const chips = KIND_CHOICES.map(({ words }, at) => h("label", { class: "ft-chip" }, ...inputs.slice(at, at + 1), words));
  return {
    root: h("div", { class: "ft-chips", role: "radiogroup", "aria-label": "kind", "data-testid": "filter-kind" }, ...chips),
    set(kinds) {
      const at = KIND_CHOICES.findIndex((choice) => String(choice.kinds) === String(kinds));
      inputs.forEach((input, index) => (input.checked = index === at));
    },
  };
}

function chooser<Value>(name: string, testid: string, choices: Choice<Value>[], choose: (value: Value) => void): Control<Value> {
  const select = h("select", { "data-testid": testid });
  const groups = new Map<string, HTMLElement>();
  choices.forEach(({ words, group }, at) => {
    const option = h("option", { value: at }, words);
    if (group === undefined) return select.append(option);
    const holder = groups.get(group) ?? h("optgroup", { label: group });
    if (!groups.has(group)) select.append(holder);
    groups.set(group, holder);
    holder.append(option);
  });
  select.addEventListener("change", () => {
    const choice = choices[Number(select.value)];
    if (choice) choose(choice.value);
  });
  return {
    root: h("label", {}, spoken(name), select),
    set(value) {
      select.value = String(choices.findIndex((choice) => String(choice.value) === String(value)));
    },
  };
}

/** A search box that waits until the typing stops. */
export function searchBox(name: string, testid: string, search: (text: string) => void): Control<string> {
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
