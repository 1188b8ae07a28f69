"""The body of a cell → a `RunConfig`, or all its mistakes at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from pydantic import ValidationError

from ft_magics.config.compare import name_model
from ft_magics.config.explain import describe, explain_all
from ft_magics.config.methods import Methods, method_of, spread_method
from ft_magics.config.names import (
    SETTLED_ARGUMENTS,
    TASK_SETTINGS,
    TASK_SYNONYMS,
    understand_train_key,
)
from ft_magics.config.objectives import as_parts, joined_name, parts_in, spread_objective
from ft_magics.config.recorded import is_empty, lay_under
from ft_magics.config.references import Reference, is_reference, lookup, part_of, plain_value, quote_references
from ft_magics.config.schema import AnyConfig, RunConfig
from ft_magics.config.section import JoinedSection, OpenSection, Section
from ft_magics.config.splits import SPLIT_SYNONYMS, SPLITS
from ft_magics.config.train import TrainConfig
from ft_magics.config.tree import Path, Tree, first_problems, read_tree, read_value, shorten
from ft_magics.errors import CellError, FineTuneError, Problem, did_you_mean

__all__ = ["Tasks", "parse_cell"]


class Tasks(Protocol):
    """The tasks, or objectives, that a cell may name.

    Attributes:
        schema: Of a whole cell: `RunConfig`, or `PretrainConfig`.
        magic: Whose cells these are.
    """

    schema: type[AnyConfig]
    magic: str

    def elsewhere(self, name: str) -> str | None:
        """What to write for a name that another magic's cells have; None for any other."""
        ...

    def names(self) -> Sequence[str]:
        """Their names."""
        ...

    def schema_of(self, name: str) -> type[AnyConfig]:
        """Of a whole cell that names this one; `schema` for a name that nobody knows."""
        ...

    def joined(self) -> Mapping[str, Sequence[str]]:
        """Those that are several at once, by the name that a run has for them: the parts, as a cell names them."""
        ...

    def sections(self, name: str) -> tuple[type[Section], type[Section]]:
        """The task's settings and its `data:`.

        Raises:
            FineTuneError: The package that the task comes from cannot be used.
        """
        ...


def parse_cell(
    text: str,
    namespace: Mapping[str, Any],
    overrides: Iterable[str],
    tasks: Tasks,
    methods: Methods,
    *,
    recorded: Mapping[str, Any] | None = None,
) -> AnyConfig:
    """Read a cell's body.

    Args:
        text: YAML 1.2.
        namespace: Where `$name` is looked up.
        overrides: `key=value` texts of `--set`; keys are dotted.
        tasks: Those that there are.
        methods: Those that there are.
        recorded: Settings of a run, as `RunConfig.to_plain` gave them, that hold where the cell says nothing; it may
            be empty then.

    Raises:
        CellError: With every mistake in the cell, each with its line.
    """
    empty = recorded is not None and is_empty(text)
    tree = read_tree("{}" if empty else quote_references(text))
    _understand_names(tree)  # before the overrides, so that they win whatever word the cell uses
    if recorded is not None:
        lay_under(tree, recorded, tasks.schema.word)
        spread_objective(tree)
    for override in overrides:
        _override(tree, override)
    _rename_word(tree, tasks)
    tree.data = _resolve(tree.data, (), tree, namespace, is_recorded=recorded is not None)
    _understand_names(tree)
    _spread_splits(tree)
    name_model(tree)
    task, settings, data = _together(tree, tasks) or _task_of(tree, tasks)
    schema: Any = tasks.schema_of(task).__class_getitem__((settings, data, method_of(tree, methods)))  # known only now
    _move_settings(tree, task, settings, data)
    try:
        config: AnyConfig = schema.model_validate(_with_settings(tree.data, task, settings))
    except ValidationError as error:
        tree.problems.extend(explain_all(error, tree, schema, task))
    if tree.problems:
        raise CellError(first_problems(tree.problems))
    return config


def _rename_word(tree: Tree, tasks: Tasks) -> None:
    """An `objective:` is understood as the `task:` of its run.

    Raises:
        CellError: It is a cell of another magic.
    """
    spread_objective(tree)
    word = tasks.schema.word
    other = "objective" if word == "task" else "task"
    if other in tree.data and word not in tree.data:
        magic = "%%pretrain" if other == "objective" else "%%finetune"
        tree.complain((other,), f"a `{tasks.magic}` cell has a `{word}:`; `{other}:` is of `{magic} NAME`")
        raise CellError(first_problems(tree.problems))
    if word == "task":
        return
    if other in tree.data:
        tree.complain((other,), f"a `{tasks.magic}` cell has a `{word}:` only; take this out")
    named = tree.data.pop(word, None)
    tree.data.pop(other, None)
    if named is not None or (word,) in tree.lines:
        tree.data["task"] = named
    for path in [path for path in tree.lines if path[:1] == (word,)]:
        tree.lines["task", *path[1:]] = tree.lines[path]
        tree.written["task", *path[1:]] = path
    tree.written[("task",)] = (word,)


def _task_of(tree: Tree, tasks: Tasks) -> tuple[str, type[Section], type[Section]]:
    """The task that the cell names, or most likely means, with its sections; open ones where nobody knows."""
    if "task" not in tree.data:
        return "", OpenSection, OpenSection
    named, word = tree.data["task"], tasks.schema.word
    task = next(iter(named), None) if isinstance(named, dict) else named
    if not isinstance(task, str) or not task:
        if not (isinstance(task, Reference) and task.value is None):  # what is not defined is said already
            article = "an" if word[0] in "aeiou" else "a"
            expected = f"expected the name of {article} {word}: {_listed(tasks.names())}"
            tree.complain((word,), f"found {describe(named)}, {expected}")
        return "unknown", OpenSection, OpenSection
    if isinstance(named, dict) and len(named) > 1:
        tree.complain((word,), f"name one {word}, not {len(named)}: `{word}: {{{task}: {{…}}}}`")
    known = list(tasks.names())
    if task not in known and (way := tasks.elsewhere(task)):
        tree.complain((word,), way)
        return task, OpenSection, OpenSection
    if task not in known:
        words = [name for name in TASK_SYNONYMS if len(name) > 2]  # `re` and `mt` are near to any slip
        guess = did_you_mean(task, [*known, *words])
        if setting := TASK_SETTINGS.get(task.lower()):
            guess = f" It is a setting of `classify`: `task: {{classify: {{{setting}: true}}}}`"
        tree.complain((word,), f"`{shorten(task)}` is no {word}; there are {_listed(known)}.{guess}")
        near = next((name for name in known if f"`{name}`" in guess), None)
        if near is None:
            return task, OpenSection, OpenSection
        task = near
    try:
        return task, *tasks.sections(task)
    except FineTuneError as error:
        tree.complain((word,), str(error))
        return task, OpenSection, OpenSection


def _together(tree: Tree, tasks: Tasks) -> tuple[str, type[Section], type[Section]] | None:
    """The one task that the names in a list are together, with its sections; None where one name stands alone."""
    named, word, joined = tree.data.get("task"), tasks.schema.word, tasks.joined()
    if not isinstance(named, dict) or len(named) < 2 or not joined:
        return None
    known = sorted({*tasks.names(), *(part for parts in joined.values() for part in parts)})
    strays = [name for name in named if name not in known]
    for name in strays:
        missing = f"`{shorten(name)}` is no {word}; there are {_listed(known)}.{did_you_mean(name, known)}"
        tree.complain((word,), tasks.elsewhere(name) or missing)
    found = joined_name(list(named), joined)
    if found is not None:
        return found, *tasks.sections(found)
    if not strays:
        inside = [parts for parts in joined.values() if set(parts) <= set(named)] or list(joined.values())
        lists = " or ".join(f"`{word}: [{', '.join(parts)}]`" for parts in inside)
        tree.complain((word,), f"{_listed(list(named))} are not trained together; write {lists}")
    return "unknown", OpenSection, OpenSection


def _listed(names: Sequence[str]) -> str:
    shown = [f"`{name}`" for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _move_settings(tree: Tree, task: str, settings: type[Section], data: type[Section]) -> None:
    """A task's setting may stand under `data:` or `train:`, or in the first column, where people write it too."""
    for part, section in parts_in(settings, task).items():
        _move_settings_of(tree, part, section, data)


def _move_settings_of(tree: Tree, task: str, settings: type[Section], data: type[Section]) -> None:
    ours = set(settings.model_fields)
    places: tuple[tuple[Path, Any, set[str]], ...] = (
        (("data",), tree.data.get("data"), set(data.model_fields)),
        (("train",), tree.data.get("train"), set(TrainConfig.model_fields)),
        ((), tree.data, set(RunConfig.model_fields)),
    )
    for above, section, theirs in places:
        if not isinstance(section, dict):
            continue
        for key in [key for key in section if key in ours - theirs]:
            here: Path = (*above, key)
            there: Path = ("task", task, key)
            if not isinstance(tree.data.get("task"), dict):
                tree.data["task"] = {task: {}}
            inside = tree.data["task"].setdefault(task, {}) or {}
            tree.data["task"][task] = inside
            if isinstance(inside, dict) and key in inside:
                tree.complain(here, f"says the same as `task.{task}.{key}`; keep one of them")
            elif isinstance(inside, dict):
                inside[key] = section[key]
            del section[key]
            tree.lines[there] = tree.line(here) or 1
            tree.written[there] = here


def _with_settings(plain: Mapping[str, Any], task: str, section: type[Section]) -> dict[str, Any]:
    """The cell as the schema has it: the task's name, and its settings in a section of their own."""
    named = plain.get("task")
    settings = named.get(task) if isinstance(named, dict) else None
    if issubclass(section, JoinedSection):
        settings = as_parts(named)
    found = {**plain, "settings": {} if settings is None else settings}
    return found | {"task": task} if task else {key: value for key, value in found.items() if key != "task"}


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


def _resolve(value: Any, path: Path, tree: Tree, namespace: Mapping[str, Any], *, is_recorded: bool = False) -> Any:
    """Replace each `$name` by the kernel's object.

    Args:
        value: At a path.
        path: Of it.
        tree: Of the cell.
        namespace: Where names are looked up.
        is_recorded: Whether what has no line in the cell is from a run's record.
    """
    if isinstance(value, dict):
        return {
            key: _resolve(item, (*path, key), tree, namespace, is_recorded=is_recorded) for key, item in value.items()
        }
    if isinstance(value, list):
        return [
            _resolve(item, (*path, index), tree, namespace, is_recorded=is_recorded) for index, item in enumerate(value)
        ]
    if isinstance(value, str) and is_reference(value):
        try:
            return plain_value(lookup(value, namespace))
        except LookupError as error:
            there = is_recorded and path not in tree.lines
            again = " The run that is done again was made with it: bind it again, or give another one here"
            tree.complain(path, str(error) + again * there)
            return Reference(value[1:], None)
    return value


def _spread_splits(tree: Tree) -> None:
    """`data: $splits`, a mapping of splits, is `data: {train: $splits["train"], …}`."""
    named = tree.data.get("data")
    if not isinstance(named, Reference) or not isinstance(named.value, Mapping):
        return
    found: dict[str, Reference] = {}
    for key in named.value:
        split = SPLIT_SYNONYMS.get(key, key) if isinstance(key, str) else None
        if split in SPLITS:
            found.setdefault(split, part_of(named, key))
    if "train" in found:
        tree.data["data"] = found


def _understand_names(tree: Tree) -> None:
    data = tree.data
    spread_objective(tree)
    task = data.get("task")
    if isinstance(task, str):
        data["task"] = TASK_SYNONYMS.get(task.lower(), task)
    elif isinstance(task, dict):
        data["task"] = {
            TASK_SYNONYMS.get(name.lower(), name) if isinstance(name, str) else name: value
            for name, value in task.items()
        }
    spread_method(tree)
    train = data.get("train")
    if isinstance(train, dict):
        _understand_seeds(tree, train)
        for key in list(train):
            _understand_train(tree, train, key)
    for section in ("train", "eval", "save"):
        if section in data and data[section] is None:
            del data[section]  # `train:` with nothing below it


def _understand_seeds(tree: Tree, train: dict[str, Any]) -> None:
    """Several seeds are of several runs, and stand beside `train:`; people write them there too."""
    for key in ("seeds", "seed"):
        if key not in train or (key == "seed" and not isinstance(train[key], list)):
            continue
        here: Path = ("train", key)
        value = train.pop(key)
        if "seeds" in tree.data:
            tree.complain(here, "says the same as `seeds`; keep one of them")
            return
        tree.data["seeds"] = value
        tree.lines["seeds",] = tree.line(here) or 1
        tree.written["seeds",] = here


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
