"""The keys of a cell as pages: HTML, text and Markdown of one list, so that they cannot differ."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from ft_magics.config.keys import Key, KeyPath
from ft_magics.config.names import HF_ARGUMENT_NAMES, SETTLED_ARGUMENTS, our_name
from ft_magics.magics.keys import task_keys
from ft_magics.markup import MUTED, element, heading, markdown_text, terminal_text
from ft_magics.tasks.registry import joined_objectives, objective_names, sections, task_names

__all__ = [
    "Group",
    "general",
    "key_bundle",
    "list_bundle",
    "of_objectives",
    "of_task",
    "overview",
    "pretrain_overview",
    "settings_markdown",
]

_SPLITS = ("train", "dev", "test")
_NEW_MODEL = (  # sections of a `%%pretrain` cell alone
    ("model: {preset: …}", ("model",)),
    ("model: {init: …}", ("model", "init")),
    ("tokenizer: {type: …}", ("tokenizer",)),
)
_LEFT = "text-align:left;vertical-align:top"
_WIDTH = 110  # characters of a line of text
_HEADS = ("key", "takes", "default", "range", "meaning", "source")


@dataclass(frozen=True, slots=True)
class Group:
    """Keys that are listed together.

    Args:
        title: What they are, such as "`train:`".
        path: Of their section.
        note: A sentence on the whole section; empty for none.
        keys: In the order of the schema.
    """

    title: str
    path: KeyPath
    note: str
    keys: Sequence[Key]


def general() -> list[Group]:
    """What a cell says whatever its task: the cell itself, training, saving."""
    keys = task_keys(None)
    groups = [
        _group("A cell", (), "`task`, `model` and `data` must be given."),
        _group(
            "`tokenizer:`",
            ("tokenizer",),
            "Of a model that is trained already, `new_words` and `chinese_words`; the rest of one from nothing, which "
            "`generate` and `dialogue` take. `translate` and `summarize` have no such section.",
        ),
        _group("`train:`", ("train",), "Hugging Face's names are understood too, as is `--set train.epochs=3`."),
        _group("`train: {early_stopping: …}`", ("train", "early_stopping"), ""),
        _group("`compare:`", ("compare",), "In a cell that fine-tunes; `model` may then be left out."),
        _group("`eval:`", ("eval",), ""),
        _group("`eval: {every: …}`", ("eval", "every"), "One of these. The last step is evaluated in any case."),
        _group("`save:`", ("save",), ""),
        _group("`save: {every: …}`", ("save", "every"), "One of these. A stop writes a checkpoint too."),
    ]
    known = {group.path for group in groups}
    others = {path[:-1] for path in keys if path[0] in ("train", "eval", "save", "method") and path[:-1] not in known}
    return [*groups, *(_group(f"`{'.'.join(path)}`", path, "") for path in sorted(others) if path)]


def _group(title: str, path: KeyPath, note: str) -> Group:
    return Group(title, path, note, [each[0] for at, each in task_keys(None).items() if at[:-1] == path])


def of_task(name: str) -> list[Group]:
    """What a task, or an objective, adds: its settings, and what stands under `data:`."""
    keys = task_keys(name)
    word = "objective" if name in objective_names() else "task"
    sections_: dict[KeyPath, list[Key]] = {(word, name): []}
    for path, each in keys.items():
        if path[:2] == (word, name) and len(path) > 2:
            sections_.setdefault(path[:-1], []).append(each[0])
    settings = sections_[word, name]
    data = [each[0] for path, each in keys.items() if path[0] == "data" and len(path) == 2]
    data.sort(key=lambda key: key.name not in _SPLITS)
    below = {path[2]: each[0] for path, each in keys.items() if path[0] == "data" and len(path) == 3}
    own = [key for each, key in below.items() if each not in {key.name for key in data}]
    said = [f"`{word}: {{{name}: {{{settings[0].name}: …}}}}`."] if settings else [f"This {word} has no settings."]
    groups = [Group(f"`{word}: {name}`", (word, name), said[0], settings)]
    groups += [Group(f"`{'.'.join(path)}`", path, "", inside) for path, inside in sections_.items() if len(path) > 2]
    groups.append(Group(f"`data:` of `{word}: {name}`", ("data",), "", data))
    if word == "objective":
        for title, path in _NEW_MODEL:
            below_ = [each[0] for at, each in keys.items() if at[:-1] == path]
            groups.append(Group(f"`{title}` of a `%%pretrain` cell", path, "", below_))
    if own:
        note = "A split with reading options of its own: `test: {path: …}` and any of the above; or a share of train."
        groups.append(Group(f"`data: {{dev: …}}` of `{word}: {name}`", ("data", "dev"), note, own))
    return groups


def of_objectives() -> list[Group]:
    """What every objective adds, and those that are trained together."""
    groups = [group for name in objective_names() for group in of_task(name)]
    for name, parts in joined_objectives().items():
        keys = [each[0] for path, each in task_keys(name).items() if path[:1] == ("objective",) and len(path) == 2]
        title = f"`objective: [{', '.join(parts)}]`"
        note = f"`[{{{parts[0]}: {{mask: 0.2}}}}, {parts[1]}]` gives settings too. `data:` and the rest are as above."
        groups.append(Group(title, ("objective",), note, keys))
    return groups


def key_bundle(keys: Sequence[Key]) -> dict[str, str]:
    """One key, or several of one name, for `display(…, raw=True)` and for Shift+Tab."""
    text = "\n\n".join(terminal_text(_key_text(key)) for key in keys)
    return {"text/html": element("div", *map(_key_html, keys)), "text/plain": text}


def _facts(key: Key) -> list[tuple[str, str]]:
    facts = [
        ("takes", key.takes),
        ("default", key.unset),
        ("range", key.limits),
        ("for example", ", ".join(f"`{key.name}: {example}`" for example in key.examples[:4])),
        ("source", key.origin),
    ]
    return [(name, text) for name, text in facts if text]


def _key_text(key: Key) -> str:
    lines = [key.dotted, *([textwrap.fill(key.meaning, _WIDTH)] if key.meaning else []), ""]
    return "\n".join([*lines, *(f"{name:<12} {text.replace('`', '')}" for name, text in _facts(key))])


def _key_html(key: Key) -> str:
    rows = [
        element(
            "tr",
            element("th", escape(name), align="left", style=_LEFT),
            element("td", _code(text), align="left", style=_LEFT),
        )
        for name, text in _facts(key)
    ]
    return element("div", heading(key.dotted), element("div", _code(key.meaning)), element("table", *rows))


def list_bundle(groups: Iterable[Group], foot: str = "") -> dict[str, str]:
    """Lists of keys, for `display(…, raw=True)`.

    Args:
        groups: Each a table.
        foot: What is to be said below them.
    """
    shown = list(groups)
    parts = [*map(_group_html, shown), element("div", _code(foot), style=MUTED) if foot else ""]
    text = "\n\n".join([*map(_group_text, shown), *([foot.replace("`", "")] if foot else [])])
    return {"text/html": element("div", *parts), "text/plain": terminal_text(text)}


def _group_html(group: Group) -> str:
    note = element("div", _code(group.note), style=MUTED) if group.note else ""
    head = element("tr", *(element("th", name, align="left", style=_LEFT) for name in _HEADS))
    rows = [element("tr", *(_cell(text) for text in _row(key))) for key in group.keys]
    table = element("table", element("thead", head), element("tbody", *rows)) if group.keys else ""
    return element("div", heading(group.title.replace("`", "")), note, table, style="overflow-x:auto")


def _cell(text: str) -> str:
    return element("td", _code(text), align="left", style=_LEFT)


def _row(key: Key) -> tuple[str, ...]:
    default = f"`{key.default}`" if key.default and not key.required else key.unset
    return (f"`{key.name}`", key.takes, default, key.limits, key.meaning, key.origin)


def _code(text: str) -> str:
    """A text as HTML, with what stands between backticks as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))


def _group_text(group: Group) -> str:
    lines = [group.title.replace("`", ""), *textwrap.wrap(group.note.replace("`", ""), _WIDTH)]
    names = [f"  {key.name} = {key.default}" if key.default else f"  {key.name}" for key in group.keys]
    width = max(map(len, names), default=0)
    for name, key in zip(names, group.keys, strict=True):
        first, *others = textwrap.wrap(_said(key), _WIDTH - width - 2) or [""]
        lines += [f"{name:<{width}}  {first}".rstrip(), *(f"{' ' * (width + 2)}{line}" for line in others)]
    return "\n".join(lines)


def _said(key: Key) -> str:
    """Its meaning, and what it is where it is not given."""
    unset = f"Default: {key.otherwise}." if key.otherwise and not key.default else ""
    return f"{key.meaning} {'Required.' if key.required else unset}".replace("`", "").strip()


def overview() -> str:
    """All keys with their defaults and meanings, for `%%finetune?`."""
    groups = [*general(), *(group for name in task_names() for group in of_task(name))]
    foot = "%ft settings shows ranges and sources too; %ft settings train.epochs a key, %ft settings ner a task."
    return f"{list_bundle(groups)['text/plain']}\n\n{foot}\n"


def pretrain_overview() -> str:
    """All keys of a `%%pretrain` cell, for `%%pretrain?`."""
    groups = of_objectives()
    foot = "`model`, `method`, `train` and `save` are those of a %%finetune cell: %ft settings."
    return f"{list_bundle(groups)['text/plain']}\n\n{foot}\n"


def settings_markdown() -> str:
    """`docs/settings.md`: every key of our own tasks."""
    ours = [name for name in task_names() if sections(name)[1].__module__.startswith("ft_magics.")]
    parts = [_MARKDOWN_HEAD, *map(_group_markdown, general())]
    parts += [_group_markdown(group) for name in ours for group in of_task(name)]
    parts.append(_PRETRAIN_HEAD)
    parts += [_group_markdown(group) for group in of_objectives()]
    parts.append(_hugging_face())
    return "\n".join(parts)


_MARKDOWN_HEAD = """\
# Settings

Every key that a `%%finetune` cell may have. This page is made from the schema by `python docs/make_settings.py`;
do not edit it. In a notebook the same is shown by `%ft settings`, by Tab, and by Shift+Tab on a key.

A key is written in its section, block style or flow style (`train: {epochs: 3}`), or on the magic's line with points
(`--set train.epochs=3`). `$name` stands for an object of the notebook, a number too.
"""


_PRETRAIN_HEAD = """\
## A `%%pretrain` cell

`objective` replaces `task`; `model`, `method`, `train` and `save` are as above. `objective`, `model` and
`data` must be given.
"""


def _group_markdown(group: Group) -> str:
    lines = [f"## {group.title}", ""]
    lines += [group.note, ""] if group.note else []
    if group.keys:
        lines += [f"| {' | '.join(_HEADS)} |", f"|{'---|' * len(_HEADS)}"]
        lines += [f"| {' | '.join(map(_markdown, _row(key)))} |" for key in group.keys]
        lines.append("")
    return "\n".join(lines)


def _markdown(text: str) -> str:
    """A text as a cell of a table, with what stands between backticks as code; a bar must be escaped there too."""
    parts = text.split("`")
    return "".join(
        f"`{part.replace('|', chr(92) + '|')}`" if at % 2 else markdown_text(f"x{part}x")[1:-1]
        for at, part in enumerate(parts)
    )


def _hugging_face() -> str:
    lines = [
        "## Names of Hugging Face's",
        "",
        "Under `train:`, arguments of its `TrainingArguments` are understood:",
        "",
    ]
    lines += ["| theirs | here |", "|---|---|"]
    for name in sorted(HF_ARGUMENT_NAMES):
        ours = our_name(name)
        said = f"`{'.'.join(ours)}`" if ours else _markdown(f"leave it out: {SETTLED_ARGUMENTS[name]}")
        lines.append(f"| `{name}` | {said} |")
    return "\n".join([*lines, ""])
