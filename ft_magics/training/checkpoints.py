"""What a run is resumed from after its process died: whole or not at all.

The Trainer writes model, optimizer, scheduler, random states and its own state; this adds what is ours (the best model
so far, how long it has not been bettered, counts) and, last of all, a mark that says that everything is on the disk. A
folder without the mark is never chosen. Old ones go when the new one is whole.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ft_magics.errors import RunError
from ft_magics.runs.files import open_new, read_text, remove_or_move_aside, to_disk
from ft_magics.runs.folder import is_model_file
from ft_magics.training.best import Best

__all__ = ["CheckpointState", "Checkpoints", "Resumption", "ThreadsState"]

_STATE = "run_state.json"  # written last: the mark
_STATE_OF_0_1 = "ft_magics.json"
_TRAINER_STATE = "trainer_state.json"
_BEST = "best"
_NAME = re.compile(r"checkpoint-\d{1,15}", re.ASCII)
_MOST = 10**15
_MOST_THREADS = 1 << 16


@dataclass(frozen=True, slots=True)
class Resumption:
    """Where a run is resumed from.

    Args:
        checkpoint: The folder; None for the beginning.
        step: Of the checkpoint.
        epoch: Of the checkpoint.
        elapsed_s: Of the training up to there, without pauses.
        paused_s: Of the pauses up to there.
        trained_rows: Of the embedding, where not all were trained up to there.
        frozen_once: Whether what is frozen was computed once up to there.
    """

    checkpoint: Path | None
    step: int
    epoch: float
    elapsed_s: float
    paused_s: float = 0.0
    trained_rows: int | None = None
    frozen_once: bool = False


class ThreadsState(BaseModel):
    """Which numbers of threads were tried, and which is taken; see `Threads`."""

    model_config = ConfigDict(allow_inf_nan=False)

    now: Annotated[int, Field(ge=1, le=_MOST_THREADS)]
    numbers: list[Annotated[int, Field(ge=1, le=_MOST_THREADS)]]
    steps: list[tuple[Annotated[int, Field(ge=1, le=_MOST_THREADS)], int, float]]
    best: float | None
    plan: list[Annotated[int, Field(ge=1, le=_MOST_THREADS)]] = []
    used: list[Annotated[int, Field(ge=1, le=_MOST_THREADS)]] = []


class CheckpointState(BaseModel):
    """What a resumed run needs beside what the Trainer keeps.

    Attributes:
        step: Of the checkpoint.
        epoch: Of the checkpoint.
        best: The best evaluation so far.
        tokens: Trained on so far.
        elapsed_s: Of the training so far, without pauses.
        paused_s: Of the pauses so far; 0 in versions that did not count them.
        evaluated_at: The step of the newest evaluation; -1 without one.
        first_loss: What later losses are compared with.
        data: The fingerprint of the training data.
        base: The hash of the base, where only what is trained is kept; None where all is.
        threads: What was measured with which number; None in versions that did not measure.
        trained_rows: Of the embedding, where not all are trained; None where all are.
        frozen_once: Whether what is frozen is computed once, without dropout; older versions never did that.
    """

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    step: Annotated[int, Field(ge=0, le=_MOST)]
    epoch: Annotated[float, Field(ge=0, le=_MOST)]
    best: Best
    tokens: Annotated[int, Field(ge=0)]
    elapsed_s: Annotated[float, Field(ge=0, le=_MOST)]
    evaluated_at: Annotated[int, Field(ge=-1, le=_MOST)]
    first_loss: float | None
    data: str
    paused_s: Annotated[float, Field(ge=0, le=_MOST)] = 0.0
    base: str | None = None
    threads: ThreadsState | None = None
    trained_rows: Annotated[int, Field(ge=1, le=_MOST)] | None = None
    frozen_once: bool = False

    @field_validator("best", mode="before")
    @classmethod
    def _of_0_1(cls, best: Any) -> Any:
        """Version 0.1 knew one metric, and called its value by its name."""
        return {**best, "value": best["f1"]} if isinstance(best, dict) and "f1" in best else best


class _TrainerState(BaseModel):
    """The part of the Trainer's own state that resuming computes with."""

    global_step: Annotated[int, Field(ge=0, le=_MOST)]
    epoch: Annotated[float, Field(ge=0, le=_MOST)] | None
    max_steps: Annotated[int, Field(ge=0, le=_MOST)]
    log_history: list[dict[str, Any]]


_Model = TypeVar("_Model", bound=BaseModel)


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
        found = [path for path in self._all() if _state_of(path).is_file()]
        return sorted(found, key=lambda path: int(path.name.rpartition("-")[2]))

    def _all(self) -> list[Path]:
        """Folders that are checkpoints by their names; nothing that a link leads to, which is another's."""
        if self.folder.is_symlink() or not self.folder.is_dir():
            return []
        named = (path for path in self.folder.iterdir() if _NAME.fullmatch(path.name))
        return [path for path in named if path.is_dir() and not path.is_symlink()]

    def newest(self) -> Path | None:
        """The one to resume from."""
        return next(reversed(self.whole()), None)

    def seal(self, step: int, state: CheckpointState, best: Path, keep: int) -> None:
        """Make what the Trainer wrote a whole checkpoint, and drop old ones.

        Args:
            step: Of the checkpoint.
            state: Ours.
            best: The folder of the best model so far; it may not be there yet.
            keep: How many to keep.
        """
        here = self.path(step)
        if best.is_dir():
            _link_tree(best, here / _BEST)
        for path in (*here.rglob("*"), here, self.folder):
            to_disk(path)
        partial = here / f"{_STATE}.new"
        with open_new(partial) as stream:
            stream.write(state.model_dump_json())
        to_disk(partial)
        partial.replace(here / _STATE)
        to_disk(here)
        for old in self.whole()[:-keep]:
            _state_of(old).unlink()  # first the mark: a half-removed one is no checkpoint
            shutil.rmtree(old, ignore_errors=True)

    def drop_torn(self) -> None:
        """Remove what was being written when the process died."""
        for path in self._all():
            if not _state_of(path).is_file():
                shutil.rmtree(path, ignore_errors=True)

    def choose(self, fingerprint: str, base: str | None = None) -> Resumption:
        """Where a run is resumed from, after what a crash left half-written is gone.

        Args:
            fingerprint: Of the training data that it would resume with.
            base: The hash of the base that it would resume with; None where checkpoints hold the whole model.

        Raises:
            RunError: The newest checkpoint is of other training data, or of another base.
        """
        self.drop_torn()
        newest = self.newest()
        if newest is None:
            return Resumption(None, 0, 0.0, 0.0)
        state = self.read_state(newest)
        if state.data != fingerprint:
            raise RunError(
                f"the training data, or the tokenizer, are not those that {newest} was trained on, so it cannot be "
                "resumed; start again without `--resume`"
            )
        if base is not None and state.base != base:
            raise RunError(
                f"the weights or the tokenizer of its base have changed since {newest} was written, so it cannot be "
                "resumed; put back those that it was tuned from, or start again without `--resume`"
            )
        return Resumption(
            newest,
            state.step,
            state.epoch,
            state.elapsed_s,
            paused_s=state.paused_s,
            trained_rows=state.trained_rows,
            frozen_once=state.frozen_once,
        )

    def read_state(self, checkpoint: Path) -> CheckpointState:
        """What `seal` was given, and what the Trainer wrote beside it is seen to be readable.

        Raises:
            RunError: It cannot be read.
        """
        _read(checkpoint / _TRAINER_STATE, _TrainerState)
        return _read(_state_of(checkpoint), CheckpointState)

    def restore_best(self, checkpoint: Path, model: Path) -> None:
        """Put the best model back to what it was at a checkpoint."""
        if not (checkpoint / _BEST).is_dir():
            remove_or_move_aside(model, is_model_file)
            return
        fresh = model.with_name("model.new")
        remove_or_move_aside(fresh, is_model_file)
        _link_tree(checkpoint / _BEST, fresh)
        remove_or_move_aside(model, is_model_file)
        fresh.rename(model)


def _read(path: Path, schema: type[_Model]) -> _Model:
    try:
        return schema.model_validate_json(read_text(path))
    except RunError as error:
        fault = str(error)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        fault = f"{path} does not hold what a run writes ({'.'.join(map(str, first['loc']))}: {first['msg']:.200})"
    raise RunError(f"{fault}. Remove the folder {path.parent}, and the run resumes from the checkpoint before it")


def _state_of(checkpoint: Path) -> Path:
    old = checkpoint / _STATE_OF_0_1
    return old if old.is_file() else checkpoint / _STATE


def _link_tree(source: Path, target: Path) -> None:
    """A copy that shares the files' blocks where the file system can: the files are replaced, never changed."""

    def link(from_: str, to: str) -> None:
        try:
            os.link(from_, to)
        except OSError:
            shutil.copy2(from_, to)

    shutil.copytree(source, target, copy_function=link)
