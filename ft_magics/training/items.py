"""What a step's loss is divided by, where it is a sum of several means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from transformers import Trainer

from ft_magics.tasks.task import SeveralLosses

__all__ = ["count_by_task"]


def count_by_task(trainer: Trainer, task: Any) -> None:
    """Let a task with several losses count what each is a mean over; the Trainer itself counts all labels as one kind.

    Args:
        trainer: Of the run, on one device for each process.
        task: Of the run; any other than one with several losses changes nothing.
    """
    if not isinstance(task, SeveralLosses):
        return

    def count(batches: Sequence[Mapping[str, Any]], device: torch.device) -> torch.Tensor | None:
        if not batches:
            return None
        items = torch.stack([task.items(batch["labels"]) for batch in batches]).sum(dim=0).to(device)
        if trainer.args.world_size > 1:  # `average_tokens_across_devices` is set
            items = trainer.accelerator.gather(items[None]).sum(dim=0)
        return items

    trainer._get_num_items_in_batch = count  # noqa: SLF001  # no argument says it
