"""What is frozen, computed once for each row of train and dev, before the first step."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from ft_magics.events import Notice
from ft_magics.models.frozen_bottom import FrozenBottom
from ft_magics.models.kept_states import KeptStates
from ft_magics.models.memory import free_bytes, free_memory, is_out_of_memory
from ft_magics.runs.full_disk import is_disk_full
from ft_magics.runs.predictor import TrainedModel
from ft_magics.training.batches import token_counts
from ft_magics.training.callback import RunCallback
from ft_magics.training.guard import say_with_care
from ft_magics.training.prepare import Prepared

__all__ = ["computed_states", "frozen_once", "wanted_features"]

_MOST_OF_MEMORY = 0.25  # of what is free; the rest is for the training, and for others
_LEFT_ON_DISK_BYTES = 1 << 30


class _Stopped(Exception):  # noqa: N818  # no error: a person does not want to wait
    """A stop was requested."""


@contextmanager
def frozen_once(callback: RunCallback) -> Iterator[None]:
    """In the block the frozen bottom of the model has done its work already, wherever memory or disk holds that.

    Where neither does, the bottom is computed in each step, without dropout all the same: what a run ends with does
    not depend on how much room there is.

    Args:
        callback: Of the run, whose training is about to begin.
    """
    bottom, trained = callback.prepared.frozen, callback.prepared.trained
    if bottom is None:
        yield
        return
    with bottom.in_use():
        with callback.threads.as_at_first(), callback.throughput.between_steps():
            kept = _kept(callback, bottom)
        trained.kept = kept
        try:
            yield
        finally:
            trained.kept = None
            if kept is not None:
                kept.close()


def wanted_features(prepared: Prepared, *, whole_dev: bool) -> dict[str, Sequence[Any]]:
    """The rows whose states are asked for more than once, by split."""
    return {
        name: prepared.features[name]
        for name in ("train", *(("dev",) if whole_dev else ()))
        if len(prepared.features.get(name, ()))
    }


def computed_states(
    trained: TrainedModel,
    bottom: FrozenBottom,
    splits: Mapping[str, Sequence[Any]],
    *,
    folder: Path | None,
    stopping: Callable[[], bool] = lambda: False,
) -> KeptStates:
    """What the bottom gives for each row; the bottom is in use.

    The batches are those of an evaluation, longest rows first, so that they depend on nothing but the rows.

    Args:
        trained: The model.
        bottom: Of it.
        splits: Rows, by the names of their splits.
        folder: For a file that holds the states; None for memory.
        stopping: Asked before each batch.
    """
    kept = KeptStates(bottom.kinds, rows=_rows(splits), tokens=_tokens(splits), folder=folder)
    trained.model.to(trained.device)
    try:
        for features in splits.values():
            _add_split(trained, bottom, features, kept, stopping)
        kept.finish()
    except BaseException:
        kept.close()
        raise
    return kept


def _add_split(
    trained: TrainedModel,
    bottom: FrozenBottom,
    features: Sequence[Any],
    kept: KeptStates,
    stopping: Callable[[], bool],
) -> None:
    lengths = token_counts(features)
    order = sorted(range(len(features)), key=lambda at: -lengths[at])
    size = trained.batch_size
    while order:
        if stopping():
            raise _Stopped
        chosen = [features[at] for at in order[:size]]
        batch = trained.task.collate(chosen, trained.spec)
        try:
            states = _states(trained, bottom, batch)
        except Exception as error:
            if not is_out_of_memory(error) or len(chosen) == 1:
                raise
            states = None  # the error's frames hold the batch
        if states is None:
            size = len(chosen) // 2
            free_memory()
            continue
        kept.add(chosen, batch["attention_mask"].bool(), states)
        del order[: len(chosen)]


def _states(trained: TrainedModel, bottom: FrozenBottom, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    inputs = {name: item.to(trained.device) for name, item in batch.items() if name != "labels"}
    with trained.autocast():
        return bottom.run(inputs)


def _kept(callback: RunCallback, bottom: FrozenBottom) -> KeptStates | None:
    """The states; None where there is no room for them, or a stop was requested meanwhile."""
    folder, say = callback.folder.path, say_with_care(callback.emit)
    splits = wanted_features(callback.prepared, whole_dev=callback.dev.part.is_whole)
    size = bottom.bytes_for(rows=_rows(splits), tokens=_tokens(splits))
    in_memory = size <= _MOST_OF_MEMORY * free_bytes("cpu")
    room = in_memory or shutil.disk_usage(folder).free >= size + _LEFT_ON_DISK_BYTES
    began = time.monotonic()
    kept = None
    if room:
        try:
            kept = computed_states(
                callback.prepared.trained,
                bottom,
                splits,
                folder=None if in_memory else folder,
                stopping=lambda: callback.steering.stopping,
            )
        except _Stopped:
            return None
        except OSError as error:
            if not is_disk_full(error):
                raise
    if kept is None:
        text = (
            f"what the frozen part ({bottom.title}) gives for all rows takes {size / 1e9:.1f} GB, for which there is no room in memory "
            f"or on the disk of {folder}: it is computed in each step, without dropout there"
        )
        say(lambda: Notice(level="warning", text=text))
        return None
    seconds = time.monotonic() - began
    rows = " and ".join(f"{len(features):,} rows of {name}" for name, features in splits.items())
    where = "in memory" if in_memory else "on disk while it trains"
    text = (
        f"the frozen part ({bottom.title}) was computed once for {rows}, without dropout: "
        f"{kept.bytes / 1e6:,.1f} MB {where}, {seconds:.1f} s; `train: {{cache_frozen: false}}` computes it in each "
        "step, with dropout"
    )
    say(lambda: Notice(level="info", text=text))
    return kept


def _rows(splits: Mapping[str, Sequence[Any]]) -> int:
    return sum(map(len, splits.values()))


def _tokens(splits: Mapping[str, Sequence[Any]]) -> int:
    return sum(int(sum(token_counts(features))) for features in splits.values())
