"""What it costs that a checkpoint outlives a power cut: seconds in `fsync`, of files and of folders and the log."""

from __future__ import annotations

import os
import stat
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import torch
from ft_magics.events import Notice
from ft_magics.runs.folder import RunFolder
from ft_magics.training.best import Best
from ft_magics.training.checkpoints import Checkpoints, CheckpointState
from safetensors.torch import save_file

PARAMETERS = 22_700_000  # MiniLM's
ROUNDS = 7


def main() -> None:
    """Write the best model and a checkpoint a few times; print medians."""
    seconds: dict[str, list[float]] = defaultdict(list)
    weights = torch.randn(PARAMETERS)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as place:
        folder = RunFolder(Path(place) / "run")
        folder.path.mkdir()
        folder.write_config({"task": "ner"})
        for step in range(1, ROUNDS + 1):
            _round(folder, step, weights, seconds)
    for what, times in seconds.items():
        print(f"{what}: {statistics.median(times):.3f} s ({min(times):.3f} to {max(times):.3f})")


def _round(folder: RunFolder, step: int, weights: torch.Tensor, seconds: dict[str, list[float]]) -> None:
    here = Checkpoints(folder.checkpoints).path(step)
    with folder.new_model() as fresh:
        save_file({"weights": weights}, fresh / "model.safetensors")
    here.mkdir(parents=True)
    save_file({"weights": weights}, here / "model.safetensors")
    torch.save({"exp_avg": weights, "exp_avg_sq": weights}, here / "optimizer.pt")
    for name in ("config.json", "rng_state.pth", "scheduler.pt", "trainer_state.json", "training_args.bin"):
        (here / name).write_text("x" * 1000)
    folder.append_event(Notice(level="info", text="x" * 1000))
    state = CheckpointState(
        step=step, epoch=1.0, best=Best(), tokens=9, elapsed_s=2.0, evaluated_at=-1, first_loss=None, data="d"
    )
    spent, synced = {"its files": 0.0, "folders and the log": 0.0}, os.fsync

    def timed(handle: int) -> None:
        began = time.perf_counter()
        synced(handle)
        there = os.fstat(handle)
        log = there.st_ino == (folder.path / "events.jsonl").stat().st_ino
        kind = "folders and the log" if log or stat.S_ISDIR(there.st_mode) else "its files"
        spent[kind] += time.perf_counter() - began

    os.fsync = timed
    began = time.perf_counter()
    try:
        folder.to_disk()
        Checkpoints(folder.checkpoints).seal(step, state, folder.model, keep=1)
    finally:
        os.fsync = synced
    seconds["sealing"].append(time.perf_counter() - began)
    for kind, share in spent.items():
        seconds[f"  of it, syncing {kind}"].append(share)


if __name__ == "__main__":
    main()
