"""Fine-tune language models from one notebook cell: `%load_ext ft_magics`, then `%%finetune`."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ft_magics.evaluation.entities.evaluate import entity_report
    from ft_magics.evaluation.entities.report import EntityReport
    from ft_magics.evaluation.knowledge_graph import KnowledgeGraph
    from ft_magics.runs.run import Run
    from ft_magics.studies.graph import graph
    from ft_magics.studies.reading import load
    from ft_magics.studies.seeds import SeedStudy
    from ft_magics.studies.transfer import TransferStudy
    from ft_magics.tasks.classify.answer import Classification
    from ft_magics.tasks.evaluating import evaluate
    from ft_magics.tasks.ner.answer import Entity
    from ft_magics.tasks.relation.answer import Relation

__all__ = [
    "Classification",
    "Entity",
    "EntityReport",
    "KnowledgeGraph",
    "Relation",
    "Run",
    "SeedStudy",
    "TransferStudy",
    "entity_report",
    "evaluate",
    "graph",
    "load",
    "load_ipython_extension",
    "unload_ipython_extension",
]

__version__ = "0.1.0"

_HOMES = {
    "Classification": "ft_magics.tasks.classify.answer",
    "Entity": "ft_magics.tasks.ner.answer",
    "EntityReport": "ft_magics.evaluation.entities.report",
    "KnowledgeGraph": "ft_magics.evaluation.knowledge_graph",
    "Relation": "ft_magics.tasks.relation.answer",
    "Run": "ft_magics.runs.run",
    "SeedStudy": "ft_magics.studies.seeds",
    "TransferStudy": "ft_magics.studies.transfer",
    "entity_report": "ft_magics.evaluation.entities.evaluate",
    "evaluate": "ft_magics.tasks.evaluating",
    "graph": "ft_magics.studies.graph",
    "load": "ft_magics.studies.reading",
}


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used: torch takes a second, `%load_ext` must not."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What `%load_ext ft_magics` does."""
    from ft_magics.magics.extension import load_extension  # noqa: PLC0415  # only a notebook needs the magics

    load_extension(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """What `%unload_ext ft_magics` does: takes back all that loading did."""
    from ft_magics.magics.extension import unload_extension  # noqa: PLC0415  # only a notebook needs the magics

    unload_extension(shell)
