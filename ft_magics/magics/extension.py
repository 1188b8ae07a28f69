"""Loading and unloading: everything that loading adds to a shell, unloading takes back."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from IPython.core.interactiveshell import InteractiveShell

from ft_magics.magics.completion.inspection import Inspection
from ft_magics.magics.completion.matcher import Completion
from ft_magics.magics.evaluate import EvaluateMagics
from ft_magics.magics.finetune import FinetuneMagics
from ft_magics.magics.first_line import magic_first
from ft_magics.magics.ft import FtMagics
from ft_magics.magics.ner_eval import NerEvalMagics
from ft_magics.magics.predict import PredictMagics, with_a_body
from ft_magics.magics.pretrain import PretrainMagics
from ft_magics.magics.session import Session

__all__ = ["load_extension", "unload_extension"]

_MAGICS = (EvaluateMagics, FinetuneMagics, FtMagics, NerEvalMagics, PredictMagics, PretrainMagics)
_TRANSFORMERS = (magic_first, with_a_body)
_REPORTS = (
    ("ft_magics.evaluation.entities.report", "EntityReport"),
    ("ft_magics.evaluation.entities.comparison", "Comparison"),
    ("ft_magics.evaluation.answers.report", "AnswerReport"),
    ("ft_magics.evaluation.labels.report", "LabelReport"),
    ("ft_magics.evaluation.language.report", "LanguageReport"),
    ("ft_magics.evaluation.numbers.report", "NumberReport"),
    ("ft_magics.evaluation.relations.report", "RelationReport"),
    ("ft_magics.evaluation.texts.report", "TextReport"),
    ("ft_magics.evaluation.comparison", "TallyComparison"),
    ("ft_magics.display.run_comparison", "RunComparison"),
    ("ft_magics.evaluation.over_seeds", "SeedsReport"),
    ("ft_magics.evaluation.transfer", "TransferReport"),
)
_RUNS = (
    ("ft_magics.runs.run", "Run"),
    ("ft_magics.studies.seeds", "SeedStudy"),
    ("ft_magics.studies.transfer", "TransferStudy"),
)
_sessions: WeakKeyDictionary[InteractiveShell, Session] = WeakKeyDictionary()
_assistants: WeakKeyDictionary[InteractiveShell, tuple[Completion, Inspection]] = WeakKeyDictionary()


def load_extension(shell: InteractiveShell) -> None:
    """Register the magics, and how runs and reports are drawn when they end a cell."""
    session = _sessions[shell] = Session(shell)
    for magics in _MAGICS:
        shell.register_magics(magics(session))
    for assistant in _assistants.pop(shell, ()):
        assistant.remove()
    assistants = _assistants[shell] = _assist(shell)
    for assistant in assistants:
        assistant.install()
    cleanup = shell.input_transformers_cleanup
    cleanup[:] = [*_TRANSFORMERS, *(item for item in cleanup if item not in _TRANSFORMERS)]
    # By name, so that neither class is imported before one of its objects exists.
    formatter = _formatter(shell)
    for report in _REPORTS:
        formatter.for_type_by_name(*report, session.draw_report)
    for run in _RUNS:
        formatter.for_type_by_name(*run, session.draw_run)


def unload_extension(shell: InteractiveShell) -> None:
    """Take all of that back."""
    _sessions.pop(shell, None)
    for assistant in _assistants.pop(shell, ()):
        assistant.remove()
    manager = shell.magics_manager
    for magics in _MAGICS:
        manager.registry.pop(magics.__name__, None)
        for kind, names in magics.magics.items():
            for name in names:
                manager.magics[kind].pop(name, None)
    cleanup = shell.input_transformers_cleanup
    cleanup[:] = [item for item in cleanup if item not in _TRANSFORMERS]
    # IPython lists each object of magics for %config, and forgets none.
    shell.configurables[:] = [item for item in shell.configurables if not isinstance(item, _MAGICS)]
    for module, name in (*_REPORTS, *_RUNS):
        _formatter(shell).pop(f"{module}.{name}", None)


def _assist(shell: InteractiveShell) -> tuple[Completion, Inspection]:
    """What answers Tab and Shift+Tab; the magics of a line and of a cell share a parser by name."""
    ours = {
        name: getattr(magics, method)
        for magics in _MAGICS
        for names in magics.magics.values()
        for name, method in names.items()
    }
    return Completion(shell, ours), Inspection(shell, ours)


def _formatter(shell: InteractiveShell) -> Any:
    formatters: Any = shell.display_formatter
    return formatters.ipython_display_formatter
