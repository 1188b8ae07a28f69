"""The gradients of a run's first epoch, a step each, from the product's own Trainer; also as one of several processes.

As a program: `exact_gradients.py FOLDER RANK PROCESSES` does each cell in FOLDER/*.yaml, with the other processes that
were started so, and the first of them writes FOLDER/*.safetensors.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path

import torch
from ft_magics.config.schema import AnyConfig
from ft_magics.models.quiet import quiet_transformers
from ft_magics.runs.cells import FINETUNE, PRETRAIN, parse_cell
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.steering import Steering
from ft_magics.training.callback import RunCallback
from ft_magics.training.prepare import prepare
from ft_magics.training.worker import _learn
from safetensors.torch import save_file

WITHIN = dt.timedelta(seconds=60)  # a process that waits for another one gives up


def parse_any(body: str) -> AnyConfig:
    """The config of a cell of `%%finetune` or of `%%pretrain`, whose first word says which."""
    return parse_cell(body, {}, kind=PRETRAIN if body.startswith("objective") else FINETUNE)


def gradients_of(body: str, folder: Path) -> dict[str, torch.Tensor]:
    """Gradients by `STEP.PARAMETER`, without dropout, of weights that stay as they are; labels of each step's rows."""
    prepared = prepare(parse_any(body))
    _unsettle(prepared.trained.model)
    found: dict[str, torch.Tensor] = {}
    folder.mkdir()
    (folder / "events.jsonl").touch()
    run_folder = RunFolder(folder)
    callback = RunCallback(
        prepared=prepared, folder=run_folder, emit=lambda _: None, steering=Steering(run_folder.stop_file)
    )

    def note(_, state, *__, **___):
        for name, item in prepared.trained.model.named_parameters():
            if item.grad is not None:
                found[f"{state.global_step + 1}.{name}"] = item.grad.clone()

    callback.on_pre_optimizer_step = note
    with quiet_transformers():
        _learn(prepared, run_folder, callback, None)
    return found


def _unsettle(model):
    """No dropout, and weights that all have a gradient: half of LoRA's begin at zero."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    noise = torch.Generator().manual_seed(7)
    for item in model.parameters():
        item.data.add_(0.05 * torch.randn(item.shape, generator=noise))


def main(folder: Path, rank: int, processes: int) -> None:
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(processes)}
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29511")  # read, not used: the store is a file
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/store", rank=rank, world_size=processes, timeout=WITHIN
    )
    for cell in sorted(folder.glob("*.yaml")):
        found = gradients_of(cell.read_text(encoding="utf-8"), folder / f"run_{cell.stem}_{rank}")
        if rank == 0:
            save_file(found, cell.with_suffix(".safetensors"))
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
