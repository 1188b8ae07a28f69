"""A cell's body, or a run's config.yaml → its config, with the sections of the task and the methods that it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ft_magics.config import cell
from ft_magics.config.methods import DEFAULT_METHOD, in_order, method_section
from ft_magics.config.schema import AnyConfig, RunConfig
from ft_magics.config.section import OpenSection, Section
from ft_magics.errors import MethodError, TaskError
from ft_magics.tasks import registry
from ft_magics.tuning import registry as methods

__all__ = ["config_of", "parse_cell"]


class _Tasks:
    def names(self) -> Sequence[str]:
        return registry.task_names()

    def sections(self, name: str) -> tuple[type[Section], type[Section]]:
        return registry.sections(name)


class _Methods:
    def names(self) -> Sequence[str]:
        return methods.method_names()

    def section(self, name: str) -> type[Section]:
        return methods.section(name)

    def refuse_together(self, names: Sequence[str]) -> str | None:
        return methods.refuse_together(names)


def parse_cell(text: str, namespace: Mapping[str, Any], overrides: Iterable[str] = ()) -> AnyConfig:
    """Read a cell's body; see `config.cell.parse_cell`.

    Raises:
        CellError: With every mistake in the cell, each with its line.
    """
    return cell.parse_cell(text, namespace, overrides, _Tasks(), _Methods())


def config_of(plain: Mapping[str, Any]) -> AnyConfig:
    """What `RunConfig.to_plain` gave, read back; of a task or method whose package is not here, as it stands.

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
    said = plain.get("method", DEFAULT_METHOD)
    method = said if isinstance(said, dict) else {str(said): {}}
    sections = in_order({str(name): _settings_of(str(name)) for name in method}, methods.method_names())
    schema: Any = RunConfig.__class_getitem__((*kinds, method_section(**sections)))  # they are known only now
    train = plain.get("train")
    trained = {"train": {"early_stopping": None, **train}} if isinstance(train, dict) else {}
    config: AnyConfig = schema.model_validate(
        {**plain, **trained, "task": task, "settings": settings or {}, "method": method}
    )
    return config


def _settings_of(method: str) -> type[Section]:
    try:
        return methods.section(method)
    except MethodError:
        return OpenSection
