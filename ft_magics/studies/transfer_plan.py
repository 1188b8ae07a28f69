"""How many runs a cell with `compare:` comes to, and how long they take: a few steps of each kind are measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ft_magics.config.compare import SCRATCH
from ft_magics.models.memory import free_memory
from ft_magics.runs.interrupts import interrupts_kept
from ft_magics.studies.transfer_runs import compared_of, prepare_parts
from ft_magics.training.pace import measure_pace
from ft_magics.training.turns import wait_for_turn

if TYPE_CHECKING:
    from ft_magics.config.schema import AnyConfig
    from ft_magics.training.prepare import Prepared

__all__ = ["TransferPlan", "plan_transfer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPlan:
    """What a cell comes to.

    Args:
        models: In the cell's order.
        shares: Each with its number of examples.
        seeds: In the cell's order.
        seconds: Of all runs, evaluations included; None where there is no memory for a step.
        example: The run of the cell's own model on the largest share, with the first seed.
        example_config: What its cell would say.
    """

    models: tuple[str, ...]
    shares: tuple[tuple[float, int], ...]
    seeds: tuple[int, ...]
    seconds: float | None
    example: Prepared
    example_config: AnyConfig

    @property
    def runs(self) -> int:
        """How many there are."""
        return len(self.models) * len(self.shares) * len(self.seeds)


def plan_transfer(config: AnyConfig, name: str) -> TransferPlan:
    """Prepare a run of each model and share, and measure a few steps of it.

    Args:
        config: As the cell says.
        name: Of the study.

    Raises:
        FineTuneError: See `compared_of` and `training.prepare.prepare`.
    """
    with interrupts_kept():
        wait_for_turn()
        compared = compared_of(config, name)
        seeds = tuple(dict.fromkeys(part.seed for part in compared.parts))
        shares = tuple(sorted({(part.share, part.examples) for part in compared.parts}))
        first = [part for part in compared.parts if part.seed == seeds[0] and part.model != SCRATCH]
        first.sort(key=lambda part: (part.model == compared.own, part.share))  # the example comes last
        prepare = prepare_parts(compared)
        seconds: dict[tuple[str, float], float | None] = {}
        for part in first:
            prepared = prepare(part.run, ())
            pace = measure_pace(prepared)
            seconds[part.model, part.share] = None if pace is None else pace.total_s
            if part is not first[-1]:
                del prepared
                free_memory()
    if SCRATCH in compared.models:  # it has the same shape
        seconds |= {(SCRATCH, share): seconds[compared.own, share] for share, _ in shares}
    known = [each for each in seconds.values() if each is not None]
    return TransferPlan(
        models=tuple(compared.models),
        shares=shares,
        seeds=seeds,
        seconds=len(seeds) * sum(known) if len(known) == len(seconds) else None,
        example=prepared,
        example_config=config.with_part(config.model, first[-1].share, seeds[0], config.save.dir),
    )
