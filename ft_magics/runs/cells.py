"""A cell's body, or a run's config.yaml → its config, with the sections of the task and the methods that it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ft_magics.config import cell
from ft_magics.config.methods import DEFAULT_METHOD, in_order, method_section
from ft_magics.config.names import TASK_SYNONYMS
from ft_magics.config.objectives import as_parts, joined_name
from ft_magics.config.schema import AnyConfig, PretrainConfig, RunConfig, ScratchConfig
from ft_magics.config.section import OpenSection, Section
from ft_magics.errors import MethodError, TaskError
from ft_magics.tasks import registry
from ft_magics.tuning import registry as methods

__all__ = ["FINETUNE", "PRETRAIN", "config_of", "kind_of", "parse_cell", "schema_of"]


class _Tasks:
    schema: type[AnyConfig] = RunConfig
    magic = "%%finetune"

    def elsewhere(self, name: str) -> str | None:
        name = name.lower()
        parts = _with_others(name)
        if name not in registry.objective_names() and not parts:
            return None
        written = f"[{', '.join(parts[0])}]" if parts else name
        return f"`{name}` is an objective of pre-training; write `%%pretrain NAME` and `objective: {written}`"

    def names(self) -> Sequence[str]:
        return registry.task_names()

    def schema_of(self, name: str) -> type[AnyConfig]:
        return schema_of(name)

    def joined(self) -> Mapping[str, Sequence[str]]:
        return {}

    def sections(self, name: str) -> tuple[type[Section], type[Section]]:
        return registry.sections(name)


class _Objectives:
    schema: type[AnyConfig] = PretrainConfig
    magic = "%%pretrain"

    def elsewhere(self, name: str) -> str | None:
        if parts := _with_others(name.lower()):
            lists = " or ".join(f"`objective: [{', '.join(each)}]`" for each in parts)
            return f"`{name.lower()}` is trained together with another objective; write {lists}"
        name = TASK_SYNONYMS.get(name.lower(), name)
        if name not in registry.task_names():
            return None
        return f"`{name}` is a task, which needs labels; write `%%finetune NAME` and `task: {name}`"

    def names(self) -> Sequence[str]:
        return registry.objective_names()

    def schema_of(self, name: str) -> type[AnyConfig]:
        return PretrainConfig

    def joined(self) -> Mapping[str, Sequence[str]]:
        return registry.joined_objectives()

    def sections(self, name: str) -> tuple[type[Section], type[Section]]:
        return registry.sections(name)


def schema_of(name: str) -> type[AnyConfig]:
    """Of a whole cell that names this task or objective; that of any task for a name that nobody knows."""
    if name in {*registry.objective_names(), *registry.joined_objectives()}:
        return PretrainConfig
    return ScratchConfig if registry.begins_from_nothing(name) else RunConfig


def _with_others(name: str) -> list[Sequence[str]]:
    """The lists that an objective which does not stand alone is a part of."""
    alone = registry.objective_names()
    return [parts for parts in registry.joined_objectives().values() if name in parts and name not in alone]


FINETUNE, PRETRAIN = _Tasks(), _Objectives()


class _Methods:
    def names(self) -> Sequence[str]:
        return methods.method_names()

    def section(self, name: str) -> type[Section]:
        return methods.section(name)

    def refuse_together(self, names: Sequence[str]) -> str | None:
        return methods.refuse_together(names)


def parse_cell(
    text: str,
    namespace: Mapping[str, Any],
    overrides: Iterable[str] = (),
    kind: cell.Tasks = FINETUNE,
    *,
    recorded: Mapping[str, Any] | None = None,
) -> AnyConfig:
    """Read a cell's body; see `config.cell.parse_cell`.

    Args:
        text: YAML 1.2.
        namespace: Where `$name` is looked up.
        overrides: `key=value` texts of `--set`.
        kind: Of which magic: `FINETUNE` or `PRETRAIN`.
        recorded: Settings of a run that hold where the cell says nothing.

    Raises:
        CellError: With every mistake in the cell, each with its line.
    """
    return cell.parse_cell(text, namespace, overrides, kind, _Methods(), recorded=recorded)


def kind_of(config: AnyConfig | None) -> cell.Tasks:
    """Of which magic a run is, by its config."""
    return PRETRAIN if isinstance(config, PretrainConfig) else FINETUNE


def config_of(plain: Mapping[str, Any]) -> AnyConfig:
    """What `RunConfig.to_plain` gave, read back; of a task or method whose package is not here, as it stands.

    Version 0.1 wrote nothing of early stopping where there was none.

    Raises:
        ValidationError: It did not give this.
    """
    kind = PretrainConfig if PretrainConfig.word in plain else RunConfig
    named = plain.get(kind.word)
    parts = as_parts(named)
    task, settings = next(iter(parts.items()), ("", None))
    if len(parts) > 1:
        task, settings = joined_name(list(parts), registry.joined_objectives()) or " and ".join(parts), parts
    try:
        kinds = registry.sections(str(task))
    except TaskError:
        kinds = (OpenSection, OpenSection)
    said = plain.get("method", DEFAULT_METHOD)
    method = said if isinstance(said, dict) else {str(said): {}}
    sections = in_order({str(name): _settings_of(str(name)) for name in method}, methods.method_names())
    whole: Any = kind if kind is PretrainConfig else schema_of(str(task))
    schema: Any = whole.__class_getitem__((*kinds, method_section(**sections)))  # they are known only now
    train = plain.get("train")
    trained = {"train": {"early_stopping": None, **train}} if isinstance(train, dict) else {}
    others = {name: value for name, value in plain.items() if name != kind.word}
    config: AnyConfig = schema.model_validate(
        {**others, **trained, "task": task, "settings": settings or {}, "method": method}
    )
    return config


def _settings_of(method: str) -> type[Section]:
    try:
        return methods.section(method)
    except MethodError:
        return OpenSection
