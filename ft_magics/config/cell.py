"""The body of a cell → a `RunConfig`, or all its mistakes at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from ft_magics.config.names import (
    LATER_METHODS,
    LATER_TASKS,
    SETTLED_ARGUMENTS,
    TASK_SYNONYMS,
    understand_train_key,
)
from ft_magics.config.references import Reference, is_reference, lookup
from ft_magics.config.schema import RunConfig
from ft_magics.config.tree import Path, Tree, read_tree, read_value
from ft_magics.errors import CellError, Problem, did_you_mean

__all__ = ["parse_cell"]


def parse_cell(text: str, namespace: Mapping[str, Any], overrides: Iterable[str] = ()) -> RunConfig:
    """Read a cell's body.

    Args:
        text: YAML 1.2.
        namespace: Where `$name` is looked up.
        overrides: `key=value` texts of `--set`; keys are dotted.

    Raises:
        CellError: With every mistake in the cell, each with its line.
    """
    tree = read_tree(text)
    for override in overrides:
        _override(tree, override)
    tree.data = _resolve(tree.data, (), tree, namespace)
    _understand_names(tree)
    try:
        config = RunConfig.model_validate(tree.data)
    except ValidationError as error:
        _explain_all(error, tree)
    if tree.problems:
        raise CellError(tree.problems)
    return config


def _override(tree: Tree, override: str) -> None:
    key, equals, value = override.partition("=")
    path: Path = tuple(key.strip().split("."))
    where = f"--set {override}"
    if not equals or not all(path):
        tree.problems.append(Problem(line=1, where=where, text="expected `--set key=value`, such as train.epochs=3"))
        return
    try:
        parsed = read_value(value.strip())
    except ValueError as error:
        tree.problems.append(Problem(line=1, where=where, text=str(error)))
        return
    branch = tree.data
    for step in path[:-1]:
        if not isinstance(branch.get(step), dict):
            branch[step] = {}
        branch = branch[step]
    branch[path[-1]] = parsed
    tree.lines[path] = 1


def _resolve(value: Any, path: Path, tree: Tree, namespace: Mapping[str, Any]) -> Any:
    """Put the kernel's objects in the place of `$name`."""
    if isinstance(value, dict):
        return {key: _resolve(item, (*path, key), tree, namespace) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolve(item, (*path, index), tree, namespace) for index, item in enumerate(value)]
    if isinstance(value, str) and is_reference(value):
        try:
            return lookup(value, namespace)
        except LookupError as error:
            tree.complain(path, str(error))
            return Reference(value[1:], None)
    return value


def _understand_names(tree: Tree) -> None:
    data = tree.data
    task = data.get("task")
    if isinstance(task, str):
        data["task"] = task = TASK_SYNONYMS.get(task, task)
        if task in LATER_TASKS:
            tree.complain(("task",), f"`{task}` is not there yet; this version has `ner`")
            data["task"] = "ner"
    method = data.get("method")
    named = next(iter(method), None) if isinstance(method, dict) else method
    if named in LATER_METHODS:
        tree.complain(("method",), f"`{named}` is not there yet; this version has `full`")
        data["method"] = "full"
    elif isinstance(method, dict) and named == "full":
        data["method"] = "full"
    train = data.get("train")
    if isinstance(train, dict):
        for key in list(train):
            _understand_train(tree, train, key)
    for section in ("train", "save"):
        if section in data and data[section] is None:
            del data[section]  # `train:` with nothing below it


def _understand_train(tree: Tree, train: dict[str, Any], key: str) -> None:
    place: Path = ("train", key)
    if key in SETTLED_ARGUMENTS:
        tree.complain(place, f"leave it out: {SETTLED_ARGUMENTS[key]}")
        del train[key]
        return
    understood = understand_train_key(key, train[key])
    if understood is None:
        return
    (*parents, name), value = understood
    del train[key]
    branch = train
    for parent in parents:
        branch = branch.setdefault(parent, {})
    if not isinstance(branch, dict) or name in branch:
        tree.complain(place, f"says the same as `{'.'.join(['train', *parents, name])}`; keep one of them")
        return
    branch[name] = value
    tree.lines[("train", *parents, name)] = tree.line(place) or 1


def _explain_all(error: ValidationError, tree: Tree) -> None:
    """Add pydantic's findings, one per place; where reading failed there is nothing more to find."""
    unread = {problem.where for problem in tree.problems}
    found: dict[str, Problem] = {}
    for item in error.errors():
        problem = _explain(item, tree)
        if not (item["input"] is None and problem.where in unread):
            found.setdefault(problem.where, problem)
    tree.problems.extend(found.values())


def _explain(item: Any, tree: Tree) -> Problem:
    """One of pydantic's findings as a sentence."""
    path = item.get("ctx", {}).get("path") or _path_in(tree.data, item["loc"])
    where = ".".join(map(str, path))
    kind, found, context = item["type"], item["input"], item.get("ctx", {})
    if kind == "extra_forbidden":
        text = _unknown_key(path)
    elif kind == "elsewhere":
        text = item["msg"]
    elif kind == "missing":
        text = "is missing" + (f"; write `{_EXAMPLES[where]}`" if where in _EXAMPLES else "")
    elif kind == "value_error":
        text = str(context["error"])
    elif kind == "literal_error":
        text = f"found {_show(found)}, expected {context['expected']}." + did_you_mean(str(found), _quoted(context))
    elif "type" in kind or kind.endswith("parsing"):
        text = f"found {_describe(found)}, {_expectation(item['msg'])}{_quotes_hint(found)}"
    else:
        text = f"found {_show(found)}, {_expectation(item['msg'])}"
    return Problem(line=tree.line(path), where=where, text=text)


_EXAMPLES = {
    "task": "task: ner",
    "model": "model: minilm",
    "data": "data: {train: path/to/train.conll}",
    "data.train": "train: path/to/train.conll",
}


def _path_in(data: Any, loc: tuple[str | int, ...]) -> Path:
    """Pydantic's location without the names of union branches."""
    path: list[str | int] = []
    last = len(loc) - 1
    for index, step in enumerate(loc):
        inside = isinstance(data, dict) and step in data
        if inside or (isinstance(data, list) and isinstance(step, int) and step < len(data)):
            data = data[step]
            path.append(step)
        elif index == last and isinstance(data, dict):
            path.append(step)  # a missing key
    return tuple(path)


def _unknown_key(path: Path) -> str:
    *parents, key = path
    known = _keys_at(tuple(parents))
    near = did_you_mean(str(key), known)
    elsewhere = [place for place in _all_places() if place.rpartition(".")[2] == key]
    if not near and elsewhere:
        return f"unknown key here; it belongs at `{elsewhere[0]}`"
    return f"unknown key.{near or ' Known here: ' + ', '.join(known) + '.'}"


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


def _keys_at(path: Path) -> list[str]:
    models = dict(_sections(RunConfig)).get(path, [])
    return sorted({name for model in models for name in model.model_fields})


def _all_places() -> list[str]:
    return [".".join(map(str, (*path, name))) for path, _ in _sections(RunConfig) for name in _keys_at(path)]


def _quoted(context: Mapping[str, Any]) -> list[str]:
    return [part.strip(" '") for part in str(context["expected"]).replace(" or ", ",").split(",")]


def _expectation(message: str) -> str:
    if "valid dictionary" in message:
        return "expected a section, such as `{key: value}`"
    return message.replace("Input should be", "expected").replace("Value should", "it should").replace("valid ", "")


def _quotes_hint(found: Any) -> str:
    if isinstance(found, str):
        try:
            float(found)
        except ValueError:
            return ""
        return "; take the quotes away"
    return ""


def _describe(found: Any) -> str:
    if isinstance(found, Reference):
        return f"`{found}`, a {type(found.value).__name__}"
    names = {
        str: "the text",
        bool: "the truth value",
        int: "the number",
        float: "the number",
        dict: "a section",
        list: "a list",
    }
    if found is None:
        return "nothing"
    word = names.get(type(found), type(found).__name__)
    return word if isinstance(found, (dict, list)) else f"{word} {_show(found)}"


def _show(found: Any) -> str:
    shown = f"`{found}`" if isinstance(found, str) else str(found).lower() if isinstance(found, bool) else str(found)
    return shown if len(shown) <= 60 else shown[:57] + "…"
