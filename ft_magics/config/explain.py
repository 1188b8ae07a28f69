"""Pydantic's findings → sentences for the person who wrote the cell."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from ft_magics.config.names import (
    HF_ARGUMENT_NAMES,
    KEY_SYNONYMS,
    LATER_METHODS,
    LATER_TASKS,
    SETTLED_ARGUMENTS,
    TASK_SYNONYMS,
    VALUE_SYNONYMS,
)
from ft_magics.config.references import Reference
from ft_magics.config.schema import RunConfig
from ft_magics.config.tree import Path, Tree, dotted, read_value
from ft_magics.errors import Problem, did_you_mean, type_name

__all__ = ["explain_all"]

_EXAMPLES = {
    "task": "task: ner",
    "model": "model: minilm",
    "data": "data: {train: path/to/train.conll}",
    "data.train": "train: path/to/train.conll",
    "data.dev.fraction": "{fraction: 0.1}` to draw it from train, or `{path: path/to/dev.conll}",
    "data.test.fraction": "{fraction: 0.1}` to draw it from train, or `{path: path/to/test.conll}",
}
_EXPECTED = {
    "data": "a section such as `{train: path/to/train.conll}`",
    "data.train": "a path, or `$name` for an object of the notebook",
    "data.dev": "a path, `$name`, or a share of train such as `{fraction: 0.1}`",
    "data.test": "a path, `$name`, or a share of train such as `{fraction: 0.1}`",
    "model": "`minilm`, a folder, a hub id, or `$name` for a run",
    "save": "a section such as `{every: {epochs: 1}}`",
    "save.every": "a section such as `{epochs: 1}`",
    "train": "a section such as `{epochs: 3}`",
    "train.early_stopping": "a section such as `{patience: 3}`",
}
_LATER = {"task": (*TASK_SYNONYMS, *LATER_TASKS), "method": LATER_METHODS}
_SECTION_FIRST = ("train", "save", "data")  # where a key that has gone astray most likely belongs


def explain_all(error: ValidationError, tree: Tree) -> list[Problem]:
    """Pydantic's findings, one per place; where reading failed there is nothing more to find.

    Args:
        error: What pydantic says about the tree's data.
        tree: Where things stand, and what was found wrong with them before.
    """
    unread = {problem.where for problem in tree.problems}
    found: dict[str, Problem] = {}
    for item in error.errors():
        problem = _explain(item, tree)
        missing = item["input"] is None or isinstance(item["input"], Reference)
        if not (missing and problem.where in unread):
            found.setdefault(problem.where, problem)
    return list(found.values())


def _explain(item: Any, tree: Tree) -> Problem:
    """One of pydantic's findings as a sentence."""
    kind, context = item["type"], item.get("ctx", {})
    path = context.get("path") or _path_in(tree.data, item["loc"], kind)
    written = tree.written.get(path, path)
    text = _text(kind, ".".join(map(str, path)), path, item)
    return Problem(line=tree.line(path), where=dotted(written), text=text)


def _text(kind: str, where: str, path: Path, item: Any) -> str:
    found, context = item["input"], item.get("ctx", {})
    by_kind: dict[str, Callable[[], str]] = {
        "extra_forbidden": lambda: _unknown_key(path),
        "elsewhere": lambda: str(item["msg"]),
        "missing": lambda: "is missing" + (f"; write `{_EXAMPLES[where]}`" if where in _EXAMPLES else ""),
        "value_error": lambda: str(context["error"]),
        "string_too_short": lambda: (
            "is an empty text" + (f"; expected {_EXPECTED[where]}" if where in _EXPECTED else "")
        ),
        "literal_error": lambda: (
            f"found {_describe(found)}, expected {context['expected']}.{_nearest_value(found, where, context)}"
        ),
    }
    if kind in by_kind:
        return by_kind[kind]()
    if "type" in kind or "instance" in kind or kind.endswith("parsing"):
        return f"found {_describe(found)}, {_expectation(where, item['msg'])}{_quotes_hint(found)}"
    return f"found {_show(found)}, {_expectation('', item['msg'])}"


def _path_in(data: Any, loc: tuple[str | int, ...], kind: str) -> Path:
    """Pydantic's location without the names of union branches."""
    path: list[str | int] = []
    last = len(loc) - 1
    for index, step in enumerate(loc):
        inside = isinstance(data, dict) and step in data
        if inside or (isinstance(data, list) and isinstance(step, int) and step < len(data)):
            data = data[step]
            path.append(step)
        elif index == last and kind == "missing":
            path.append(step)
    return tuple(path)


def _unknown_key(path: Path) -> str:
    *parents, key = map(str, path)
    section = ".".join(parents)
    known = _keys_at(tuple(parents))
    if key in SETTLED_ARGUMENTS:
        return f"leave it out: {SETTLED_ARGUMENTS[key]}"
    if key in known:
        others = " or ".join(f"`{name}`" for name in ("path", "fraction") if name != key)
        return f"does not go with {others}; keep one of them"
    return f"unknown key{_guess_key(key, section, known)}"


def _guess_key(key: str, section: str, known: list[str]) -> str:
    """What to make of a key that is none."""
    places = _all_places()
    if key == "<<":
        return ": YAML's merge keys are not read; write the keys out"
    if "." in key and key in places:
        outer, _, inner = key.rpartition(".")
        return f" here; write it in its section, `{outer}: {{{inner}: …}}`. Points are for `--set` on the magic's line"
    meant = KEY_SYNONYMS.get(section, {}).get(key)
    if meant:
        return f". Did you mean `{meant}`?"
    elsewhere = next((place for place in places if place.rpartition(".")[2] == key), None)
    if elsewhere:
        return f" here; it belongs at `{elsewhere}`"
    near = did_you_mean(key, (*known, *HF_ARGUMENT_NAMES) if section == "train" else known)
    return f".{near or ' Known here: ' + ', '.join(known) + '.'}"


def _sections(model: type[BaseModel], path: Path = ()) -> Iterable[tuple[Path, list[type[BaseModel]]]]:
    yield path, [model]
    for name, info in model.model_fields.items():
        models = list(_models_in(info.annotation))
        if len(models) == 1:
            yield from _sections(models[0], (*path, name))
        elif models:
            yield (*path, name), models


def _models_in(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


@functools.cache
def _keys_at(path: Path) -> list[str]:
    models = dict(_sections(RunConfig)).get(path, [])
    return sorted({name for model in models for name in model.model_fields})


@functools.cache
def _all_places() -> list[str]:
    """Every key with its section, those of `train:` first; Hugging Face's names count as keys of `train:`."""
    places = [".".join(map(str, (*path, name))) for path, _ in _sections(RunConfig) for name in _keys_at(path)]
    places += [f"train.{name}" for name in HF_ARGUMENT_NAMES]
    order = {section: at for at, section in enumerate(_SECTION_FIRST)}
    return sorted(places, key=lambda place: order.get(place.partition(".")[0], -1))


def _nearest_value(found: Any, where: str, context: Mapping[str, Any]) -> str:
    """The right value that was most likely meant; one that is still to come is named as such."""
    if not isinstance(found, str):
        return ""
    meant = VALUE_SYNONYMS.get(found.lower())
    quoted = [part.strip(" '") for part in str(context["expected"]).replace(" or ", ",").split(",")]
    if meant in quoted:
        return f" Did you mean `{meant}`?"
    return did_you_mean(found, quoted) or did_you_mean(found, _LATER.get(where, ()))


def _expectation(where: str, message: str) -> str:
    if where in _EXPECTED:
        return f"expected {_EXPECTED[where]}"
    if "valid dictionary" in message:
        return "expected a section, such as `{key: value}`"
    words = (("a valid integer", "a whole number"), ("a valid string", "a text"), ("a valid ", "a "))
    for theirs, ours in (*words, ("Input should be", "expected"), ("Value should", "it should")):
        message = message.replace(theirs, ours)
    return message


def _quotes_hint(found: Any) -> str:
    try:
        number = isinstance(found, str) and isinstance(read_value(found), (int, float))
    except ValueError:
        return ""
    return "; take the quotes away" if number else ""


def _describe(found: Any) -> str:
    if isinstance(found, Reference):
        return f"`{found}`, {type_name(found.value)}"
    if isinstance(found, (dict, list)):
        return ("a section" if isinstance(found, dict) else "a list") if found else f"an empty {_empty(found)}"
    names = {str: "the text", bool: "the truth value", int: "the number", float: "the number"}
    return "nothing" if found is None else f"{names.get(type(found), type(found).__name__)} {_show(found)}"


def _empty(found: dict[str, Any] | list[Any]) -> str:
    return "section" if isinstance(found, dict) else "list"


def _show(found: Any) -> str:
    if isinstance(found, str):
        shown = f"`{' '.join(found.split())}`"
    else:
        shown = str(found).lower() if isinstance(found, bool) else str(found)
    return shown if len(shown) <= 60 else shown[:57] + "…"
