"""What Tab proposes in the body of a cell: the keys that are still missing, and the values that fit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ft_magics.config.cursor import Place, place_at
from ft_magics.config.keys import Key, KeyPath, keys_below
from ft_magics.config.names import HF_ARGUMENT_NAMES, our_name
from ft_magics.magics.completion import files, objects
from ft_magics.magics.completion.choices import Answer, Choice, fitting, quoted_word
from ft_magics.magics.completion.columns import columns_near
from ft_magics.magics.keys import known_columns, lists_of, names_of, parts_of, task_keys
from ft_magics.tuning.registry import method_names

__all__ = ["complete_body", "dotted_keys", "key_at", "meaning_of", "note_of", "task_in", "values_of"]

_KINDS = (
    *(("source", "data"), ("model", "model"), ("column", "column"), ("folder", "folder"), ("task", "task")),
    *(("number", "number"), ("section", "section"), ("list", "list"), ("text", "text"), ("choice", "choice")),
)
_BRACES = re.compile(r"`(\{.*\})`")


def complete_body(body: str, offset: int, namespace: Mapping[str, Any], word: str = "task") -> Answer | None:
    """What may be written at an offset of a body; None where nothing is known.

    Args:
        body: All lines behind the magic's own.
        offset: 0 <= offset <= len(body).
        namespace: Of the notebook.
        word: `task`, or `objective` in a `%%pretrain` cell.
    """
    place = place_at(body, offset)
    if place is None:  # a comment, a block of text
        word = body[body.rfind("\n", 0, offset) + 1 : offset].rpartition(" ")[2]
        return Answer(word, [Choice(word)]) if word else None
    keys = task_keys(task_in(place.values, word), word)
    if not place.key:
        own = _keys(place, keys)
        return _answer(place, place.typed, own if _any_like(place.typed, own) else [*own, *_theirs(place, keys)])
    typed, quote = _unquoted(place.typed)
    key = _find(keys, place)
    choices = values_of(key, typed, place, keys, namespace) if key is not None else []
    return _answer(place, place.typed, [_quoted(choice, quote, place) for choice in choices], named=typed)


def _answer(place: Place, typed: str, choices: Iterable[Choice], named: str | None = None) -> Answer | None:
    """Those that fit; where none does, what is typed itself, so that nobody else answers in Python."""
    wanted = typed if named is None else named
    found = fitting(choices, wanted)
    if not found and not typed:
        return None
    shown = found or [Choice(typed, "")]
    rest = place.whole[len(place.typed) :]  # of the word that the cursor is in the middle of
    return Answer(typed, [replace(choice, text=f"{place.lead}{choice.text.removesuffix(rest)}") for choice in shown])


def _any_like(typed: str, choices: Sequence[Choice]) -> bool:
    return any(typed.casefold() in choice.name.casefold() for choice in choices)


def _theirs(place: Place, keys: Mapping[KeyPath, Sequence[Key]]) -> list[Choice]:
    """Keys below `train:` by the names that Hugging Face has for them."""
    if place.section != ("train",):
        return []
    found = []
    for name in HF_ARGUMENT_NAMES:
        ours = our_name(name)
        if ours is not None and ours in keys and ours[-1] not in place.there:
            found.append(Choice(f"{ours[-1]}: ", f"{name} of Hugging Face", name))
    return found


def task_in(values: Mapping[KeyPath, str], word: str = "task") -> str | None:
    """The task, or objective, that a cell names, in either way; None where it names none."""
    return values.get((word,)) or next((path[1] for path in values if path[0] == word and len(path) > 1), None)


def key_at(body: str, offset: int, word: str = "task") -> tuple[Key, Place] | None:
    """The key at an offset of a body, or whose value is there."""
    place = place_at(body, offset)
    if place is None:
        return None
    keys = task_keys(task_in(place.values, word), word)
    key = _find(keys, place)
    return None if key is None else (key, place)


def _find(keys: Mapping[KeyPath, Sequence[Key]], place: Place) -> Key | None:
    """The key of a place; of several, that of the section that the other keys are of."""
    found = keys.get(place.path, ())
    fitting_ = [key for key in found if place.there <= set(key.owner.model_fields)]
    return next(iter(fitting_ or found), None)


def _keys(place: Place, keys: Mapping[KeyPath, Sequence[Key]]) -> list[Choice]:
    rest = place.whole[len(place.typed) :]
    behind = place.behind[len(rest) :].lstrip()
    colon = "" if behind.startswith(":") else ": "
    if place.section in (("task",), ("objective",)):
        word = place.section[0]
        return [Choice(f"{name}{colon}", word, name) for name in names_of(word) if not place.there]
    missing = sorted(keys_below(keys, place.section, place.there), key=_order)
    return [Choice(f"{key.name}{'' if rest else colon}", note_of(key), key.name, meaning_of(key)) for key in missing]


def _order(key: Key) -> int:
    """What is required first, then data, then the rest as its section has it."""
    return 0 if key.required else 1 if "source" in key.kinds else 2


def note_of(key: Key) -> str:
    """What is shown beside a key: its type and its default, or that it must be given."""
    kind = next((word for kind, word in _KINDS if kind in key.kinds), "")
    kind = "true/false" if key.choices == ("true", "false") else kind
    if key.required:
        return f"{kind}, required"
    return f"{kind} = {key.default}".strip() if key.default else kind


def dotted_keys(keys: Mapping[KeyPath, Sequence[Key]]) -> dict[str, Key]:
    """Every key by its dotted name, but sections, whose keys are there; the common ones first."""
    plain = [each[0] for each in keys.values() if each[0].kinds != {"section"}]
    order = {"train": 0, "save": 1, "task": 2, "model": 2, "method": 2}
    return {key.dotted: key for key in sorted(plain, key=lambda key: order.get(key.path[0], 3))}


def meaning_of(key: Key) -> str:
    """What is said of a key where there is room."""
    otherwise = f" Default: {key.otherwise}." if key.otherwise else ""
    return f"{key.meaning}{otherwise}".replace("`", "")


def values_of(
    key: Key,
    typed: str,
    place: Place,
    keys: Mapping[KeyPath, Sequence[Key]],
    namespace: Mapping[str, Any],
) -> list[Choice]:
    """What a key's value may be, the likeliest first.

    Args:
        key: Whose value.
        typed: What there is of it, without quotation marks.
        place: Where it stands.
        keys: Of the cell.
        namespace: Of the notebook.
    """
    for word in ("task", "objective"):
        if word in key.kinds:
            lists = [f"[{', '.join(parts)}]" for parts in lists_of(word).values()]
            return [Choice(name, word) for name in (parts_of(word) if place.listed else [*names_of(word), *lists])]
    found: list[Choice] = []
    if "method" in key.kinds:
        found += [Choice(name, "method") for name in method_names()]
    if "column" in key.kinds:
        found += columns_near(place.section, place.values, known_columns(), namespace)
    if "source" in key.kinds:
        found += _sources(key, typed, keys, namespace)
    if key.path == ("data",):
        found += objects.splits(namespace)
    if "model" in key.kinds:
        found += [*files.known_models(), *objects.models(namespace), *_run_models(namespace)]
        found += [choice for choice in files.saved_models(typed) if "/" in typed or choice.note == files.SAVED]
    if "folder" in key.kinds:
        found += files.folders(typed)
    found += _plain(key)
    if typed.startswith("$") and not key.kinds & {"source", "model", "section"}:
        found += objects.plain_objects(namespace)
    return list({choice.text: choice for choice in reversed(found)}.values())[::-1]


def _plain(key: Key) -> list[Choice]:
    """Its default, its words, and examples."""
    takes = f"{key.takes.replace('`', '')}, {key.limits}" if key.limits else key.takes.replace("`", "")
    found = [Choice(key.default, "default", meaning="" if key.choices else takes)] if key.default else []
    found += [Choice(word, "value") for word in key.choices if word != key.default]
    examples = key.examples or (_BRACES.findall(key.takes) if "section" in key.kinds else ())
    return [*found, *(Choice(example, "example", meaning=takes) for example in examples)]


def _sources(key: Key, typed: str, keys: Mapping[KeyPath, Sequence[Key]], namespace: Mapping[str, Any]) -> list[Choice]:
    formats = next((each.choices for each in keys.get(("data", "format"), ())), ())
    demo = files.demo_files(formats)
    split = key.name if key.name != "path" else key.path[-2]
    demo.sort(key=lambda choice: f"{split}." not in choice.text)
    shares = [Choice(example, "a share of train") for example in key.examples]
    there = [_path(choice) for choice in files.paths(typed)]
    data = [choice for choice in there if files.is_data(choice.name)]
    others = [choice for choice in there if not files.is_data(choice.name)]
    return [*objects.data_objects(namespace), *data, *shares, *demo, *others]


def _path(choice: Choice) -> Choice:
    return replace(choice, text=quoted_word(choice.text), name=choice.text)


def _run_models(namespace: Mapping[str, Any]) -> list[Choice]:
    """The best models of the runs below `ft_runs` that no name of the notebook stands for."""
    found = []
    for run in objects.runs({}):
        folder = f"ft_runs/{run.text}/model"
        if run.text not in namespace:
            found += [choice for choice in files.saved_models(folder) if choice.note == files.SAVED]
    return [replace(choice, note=f"best model of a {choice.text.split('/')[1]} run") for choice in found[:20]]


def _unquoted(typed: str) -> tuple[str, str]:
    """A value without the quotation mark that opens it, and the mark."""
    return (typed[1:], typed[0]) if typed[:1] in ('"', "'") else (typed, "")


def _quoted(choice: Choice, quote: str, place: Place) -> Choice:
    """A choice within the quotation marks that are open."""
    if not quote:
        return choice
    name = choice.name or choice.text
    close = "" if place.behind.startswith(quote) or name.endswith("/") else quote
    return replace(choice, text=f"{quote}{name}{close}", name=name)
