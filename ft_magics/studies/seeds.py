"""`SeedStudy`: the runs of one cell that differ in their seed alone, scored as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ft_magics.errors import RunError
from ft_magics.evaluation.over_seeds import SeedsReport
from ft_magics.evaluation.report import Score
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.run import Run
from ft_magics.studies.study import Study

if TYPE_CHECKING:
    from ft_magics.config.schema import AnyConfig

__all__ = ["SeedStudy", "run_name"]


def run_name(study: str, seed: int) -> str:
    """The name of the run with a seed."""
    return f"{study}_seed_{seed}"


class SeedStudy(Study):
    """Runs of one cell, a seed each, one after the other.

    Args:
        name: The name in the notebook.
        folder: Where they live, each in a folder of its own below it.
        config: What the cell said.
        seeds: Of the runs, in their order.
        runs: Those that were begun.
        ended: How the study ended, and why; empty while it trains, or if its process died.
    """

    noun: ClassVar[str] = "seeds"

    def __init__(
        self,
        name: str,
        folder: RunFolder,
        config: AnyConfig | None,
        seeds: Sequence[int],
        *,
        runs: Sequence[Run] = (),
        ended: tuple[str, str] = ("", ""),
    ) -> None:
        names = [run_name(name, seed) for seed in seeds]
        super().__init__(name, folder, config, names, runs=runs, ended=ended)
        self.seeds = tuple(seeds)

    @property
    def scores(self) -> Mapping[str, Score]:
        """Mean and 95 % interval over seeds of every score, on test if there is one, else on dev."""
        return self.report().scores

    def report(self, split: str | None = None, *, wait: bool | None = None, **options: Any) -> SeedsReport:
        """What the runs that are done scored on a split: means over seeds with their intervals.

        Args:
            split: `dev` or `test`; None for test, or dev where there is no test.
            wait: Whether to wait for a study that trains; None for what `waits` says.
            options: The task's own, such as `mode` and `scheme` for entities.

        Raises:
            RunError: No run has predictions for it.
        """
        self.settle(wait)
        chosen = split or (self.splits() or ["test"])[-1]
        runs = self.counted()
        if not runs:
            raise RunError(self.why_no_report())
        return self._made_of(runs, chosen, [run.report(chosen, **options) for run in runs])

    def read_report(self, split: str) -> SeedsReport:
        """The same for the study's own page, which is no look at the test split."""
        runs = [run for run in self.counted() if split in run.folder.splits()]
        return self._made_of(runs, split, [run.read_report(split) for run in runs])

    def _made_of(self, runs: Sequence[Run], split: str, reports: Sequence[Any]) -> SeedsReport:
        seeds = tuple(seed for seed in self.seeds for run in runs if run.dir.name == run_name(self.name, seed))
        seeds = seeds if len(seeds) == len(runs) else tuple(range(1, len(runs) + 1))
        left = [str(seed) for seed in self.seeds if seed not in seeds]
        notes = [f"not counted, since not done: seed {', '.join(left)}"] if left else []
        title = f"{self.title} · {len(seeds)} {'seed' if len(seeds) == 1 else 'seeds'} · {split}"
        return SeedsReport(title=title, seeds=seeds, reports=tuple(reports), notes=tuple(notes))

    def word_for(self, run: Run) -> str:
        """Such as `seed 2`."""
        named = {run_name(self.name, seed): f"seed {seed}" for seed in self.seeds}
        return named.get(run.dir.name, str(run.name))

    def to_record(self) -> Mapping[str, Any]:
        """What the study is, as plain data."""
        return {"seeds": list(self.seeds)}
