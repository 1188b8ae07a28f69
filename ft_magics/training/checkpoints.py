"""What a run goes on from after its process died: whole or not at all.

The Trainer writes model, optimizer, scheduler, random states and its own state; this adds what is ours (the best model
so far, how long it has not been bettered, counts) and, last of all, a mark that says that everything is on the disk. A
folder without the mark is never chosen. Old ones go when the new one is whole.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ft_magics.errors import RunError
from ft_magics.training.folder import to_disk

__all__ = ["Checkpoints", "Resumption"]

_STATE = "ft_magics.json"  # written last: the mark
_BEST = "best"


@dataclass(frozen=True, slots=True)
class Resumption:
    """Where a run goes on from.

    Args:
        checkpoint: The folder; None for the beginning.
        step: Of the checkpoint.
        epoch: Of the checkpoint.
        elapsed_s: Of the training up to there.
    """

    checkpoint: Path | None
    step: int
    epoch: float
    elapsed_s: float


class Checkpoints:
    """The checkpoints of one run.

    Args:
        folder: `checkpoints/` of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, step: int) -> Path:
        """Where the Trainer writes the checkpoint of a step."""
        return self.folder / f"checkpoint-{step}"

    def whole(self) -> list[Path]:
        """Those that are whole, oldest first."""
        found = [path for path in self.folder.glob("checkpoint-*") if (path / _STATE).is_file()]
        return sorted(found, key=lambda path: int(path.name.rpartition("-")[2]))

    def newest(self) -> Path | None:
        """The one to go on from."""
        return next(reversed(self.whole()), None)

    def seal(self, step: int, state: Mapping[str, Any], best: Path, keep: int) -> None:
        """Make what the Trainer wrote a whole checkpoint, and drop old ones.

        Args:
            step: Of the checkpoint.
            state: Ours, as plain data.
            best: The folder of the best model so far; it may not be there yet.
            keep: How many to keep.
        """
        here = self.path(step)
        if best.is_dir():
            _link_tree(best, here / _BEST)
        for path in (*here.rglob("*"), here, self.folder):
            to_disk(path)
        partial = here / f"{_STATE}.new"
        partial.write_text(json.dumps(state), encoding="utf-8")
        to_disk(partial)
        partial.replace(here / _STATE)
        to_disk(here)
        for old in self.whole()[:-keep]:
            (old / _STATE).unlink()  # first the mark: a half-removed one is no checkpoint
            shutil.rmtree(old, ignore_errors=True)

    def drop_torn(self) -> None:
        """Remove what was being written when the process died."""
        for path in self.folder.glob("checkpoint-*"):
            if not (path / _STATE).is_file():
                shutil.rmtree(path, ignore_errors=True)

    def choose(self, fingerprint: str) -> Resumption:
        """Where a run goes on from, after what a crash left half-written is gone.

        Args:
            fingerprint: Of the training data that it would go on with.

        Raises:
            RunError: The newest checkpoint is of other training data.
        """
        self.drop_torn()
        newest = self.newest()
        if newest is None:
            return Resumption(None, 0, 0.0, 0.0)
        state = self.read_state(newest)
        if state["data"] != fingerprint:
            raise RunError(
                f"the training data, or the tokenizer, are not those that {newest} was trained on, so it cannot go on; "
                "begin anew without `--resume`"
            )
        return Resumption(newest, int(state["step"]), float(state["epoch"]), float(state["elapsed_s"]))

    def read_state(self, checkpoint: Path) -> dict[str, Any]:
        """What `seal` was given.

        Raises:
            RunError: It cannot be read.
        """
        try:
            state: dict[str, Any] = json.loads((checkpoint / _STATE).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"{checkpoint / _STATE} cannot be read: {error}") from error
        return state

    def restore_best(self, checkpoint: Path, model: Path) -> None:
        """Put the best model back to what it was at a checkpoint."""
        if not (checkpoint / _BEST).is_dir():
            shutil.rmtree(model, ignore_errors=True)
            return
        fresh = model.with_name("model.new")
        shutil.rmtree(fresh, ignore_errors=True)
        _link_tree(checkpoint / _BEST, fresh)
        shutil.rmtree(model, ignore_errors=True)
        fresh.rename(model)


def _link_tree(source: Path, target: Path) -> None:
    """A copy that shares the files' blocks where the file system can: the files are replaced, never changed."""

    def link(from_: str, to: str) -> None:
        try:
            os.link(from_, to)
        except OSError:
            shutil.copy2(from_, to)

    shutil.copytree(source, target, copy_function=link)
