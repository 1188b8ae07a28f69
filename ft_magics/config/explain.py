"""Pydantic's findings → sentences for the person who wrote the cell."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

from pydantic import ValidationError

from ft_magics.config.names import (
    HF_ARGUMENT_NAMES,
    SETTLED_ARGUMENTS,
    VALUE_SYNONYMS,
)
from ft_magics.config.references import Reference
from ft_magics.config.section import JoinedSection, Section
from ft_magics.config.slips import slip_in_key
from ft_magics.config.tree import Path, Tree, dotted, read_value
from ft_magics.errors import Problem, did_you_mean, type_name

__all__ = ["describe", "explain_all"]

_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?%")
_POWER = re.compile(r"10(?:\^|\*\*)\(?(-?\d+)\)?")
_SECTION_FIRST = ("train", "save", "data", "eval")  # where a key that has gone astray most likely belongs


def explain_all(error: ValidationError, tree: Tree, schema: type[Section], task: str) -> list[Problem]:
    """Pydantic's findings, one per place; where reading failed there is nothing more to find.

    Args:
        error: What pydantic says about the tree's data.
        tree: Where things stand, and what was found wrong with them before.
        schema: Of the whole cell.
        task: Whose settings the schema has.
    """
    unread = {problem.where for problem in tree.problems}
    found: dict[str, Problem] = {}
    for item in error.errors():
        problem = _explain(item, tree, schema, task)
        missing = item["input"] is None or isinstance(item["input"], Reference)
        if not (missing and problem.where in unread):
            found.setdefault(problem.where, problem)
    return list(found.values())


def _explain(item: Any, tree: Tree, schema: type[Section], task: str) -> Problem:
    """One of pydantic's findings as a sentence."""
    kind, context, loc = item["type"], item.get("ctx", {}), item["loc"]
    if loc[:1] == ("settings",):
        loc = ("task", *loc[1:]) if _is_joined(schema) else ("task", task, *loc[1:])
    path = context.get("path") or _path_in(tree.data, loc, kind)
    written = tree.written.get(path, path)
    text = _text(kind, _Place(schema, path), item)
    return Problem(line=tree.line(path), where=dotted(written), text=text)


def _is_joined(schema: type[Section]) -> bool:
    """Whether a cell's settings are those of several objectives, each below its name."""
    settings = schema.model_fields.get("settings")
    kind: Any = settings.annotation if settings is not None else None
    return isinstance(kind, type) and issubclass(kind, JoinedSection)


class _Place:
    """A place in the cell, and what its section says of it.

    Args:
        schema: Of the whole cell.
        path: Of the place, as in the cell.
    """

    def __init__(self, schema: type[Section], path: Path) -> None:
        self.schema = schema
        self.path = path
        below = 1 if _is_joined(schema) else 2  # the settings of a single task are below its name
        self.inner = ("settings", *path[below:]) if path[:1] == ("task",) and len(path) > 1 else path

    @property
    def expected(self) -> str:
        """What the field says that it expects; empty for nothing."""
        return self._said("expected")

    @property
    def example(self) -> str:
        """What to write there."""
        return self._said("example")

    def _said(self, what: str) -> str:
        if not self.inner:
            return ""
        *parents, name = self.inner
        for model in _models_at(self.schema, tuple(parents)):
            info = model.model_fields.get(str(name))
            extra = info.json_schema_extra if info is not None else None
            if isinstance(extra, dict) and extra.get(what):
                return str(extra[what])
        return ""


def _text(kind: str, place: _Place, item: Any) -> str:
    found, context = item["input"], item.get("ctx", {})
    expected, example = place.expected, place.example
    by_kind: dict[str, Callable[[], str]] = {
        "extra_forbidden": lambda: _unknown_key(place),
        "elsewhere": lambda: str(item["msg"]),
        "missing": lambda: "is missing" + (f"; write `{example}`" if example else ""),
        "value_error": lambda: str(context["error"]),
        "string_too_short": lambda: "is an empty text" + (f"; expected {expected}" if expected else ""),
        "literal_error": lambda: (
            f"found {describe(found)}, expected {context['expected']}.{_nearest_value(found, context)}"
        ),
    }
    if kind in by_kind:
        return by_kind[kind]()
    if "type" in kind or "instance" in kind or kind.endswith("parsing"):
        hints = _number_hint(found) + _train_hint(place, found)
        return f"found {describe(found)}, {_expectation(expected, item['msg'])}{hints}"
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


def _unknown_key(place: _Place) -> str:
    *parents, key = map(str, place.inner)
    known = _keys_at(place.schema, tuple(parents))
    if key in SETTLED_ARGUMENTS:
        return f"leave it out: {SETTLED_ARGUMENTS[key]}"
    if key in known:
        others = " or ".join(f"`{name}`" for name in ("path", "fraction") if name != key)
        return f"does not go with {others}; keep one of them"
    return f"unknown key{_guess_key(key, place, known)}"


def _guess_key(key: str, place: _Place, known: list[str]) -> str:
    """What to make of a key that is none."""
    places = _all_places(place.schema)
    parents = place.inner[:-1]
    if slip := slip_in_key(key):
        return f": {slip}"
    if key == "<<":
        return ": YAML's merge keys are not read; write the keys out"
    if "." in key and key in places:
        outer, _, inner = key.rpartition(".")
        return f" here; write it in its section, `{outer}: {{{inner}: …}}`. Points are for `--set` on the magic's line"
    meant = next((model.synonyms[key] for model in _models_at(place.schema, parents) if key in model.synonyms), None)
    if meant:
        return f". Did you mean `{meant}`?"
    elsewhere = next((other for other in places if other.rpartition(".")[2] == key), None)
    if elsewhere:
        return f" here; it belongs at `{elsewhere}`"
    near = did_you_mean(key, (*known, *HF_ARGUMENT_NAMES) if parents == ("train",) else known)
    return f".{near or ' Known here: ' + ', '.join(known) + '.' if known else ' There are no settings here.'}"


def _sections(model: type[Section], path: Path = ()) -> Iterable[tuple[Path, list[type[Section]]]]:
    yield path, [model]
    for name, info in model.model_fields.items():
        models = list(_models_in(info.annotation))
        if len(models) == 1:
            yield from _sections(models[0], (*path, name))
        elif models:
            yield (*path, name), models


def _models_in(annotation: Any) -> Iterable[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


@functools.cache
def _by_place(schema: type[Section]) -> dict[Path, list[type[Section]]]:
    return dict(_sections(schema))


def _models_at(schema: type[Section], path: Path) -> list[type[Section]]:
    return _by_place(schema).get(path, [])


def _keys_at(schema: type[Section], path: Path) -> list[str]:
    keys = {name for model in _models_at(schema, path) for name in model.model_fields}
    if path:
        return sorted(keys)
    return sorted({getattr(schema, "word", "task") if key == "task" else key for key in keys - {"settings"}})


@functools.cache
def _all_places(schema: type[Section]) -> list[str]:
    """Every key with its section, those of `train:` first; Hugging Face's names count as keys of `train:`."""
    named = [path for path in _by_place(schema) if path[:1] != ("settings",)]
    places = [".".join(map(str, (*path, name))) for path in named for name in _keys_at(schema, path)]
    places += [f"train.{name}" for name in HF_ARGUMENT_NAMES]
    order = {section: at for at, section in enumerate(_SECTION_FIRST)}
    return sorted(places, key=lambda place: order.get(place.partition(".")[0], -1))


def _nearest_value(found: Any, context: Mapping[str, Any]) -> str:
    """The right value that was most likely meant."""
    if not isinstance(found, str):
        return ""
    meant = VALUE_SYNONYMS.get(found.lower())
    quoted = [part.strip(" '") for part in str(context["expected"]).replace(" or ", ",").split(",")]
    if meant in quoted:
        return f" Did you mean `{meant}`?"
    return did_you_mean(found, quoted)


def _expectation(expected: str, message: str) -> str:
    if expected:
        return f"expected {expected}"
    if "valid dictionary" in message:
        return "expected a section, such as `{key: value}`"
    words = (
        ("a valid boolean", "true or false"),
        ("a valid integer", "a whole number"),
        ("a valid string", "a text"),
        ("a valid ", "a "),
    )
    for theirs, ours in (*words, ("Input should be", "expected"), ("Value should", "it should")):
        message = message.replace(theirs, ours)
    return message


def _train_hint(place: _Place, found: Any) -> str:
    """Where a file or an object belongs that stands for all of `data:`, and several for one split."""
    named = found if isinstance(found, (str, Reference)) and place.path == ("data",) else ""
    if isinstance(found, list) and place.path[:1] == ("data",) and len(place.path) == 2:
        return "; put several files into one, or into one DataFrame"
    return f"; write `data: {{train: {_show(str(named)).strip('`')}}}`" if named else ""


def _number_hint(found: Any) -> str:
    """How a number is written that was found as a text."""
    percent = _PERCENT.fullmatch(found) if isinstance(found, str) else None
    if percent is not None:
        return f"; {found} is {float(percent[1]) / 100:g}"
    power = _POWER.fullmatch(found) if isinstance(found, str) else None
    if power is not None:
        return f"; {found} is written 1e{power[1]}"
    try:
        number = isinstance(found, str) and isinstance(read_value(found), (int, float))
    except ValueError:
        return ""
    return "; take the quotes away" if number else ""


def describe(found: Any) -> str:
    """A value of the cell's, with what kind of thing it is."""
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
