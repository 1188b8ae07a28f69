"""Why a run has no evaluation of a split, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ft_magics.events import RunEnded

if TYPE_CHECKING:
    from ft_magics.runs.run import Run

__all__ = ["why_no_report"]


def why_no_report(run: Run, split: str, there: Sequence[str]) -> str:
    """A sentence or two for a person who asked for an evaluation that is not there.

    Args:
        run: One that does not train now.
        split: What was asked for.
        there: Splits that have predictions.
    """
    handle = run.folder.handle
    lacks = f"run {run.name} has no predictions for `{split}`"
    model = ""
    if run.model_dir.is_dir():
        model = f" Its best model so far can be evaluated on a file: `%evaluate {handle} --data FILE`"
    resume = f"`%ft resume {handle}` resumes it from its last checkpoint, and evaluates it at the end."
    if there:
        unasked = "" if run.status in ("failed", "crashed") else f": its cell has no `{split}:` under `data:`"
        return f"{lacks}{unasked}; it has predictions for: {', '.join(there)}.{model}"
    if run.status == "crashed":
        return f"{lacks}: it crashed before it was evaluated, and its kernel is gone. {resume}{model}"
    if run.status == "failed":
        ended = next((event for event in reversed(run.events) if isinstance(event, RunEnded)), None)
        reason = f" ({ended.reason})" if ended is not None and ended.reason else ""
        return f"{lacks}: it failed before it was evaluated{reason}. Once the cause is gone, {resume}{model}"
    if run.status == "stopped":
        return f"{lacks}: it was stopped before it was evaluated. {resume}{model}"
    return f"{lacks}, nor for any other split: its cell has neither `dev:` nor `test:` under `data:`.{model}"
