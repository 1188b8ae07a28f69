"""What is frozen, computed once for each row of train and dev, before the first step."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from ft_magics.events import Notice
from ft_magics.models.frozen_bottom import FrozenBottom
from ft_magics.models.kept_states import KeptStates
from ft_magics.models.memory import free_bytes, free_memory, is_out_of_memory
from ft_magics.models.omp_threads import own_number_of_threads
from ft_magics.runs.full_disk import is_disk_full
from ft_magics.runs.predictor import TrainedModel
from ft_magics.training.batches import token_counts
from ft_magics.training.callback import RunCallback
from ft_magics.training.guard import say_with_care
from ft_magics.training.prepare import Prepared

__all__ = ["computed_states", "frozen_once", "wanted_features"]

_MOST_OF_MEMORY = 0.25  # of what is free; the rest is for the training, and for others
_LEFT_ON_DISK_BYTES = 1 << 30
_LONG_S = 10.0  # after which people want to know what is being done
_MOST_AT_ONCE = 8  # batches that are computed at the same time: each takes memory

_Part = tuple[Sequence[Any], torch.Tensor, dict[str, torch.Tensor]]  # rows, their mask, their states


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
        with callback.throughput.between_steps():
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
    workers: int = 1,
    stopping: Callable[[], bool] = lambda: False,
) -> KeptStates:
    """What the bottom gives for each row; the bottom is in use.

    The batches are those of an evaluation, longest rows first, so that they depend on nothing but the rows.

    Args:
        trained: The model.
        bottom: Of it.
        splits: Rows, by the names of their splits.
        folder: For a file that holds the states; None for memory.
        workers: How many cores may compute.
        stopping: Asked before each batch.
    """
    kept = KeptStates(bottom.kinds, rows=_rows(splits), tokens=_tokens(splits), folder=folder)
    trained.model.to(trained.device)
    try:
        for features in splits.values():
            _keep_all(trained, bottom, _batches(features, trained.batch_size, stopping), kept, workers)
        kept.finish()
    except BaseException:
        kept.close()
        raise
    return kept


def _batches(features: Sequence[Any], size: int, stopping: Callable[[], bool]) -> Iterator[list[Any]]:
    """Rows of like length, the longest first."""
    lengths = token_counts(features)
    order = sorted(range(len(features)), key=lambda at: -lengths[at])
    for begin in range(0, len(order), size):
        if stopping():
            raise _Stopped
        yield [features[at] for at in order[begin : begin + size]]


def _keep_all(
    trained: TrainedModel, bottom: FrozenBottom, batches: Iterable[list[Any]], kept: KeptStates, workers: int
) -> None:
    """Keep the states of some batches. Each is computed with one thread of torch's, several of them at once.

    So the digits do not depend on how many cores there are, and no thread waits for another one at a barrier.
    """
    coming: deque[Future[list[_Part]]] = deque()
    on_cpu = trained.device == "cpu"
    at_once = max(1, min(workers, _MOST_AT_ONCE)) if on_cpu else 1
    settings: dict[str, Any] = {"initializer": torch.set_num_threads, "initargs": (1,)} if on_cpu else {}
    with own_number_of_threads(), ThreadPoolExecutor(at_once, "ft_magics-frozen", **settings) as pool:
        try:
            for chosen in batches:
                coming.append(pool.submit(_parts, trained, bottom, chosen))
                if len(coming) > at_once:
                    _keep(kept, coming.popleft())
            while coming:
                _keep(kept, coming.popleft())
        finally:
            pool.shutdown(cancel_futures=True)


def _keep(kept: KeptStates, done: Future[list[_Part]]) -> None:
    for chosen, mask, states in done.result():
        kept.add(chosen, mask, states)


def _parts(trained: TrainedModel, bottom: FrozenBottom, chosen: Sequence[Any]) -> list[_Part]:
    """The states of a batch, in one part, or in smaller ones where memory does not hold it."""
    try:
        return [_part(trained, bottom, chosen)]
    except Exception as error:
        if not is_out_of_memory(error) or len(chosen) == 1:
            raise
    free_memory()  # the error is gone, whose frames hold the batch
    half = len(chosen) // 2
    return _parts(trained, bottom, chosen[:half]) + _parts(trained, bottom, chosen[half:])


def _part(trained: TrainedModel, bottom: FrozenBottom, chosen: Sequence[Any]) -> _Part:
    batch = trained.task.collate(chosen, trained.spec)
    inputs = {name: item.to(trained.device) for name, item in batch.items() if name != "labels"}
    with trained.autocast():
        return chosen, batch["attention_mask"].bool(), bottom.run(inputs)


def _kept(callback: RunCallback, bottom: FrozenBottom) -> KeptStates | None:
    """The states; None where there is no room for them, or a stop was requested meanwhile."""
    folder, say = callback.folder.path, say_with_care(callback.emit)
    splits = wanted_features(callback.prepared, whole_dev=callback.dev.part.is_whole)
    size = bottom.bytes_for(rows=_rows(splits), tokens=_tokens(splits))
    what = f"the frozen part ({bottom.title})"
    rows = " and ".join(f"{len(features):,} rows of {name}" for name, features in splits.items())
    in_memory = size <= _MOST_OF_MEMORY * free_bytes("cpu")
    began = time.monotonic()
    told = False

    def stopping() -> bool:
        nonlocal told
        if not told and time.monotonic() - began > _LONG_S:
            told = True
            say(lambda: Notice(level="info", text=f"{what} is being computed once for {rows}; then the steps begin"))
        return callback.steering.stopping

    kept = None
    if in_memory or shutil.disk_usage(folder).free >= size + _LEFT_ON_DISK_BYTES:
        place, workers = None if in_memory else folder, callback.threads.most
        try:
            kept = computed_states(
                callback.prepared.trained, bottom, splits, folder=place, workers=workers, stopping=stopping
            )
        except _Stopped:
            return None
        except OSError as error:
            if not is_disk_full(error):
                raise
    if kept is None:
        text = (
            f"what {what} gives for all rows takes {size / 1e9:.1f} GB, for which there is no room in memory or on the "
            f"disk of {folder}: it is computed in each step, without dropout too"
        )
        say(lambda: Notice(level="warning", text=text))
        return None
    text = (
        f"{what} was computed once for {rows}, without dropout: {kept.bytes / 1e6:,.1f} MB "
        f"{'in memory' if in_memory else 'on disk while it trains'}, {time.monotonic() - began:.1f} s; "
        "`train: {cache_frozen: false}` computes it in each step, with dropout"
    )
    say(lambda: Notice(level="info", text=text))
    return kept


def _rows(splits: Mapping[str, Sequence[Any]]) -> int:
    return sum(map(len, splits.values()))


def _tokens(splits: Mapping[str, Sequence[Any]]) -> int:
    return sum(int(sum(token_counts(features))) for features in splits.values())
