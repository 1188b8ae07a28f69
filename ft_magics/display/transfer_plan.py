"""How many runs a comparison of models comes to, as `--dry-run` says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ft_magics.display.run_clock import duration
from ft_magics.evaluation.transfer_sections import examples_text

if TYPE_CHECKING:
    from ft_magics.studies.transfer_plan import TransferPlan

__all__ = ["plan_text"]


def plan_text(plan: TransferPlan) -> str:
    """A sentence or two."""
    shares = ", ".join(examples_text(*each) for each in plan.shares)
    text = (
        f"That is one of {plan.runs} runs, one after the other: {len(plan.models)} models ({', '.join(plan.models)}), "
        f"each on {shares} labelled examples, with the seeds {', '.join(map(str, plan.seeds))}."
    )
    if plan.seconds is None:
        return f"{text} How long they take was not measured, since there is no memory for a step of one."
    return (
        f"{text} About {duration(plan.seconds)} for all of them: an estimate, from a few steps of each model on each "
        "share; early stopping shortens it."
    )
