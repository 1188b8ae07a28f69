"""What ended a training, as a person needs it: a full disk, memory that ran out, a checkpoint that cannot be read."""

from __future__ import annotations

from pathlib import Path

from ft_magics.errors import FineTuneError, TrainingError, drop_frames
from ft_magics.models.memory import free_bytes, free_memory, is_out_of_memory
from ft_magics.runs.folder import shown_path
from ft_magics.runs.full_disk import how_full, is_disk_full
from ft_magics.training.batches import most_rows
from ft_magics.training.callback import RunCallback
from ft_magics.training.checkpoints import Checkpoints
from ft_magics.training.memory_need import memory_advice
from ft_magics.training.prepare import Prepared

__all__ = ["explained"]


def explained(error: Exception, callback: RunCallback, checkpoint: Path | None) -> TrainingError | None:
    """An error of a training as a person needs it; None for one to be taken as it is.

    Args:
        error: What ended it. Where memory or disk ran out, its frames are dropped, which hold what took the room.
        callback: Of the training.
        checkpoint: The one that it resumed from; None for a new run.
    """
    return _out_of_room(error, callback) or _broken(error, checkpoint, callback)


def _out_of_room(error: Exception, callback: RunCallback) -> TrainingError | None:
    """Disk or memory ran out, and what to do."""
    prepared, folder = callback.prepared, callback.folder
    if not folder.is_there:
        return None
    newest = Checkpoints(folder.checkpoints).newest()
    kept = f"The last whole checkpoint is {newest.name}" if newest else "There is no checkpoint yet"
    if is_disk_full(error):
        state = how_full(error, folder.path)
        drop_frames(error)  # they hold open what could not be written to its end; not everywhere could it go then
        Checkpoints(folder.checkpoints).drop_torn()
        return TrainingError(
            f"the disk that holds {folder.path} {state}, so training stopped. {kept}; make room, then resume with "
            f"`%ft resume {folder.handle}`"
        )
    if is_out_of_memory(error):
        tried, begun = callback.batches.trying, callback.batches.begun
        drop_frames(error)  # they hold the batch that did not fit, and the optimizer
        prepared.trained.model.zero_grad(set_to_none=True)
        free_memory()
        if tried == (0, 0):
            advice = _advice_beside_training(prepared, begun=begun)
        else:
            train = prepared.train
            with prepared.as_trained():
                advice = memory_advice(
                    prepared.trained,
                    prepared.features["train"],
                    tried=tried,
                    batch_size=most_rows(prepared.features["train"], train),
                    by_tokens=train.batch_tokens is not None,
                    accumulation=train.gradient_accumulation,
                    states=prepared.states_a_weight,
                )
        return TrainingError(f"{prepared.trained.device} ran out of memory. {advice}. {kept}")
    return None


def _broken(error: Exception, checkpoint: Path | None, callback: RunCallback) -> TrainingError | None:
    """What keeps a run from its checkpoint: files of libraries that have no reader of their own to check them."""
    if checkpoint is None or callback.batches.begun or isinstance(error, FineTuneError):
        return None
    fault = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]:.200}"
    return TrainingError(
        f"{shown_path(checkpoint)} cannot be read ({fault}). Remove that folder, and the run resumes from the "
        "checkpoint before it"
    )


def _advice_beside_training(prepared: Prepared, *, begun: bool) -> str:
    when = "It was predicting, one row at a time in the end" if begun else "That was before the first step"
    free = free_bytes(prepared.trained.device)
    return (
        f"{when}; {free / 1e9:.1f} GB are free now. End what else takes memory there, such as other kernels, or lower "
        "`train: {max_length_tokens: …}`"
    )
