"""A cell's body, or a run's config.yaml → its config, with the sections of the task that it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ft_magics.config import cell
from ft_magics.config.schema import AnyConfig, RunConfig
from ft_magics.config.section import OpenSection, Section
from ft_magics.errors import TaskError
from ft_magics.tasks import registry

__all__ = ["config_of", "parse_cell"]


class _Tasks:
    def names(self) -> Sequence[str]:
        return registry.task_names()

    def sections(self, name: str) -> tuple[type[Section], type[Section]]:
        return registry.sections(name)


def parse_cell(text: str, namespace: Mapping[str, Any], overrides: Iterable[str] = ()) -> AnyConfig:
    """Read a cell's body; see `config.cell.parse_cell`.

    Raises:
        CellError: With every mistake in the cell, each with its line.
    """
    return cell.parse_cell(text, namespace, overrides, _Tasks())


def config_of(plain: Mapping[str, Any]) -> AnyConfig:
    """What `RunConfig.to_plain` gave, read back; of a task whose package is not here, as it stands.

    Version 0.1 wrote nothing of early stopping where there was none.

    Raises:
        ValidationError: It did not give this.
    """
    named = plain.get("task")
    task, settings = next(iter(named.items()), ("", None)) if isinstance(named, dict) else (named, None)
    try:
        kinds = registry.sections(str(task))
    except TaskError:
        kinds = (OpenSection, OpenSection)
    schema = RunConfig[kinds[0], kinds[1]]  # type: ignore[valid-type]  # they are known only now
    train = plain.get("train")
    trained = {"train": {"early_stopping": None, **train}} if isinstance(train, dict) else {}
    config: AnyConfig = schema.model_validate({**plain, **trained, "task": task, "settings": settings or {}})
    return config
