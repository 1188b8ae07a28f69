"""Loading and unloading: everything that loading adds to a shell, unloading takes back."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from IPython.core.interactiveshell import InteractiveShell

from ft_magics.magics.finetune import FinetuneMagics
from ft_magics.magics.ft import FtMagics
from ft_magics.magics.ner_eval import NerEvalMagics
from ft_magics.magics.session import Session

__all__ = ["load_extension", "unload_extension"]

_MAGICS = (FinetuneMagics, FtMagics, NerEvalMagics)
_REPORT = ("ft_magics.evaluation.report", "EntityReport")
_RUN = ("ft_magics.training.run", "Run")
_sessions: WeakKeyDictionary[InteractiveShell, Session] = WeakKeyDictionary()


def load_extension(shell: InteractiveShell) -> None:
    """Register the magics, and how runs and reports are drawn when they end a cell."""
    session = _sessions[shell] = Session(shell)
    for magics in _MAGICS:
        shell.register_magics(magics(session))
    # By name, so that neither class is imported before one of its objects exists.
    formatter = _formatter(shell)
    formatter.for_type_by_name(*_REPORT, lambda report: _draw_report(report, session))
    formatter.for_type_by_name(*_RUN, lambda run: _draw_run(run, session))


def unload_extension(shell: InteractiveShell) -> None:
    """Take all of that back."""
    _sessions.pop(shell, None)
    manager = shell.magics_manager
    for magics in _MAGICS:
        manager.registry.pop(magics.__name__, None)
        for kind, names in magics.magics.items():
            for name in names:
                manager.magics[kind].pop(name, None)
    for module, name in (_REPORT, _RUN):
        _formatter(shell).pop(f"{module}.{name}", None)


def _formatter(shell: InteractiveShell) -> Any:
    formatters: Any = shell.display_formatter
    return formatters.ipython_display_formatter


def _draw_report(report: Any, session: Session) -> None:
    from ft_magics.display.report_view import show_report  # noqa: PLC0415  # %load_ext stays quick

    if not session.just_shown(report):
        show_report(report, session.shell)


def _draw_run(run: Any, session: Session) -> None:
    from IPython.display import display  # noqa: PLC0415  # %load_ext stays quick

    from ft_magics.display.host import find_host  # noqa: PLC0415  # the same
    from ft_magics.display.pages import run_bundle  # noqa: PLC0415  # the same

    bundle = run_bundle(run)
    if find_host(session.shell) == "text":
        print(bundle["text/plain"])
    else:
        display(bundle, raw=True)
