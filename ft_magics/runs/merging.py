"""A run that keeps only what was trained → plain weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ft_magics.runs.saving import check_target, save_folder

if TYPE_CHECKING:
    from ft_magics.runs.run import Run

__all__ = ["merge", "plain_model"]

_MERGED = "merged"  # in the run's folder


def merge(run: Run, path: str | Path | None = None, *, overwrite: bool = False) -> Path:
    """Write a run's best model with plain weights, which transformers loads without the base and without peft.

    Args:
        run: It has ended.
        path: A folder that is not there yet, or is empty; None for `merged/` in the run's own.
        overwrite: Replace a saved model, if there is nothing else in its folder.

    Returns:
        The folder; `ft_magics.load` takes it too.

    Raises:
        RunError: The folder is taken or cannot be written.
        MethodError: The run's method cannot be merged.
    """
    from ft_magics.runs.predictor import load_trained  # noqa: PLC0415  # torch only when it is needed

    target = run.dir / _MERGED if path is None else check_target(path, run.dir, overwrite=overwrite)
    trained = load_trained(str(run.model_dir), device="cpu")
    trained.merge()
    save_folder(target, lambda fresh: run.write_into(fresh, trained))
    return target


def plain_model(run: Run) -> Path:
    """The folder of a run's best model with plain weights, merged where the run keeps only what was trained.

    Raises:
        RunError: It cannot be written.
        MethodError: The run's method cannot be merged.
    """
    if (run.model_dir / "model.safetensors").is_file() or not run.model_dir.is_dir():
        return run.model_dir
    merged = run.dir / _MERGED
    new = merged.is_dir() and merged.stat().st_mtime_ns >= run.model_dir.stat().st_mtime_ns
    return merged if new else run.merge()
