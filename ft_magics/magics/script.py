"""`%ft script NAME [PATH]`: the plain Python of a run, as a cell below or in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.config.schema import AnyConfig
from ft_magics.display.host import find_host
from ft_magics.errors import CellError, RunError
from ft_magics.events import ThreadsChosen
from ft_magics.magics.names import find_one
from ft_magics.magics.next_cell import write_below
from ft_magics.magics.session import Session
from ft_magics.runs.cells import kind_of, parse_cell
from ft_magics.runs.run import Run
from ft_magics.training.launch import prepare_in_turn
from ft_magics.training.random_state import random_state_kept

if TYPE_CHECKING:
    from ft_magics.training.script import Script

__all__ = ["write_script"]


def write_script(session: Session, name: str, path: str | None = None) -> None:
    """Write the script of a run, or of a cell that was tried with `--dry-run`.

    Args:
        session: Of the shell.
        name: Of the run.
        path: Of a file; None for a cell below, and in a terminal for the screen.

    Raises:
        RunError: There is no such run, its settings cannot be read any more, or the file cannot be written.
        TaskError: The task or the method is not written in plain Python.
    """
    config, threads, called = _meant(session, name)
    with random_state_kept():
        prepared = prepare_in_turn(config)
        from ft_magics.training.script import script_of  # noqa: PLC0415  # torch only where there is such a run

        script = script_of(called, prepared, threads=threads)
    _write_files(Path(), script.files)  # a script is run from the notebook's folder
    beside = f" Its data are in {', '.join(script.files)}: no plain reader reads them as the run does." * bool(
        script.files
    )
    needs = f"needs {', '.join(script.needs)}, and not ft_magics.{beside}"
    if path:
        _write_file(Path(path).expanduser(), script, called)
        print(f"{path} is the plain Python of {called}; it {needs}")
    elif find_host(session.shell) == "widget":
        write_below(session, script.text, f"Written below: the plain Python of {called}; it {needs}")
    else:
        print(script.text)


def _meant(session: Session, name: str) -> tuple[AnyConfig, int | None, str]:
    """The config, the processor's threads and the name of what a name means; a cell that was only tried comes first.

    Raises:
        RunError: There is no such run, or its settings cannot be read any more.
    """
    tried = session.tried.get(name)
    if tried is not None:
        return tried, _asked(tried), name
    run = find_one(name, session.namespace)
    try:
        config = parse_cell(run.folder.config_text(), session.namespace, kind=kind_of(run.config))
    except CellError as error:
        faults = "; ".join(f"{problem.where}: {problem.text}" for problem in error.problems)
        raise RunError(f"the settings of {run.name} ({run.folder.shown}/config.yaml) hold no more: {faults}") from error
    return config, _used(run) or _asked(config), str(run.name)


def _asked(config: AnyConfig) -> int | None:
    threads = config.train.threads
    return threads if isinstance(threads, int) else None


def _used(run: Run) -> int | None:
    """The threads that a run chose; None for one that had no choice."""
    return next((event.threads for event in reversed(run.events) if isinstance(event, ThreadsChosen)), None)


def _write_files(folder: Path, files: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    for name, examples in files.items():
        path = folder / name
        text = "".join(json.dumps(example, ensure_ascii=False) + "\n" for example in examples)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise RunError(f"{path} cannot be written: {error.strerror}; name a file elsewhere") from error


def _write_file(path: Path, script: Script, name: str) -> None:
    """Write the script; a file that is something else stays."""
    mark = script.text.partition("\n")[0].partition("`, ")[0]
    try:
        if path.is_dir():
            raise RunError(f"{path} is a folder; name a file in it, such as {path / f'{name}.py'}")
        if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(mark):
            raise RunError(f"{path} is there and is no script of {name}, so it is not touched; name another file")
        path.write_text(script.text, encoding="utf-8")
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror}") from error
