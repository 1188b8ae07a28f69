"""Which tasks there are: ours, and those of other packages, which the entry point `ft_magics.tasks` names.

An objective of pre-training is a task whose labels are in the text itself. It stands in a registry beside that of the
tasks: `%%finetune` offers tasks, `%%pretrain` objectives, and whatever has a name of either finds its class here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from ft_magics.config.section import Section
from ft_magics.errors import FineTuneError, TaskError, did_you_mean
from ft_magics.tasks.task import BeginsFromNothing, Task

__all__ = [
    "begins_from_nothing",
    "find_task",
    "guarded",
    "joined_objectives",
    "known_names",
    "objective_names",
    "sections",
    "task_names",
]

T = TypeVar("T")
_GROUP = "ft_magics.tasks"
_OURS = {
    "classify": ("ft_magics.tasks.classify.task", "ClassifyTask"),
    "dialogue": ("ft_magics.tasks.dialogue.task", "DialogueTask"),
    "generate": ("ft_magics.tasks.generate.task", "GenerateTask"),
    "ner": ("ft_magics.tasks.ner.task", "NerTask"),
    "qa": ("ft_magics.tasks.qa.task", "QaTask"),
    "relation": ("ft_magics.tasks.relation.task", "RelationTask"),
    "summarize": ("ft_magics.tasks.summarize.task", "SummarizeTask"),
    "translate": ("ft_magics.tasks.translate.task", "TranslateTask"),
}
_OBJECTIVES = {
    "clm": ("ft_magics.tasks.causal.task", "CausalTask"),
    "mlm": ("ft_magics.tasks.masked.task", "MaskedTask"),
    "mlm+nsp": ("ft_magics.tasks.pairs.task", "MaskedAndNextTask"),  # `objective: [mlm, nsp]`
    "mlm+sop": ("ft_magics.tasks.pairs.task", "MaskedAndOrderTask"),
    "rtd": ("ft_magics.tasks.replaced.task", "ReplacedTask"),
}
_AND = "+"
_METHODS = tuple(name for name in vars(Task) if not name.startswith("_") and name not in ("Settings", "Data", "name"))


def _theirs() -> dict[str, EntryPoint]:
    """Entry points by name; ours win."""
    return {found.name: found for found in entry_points(group=_GROUP) if found.name not in {**_OURS, **_OBJECTIVES}}


def task_names() -> Sequence[str]:
    """Every task's name, in alphabetical order."""
    return sorted({*_OURS, *_theirs()})


def objective_names() -> Sequence[str]:
    """The names of the objectives that stand alone, in alphabetical order."""
    return sorted(name for name in _OBJECTIVES if _AND not in name)


def joined_objectives() -> dict[str, tuple[str, ...]]:
    """The objectives that are several at once, by the names that a run has for them: their parts, as in a cell."""
    return {name: tuple(name.split(_AND)) for name in sorted(_OBJECTIVES) if _AND in name}


def known_names() -> Sequence[str]:
    """The names of all tasks and objectives, the tasks first."""
    return [*task_names(), *objective_names(), *joined_objectives()]


def find_task(name: str) -> type[Task[Any, Any, Any]]:
    """The class of a task or an objective.

    Raises:
        TaskError: There is none of this name, or the package that it comes from cannot be used.
    """
    if place := {**_OURS, **_OBJECTIVES}.get(name):
        module, attribute = place
        ours: type[Task[Any, Any, Any]] = getattr(import_module(module), attribute)
        return ours
    found = _theirs().get(name)
    if found is None:
        raise TaskError(
            f"there is no task `{name:.80}`; there are {', '.join(task_names())}.{did_you_mean(name, task_names())} "
            "A task of another package needs that package installed here"
        )
    return _load(found)


@cache
def _load(found: EntryPoint) -> type[Task[Any, Any, Any]]:
    where = f"task `{found.name}` of the package {found.dist.name if found.dist else found.value}"
    try:
        task = found.load()
    except Exception as error:  # a package of another's can raise anything
        raise TaskError(
            f"{where} cannot be imported ({type(error).__name__}: {error}); reinstall or update it"
        ) from error
    missing = [method for method in _METHODS if not hasattr(task, method)]
    sections_ = [getattr(task, name, None) for name in ("Settings", "Data")]
    if (
        not isinstance(task, type)
        or missing
        or not all(isinstance(item, type) and issubclass(item, Section) for item in sections_)
    ):
        lacking = f"it lacks {', '.join(missing)}" if missing else "it is no class with `Settings` and `Data` sections"
        raise TaskError(f"{where} is not what ft_magics calls a task: {lacking} (see ft_magics.tasks.task.Task)")
    return task


def sections(name: str) -> tuple[type[Section], type[Section]]:
    """A task's settings and its `data:`.

    Raises:
        TaskError: As in `find_task`.
    """
    task = find_task(name)
    return task.Settings, task.Data


def begins_from_nothing(name: str) -> bool:
    """Whether a task of this name takes a model from nothing too; false for a name that nobody knows."""
    try:
        return isinstance(find_task(name), BeginsFromNothing)
    except TaskError:
        return False


def guarded(name: str, method: str, call: Callable[[], T]) -> T:
    """What a method of a task gives.

    Raises:
        FineTuneError: As the task says it.
        TaskError: The task has a fault; the message names the method.
    """
    try:
        return call()
    except FineTuneError:
        raise
    except Exception as error:
        from ft_magics.models.memory import is_out_of_memory  # noqa: PLC0415  # torch only where there is a fault

        if name in {**_OURS, **_OBJECTIVES} or is_out_of_memory(error):
            raise  # a fault of ours is said as such
        fault = f"{type(error).__name__}: {error}"
        raise TaskError(
            f"task `{name}`: `{method}` failed ({fault}). That is a fault of the package that the task comes from; "
            "`%ft debug` shows where"
        ) from error
