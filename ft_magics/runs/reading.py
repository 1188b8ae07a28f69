"""`ft_magics.load`: a run comes back from its folder."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from ft_magics.errors import FineTuneError, RunError
from ft_magics.events import RunStarted
from ft_magics.runs.cells import config_of
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.run import Run
from ft_magics.runs.saving import INSIDE_SAVED

__all__ = ["load"]


def load(path: str | Path) -> Run:
    """Bring a run back, from its own folder or from one that `Run.save` wrote.

    Raises:
        RunError: There is no run in the folder, or its files are broken.
    """
    try:
        where = Path(path).expanduser()
    except (TypeError, RuntimeError) as error:
        raise RunError(f"{path!r:.60} is no folder: {error}") from error
    inside = where / INSIDE_SAVED
    folder = RunFolder(inside if inside.is_dir() else where)
    if inside.is_dir():
        folder.model = where
    try:
        return _read_back(where, folder)
    except FineTuneError:
        raise
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise RunError(f"{where}: the run's files cannot be read ({type(error).__name__}: {reason})") from error


def _read_back(where: Path, folder: RunFolder) -> Run:
    events = folder.read_events()
    if not events:
        hint = (
            "; for a model without a run use `%evaluate path --data file`" if (where / "config.json").is_file() else ""
        )
        raise RunError(f"{where} holds no run (no readable events.jsonl){hint}")
    started = next((event for event in events if isinstance(event, RunStarted)), None)
    plain = folder.read_config()
    try:
        config = config_of(plain) if plain else None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        fault = f"{'.'.join(map(str, first['loc']))}: {first['msg']:.200}"
        where = folder.shown / "config.yaml"
        raise RunError(f"{where} does not hold a run's settings ({fault}); was it edited?") from error
    run = Run(started.name if started else where.name, folder, config)
    run.finished.set()
    return run
