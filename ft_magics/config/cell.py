"""The body of a cell → a `RunConfig`, or all its mistakes at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from ft_magics.config.explain import explain_all
from ft_magics.config.names import (
    LATER_METHODS,
    LATER_TASKS,
    SETTLED_ARGUMENTS,
    TASK_SYNONYMS,
    understand_train_key,
)
from ft_magics.config.references import Reference, is_reference, lookup, plain_value
from ft_magics.config.schema import RunConfig
from ft_magics.config.tree import Path, Tree, first_problems, read_tree, read_value, shorten
from ft_magics.errors import CellError, Problem

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
    _understand_names(tree)  # before the overrides, so that they win whatever word the cell uses
    for override in overrides:
        _override(tree, override)
    tree.data = _resolve(tree.data, (), tree, namespace)
    _understand_names(tree)
    try:
        config = RunConfig.model_validate(tree.data)
    except ValidationError as error:
        tree.problems.extend(explain_all(error, tree))
    if tree.problems:
        raise CellError(first_problems(tree.problems))
    return config


def _override(tree: Tree, override: str) -> None:
    key, equals, text = override.partition("=")
    path: Path = tuple(key.strip().split("."))
    where = f"--set {shorten(' '.join(override.split()))}"
    if not equals or not all(path):
        tree.problems.append(Problem(line=1, where=where, text="expected `--set key=value`, such as train.epochs=3"))
        return
    try:
        value = read_value(text.strip())
        understood = understand_train_key(str(path[1]), value) if path[0] == "train" and len(path) == 2 else None
    except ValueError as error:
        tree.problems.append(Problem(line=1, where=where, text=str(error)))
        return
    if understood is not None:
        path, value = ("train", *understood[0]), understood[1]
    _put(tree, path, value)


def _put(tree: Tree, path: Path, value: Any) -> None:
    """Set one value from the magic's line; what the cell had there is forgotten, with its lines."""
    for known in [known for known in tree.lines if known[: len(path)] == path]:
        del tree.lines[known]
    branch = tree.data
    for depth, step in enumerate(path[:-1], 1):
        if not isinstance(branch.get(step), dict):
            branch[step] = {}
            tree.lines[path[:depth]] = 1
        branch = branch[step]
    branch[path[-1]] = value
    tree.lines[path] = 1


def _resolve(value: Any, path: Path, tree: Tree, namespace: Mapping[str, Any]) -> Any:
    """Put the kernel's objects in the place of `$name`."""
    if isinstance(value, dict):
        return {key: _resolve(item, (*path, key), tree, namespace) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolve(item, (*path, index), tree, namespace) for index, item in enumerate(value)]
    if isinstance(value, str) and is_reference(value):
        try:
            return plain_value(lookup(value, namespace))
        except LookupError as error:
            tree.complain(path, str(error))
            return Reference(value[1:], None)
    return value


def _understand_names(tree: Tree) -> None:
    data = tree.data
    task = data.get("task")
    if isinstance(task, str):
        data["task"] = task = TASK_SYNONYMS.get(task.lower(), task)
        if task.lower() in LATER_TASKS:
            tree.complain(("task",), f"`{task}` is not there yet; this version has `ner`")
            data["task"] = "ner"
    _understand_method(tree)
    train = data.get("train")
    if isinstance(train, dict):
        for key in list(train):
            _understand_train(tree, train, key)
    for section in ("train", "save"):
        if section in data and data[section] is None:
            del data[section]  # `train:` with nothing below it


def _understand_method(tree: Tree) -> None:
    """`method: lora` and `method: {lora: {r: 8}}` name the same method."""
    method = tree.data.get("method")
    if isinstance(method, dict) and len(method) > 1:
        tree.complain(("method",), f"name one method, not {len(method)}: `method: full`")
    elif isinstance(method, dict) and method.get("full"):
        tree.complain(("method", "full"), "this method has no settings; write `method: full`")
    named = next(iter(method), None) if isinstance(method, dict) else method
    if isinstance(named, str) and named.lower() in LATER_METHODS:
        if not any(problem.where == "method" for problem in tree.problems):
            tree.complain(("method",), f"`{named}` is not there yet; this version has `full`")
        tree.data["method"] = "full"
    elif isinstance(method, dict) and named is not None:
        tree.data["method"] = named


def _understand_train(tree: Tree, train: dict[str, Any], key: str) -> None:
    place: Path = ("train", key)
    if key in SETTLED_ARGUMENTS:
        tree.complain(place, f"leave it out: {SETTLED_ARGUMENTS[key]}")
        del train[key]
        return
    try:
        understood = understand_train_key(key, train[key])
    except ValueError as error:
        tree.complain(place, str(error))
        del train[key]
        return
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
    ours: Path = ("train", *parents, name)
    tree.lines[ours] = tree.line(place) or 1
    tree.written[ours] = place
