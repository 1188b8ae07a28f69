"""`TransferStudy`: the runs of a cell with `compare:`, a model, share and seed each, scored as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ft_magics.errors import RunError
from ft_magics.evaluation.over_seeds import SeedsReport
from ft_magics.evaluation.transfer import TransferPoint, TransferReport
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.run import Run
from ft_magics.studies.study import Study

if TYPE_CHECKING:
    from ft_magics.config.schema import AnyConfig

__all__ = ["Part", "TransferStudy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the runs.

    Args:
        run: Its name, and that of its folder.
        model: What is compared, as pages call it.
        share: Of train.
        seed: Its own.
        examples: How many the share has.
    """

    run: str
    model: str
    share: float
    seed: int
    examples: int


class TransferStudy(Study):
    """Runs of one cell, a model, share and seed each, one after the other.

    Args:
        name: The name in the notebook.
        folder: Where they live, each in a folder of its own below it.
        config: What the cell said.
        parts: The runs, in the order in which they are trained.
        models: What is compared, in the cell's order.
        own: The one that the others are held against.
        runs: Those that were begun.
        ended: How the study ended, and why; empty while it trains, or if its process died.
    """

    compares: ClassVar[bool] = True

    def __init__(
        self,
        name: str,
        folder: RunFolder,
        config: AnyConfig | None,
        parts: Sequence[Part],
        *,
        models: Sequence[str],
        own: str,
        runs: Sequence[Run] = (),
        ended: tuple[str, str] = ("", ""),
    ) -> None:
        super().__init__(name, folder, config, [part.run for part in parts], runs=runs, ended=ended)
        self.parts = tuple(parts)
        self.models = tuple(models)
        self.own = own
        self._reports: dict[tuple[str, str], Any] = {}
        self._read: tuple[tuple[str, int], TransferReport] | None = None

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the runs."""
        return tuple(dict.fromkeys(part.seed for part in self.parts))

    @property
    def shares(self) -> list[tuple[float, int]]:
        """Shares of train, each with its number of examples, the smallest first."""
        return sorted({(part.share, part.examples) for part in self.parts})

    def part_of(self, run: Run) -> Part | None:
        """Which of the runs it is."""
        return next((part for part in self.parts if part.run == run.dir.name), None)

    def runs_of(self, model: str, share: float) -> list[tuple[int, Run]]:
        """The runs of a model and share that were begun, with their seeds."""
        found = {run.dir.name: run for run in self.runs}
        return [
            (part.seed, found[part.run])
            for part in self.parts
            if (part.model, part.share) == (model, share) and part.run in found
        ]

    def report(self, split: str | None = None, *, wait: bool | None = None, **options: Any) -> TransferReport:
        """What the models scored on a split, over labelled examples.

        Args:
            split: `dev` or `test`; None for test, or dev where there is no test.
            wait: Whether to wait for a study that trains; None for what `waits` says.
            options: The task's own, such as `mode` and `scheme` for entities.

        Raises:
            RunError: No run has predictions for it.
        """
        self.settle(wait)
        chosen = split or (self.splits() or ["test"])[-1]
        return self._made_of(chosen, lambda run: run.report(chosen, **options))

    def read_report(self, split: str) -> TransferReport:
        """The same for the study's own page, which is no look at the test split; made once for so many runs."""
        key = split, len(self.done)
        if self._read is None or self._read[0] != key:
            self._read = key, self._made_of(split, lambda run: self._report_of(run, split))
        return self._read[1]

    def _report_of(self, run: Run, split: str) -> Any:
        """Of a run that is done."""
        key = run.name, split
        if key not in self._reports:
            self._reports[key] = run.read_report(split)
        return self._reports[key]

    def table(self) -> list[dict[str, Any]]:
        """A row for each model and share; see `TransferReport.table`."""
        return self.report().table()

    def to_pandas(self) -> Any:
        """The same as a pandas DataFrame."""
        return self.report().to_pandas()

    def _made_of(self, split: str, report_of: Any) -> TransferReport:
        points = []
        for model in self.models:
            for share, examples in self.shares:
                done = [(seed, run) for seed, run in self.runs_of(model, share) if run.status == "done"]
                done = [(seed, run) for seed, run in done if split in run.folder.splits()]
                if done:
                    title = f"{model}, {examples:,} examples · {split}"
                    seeds, reports = [seed for seed, _ in done], [report_of(run) for _, run in done]
                    over = SeedsReport(title=title, seeds=tuple(seeds), reports=tuple(reports))
                    points.append(TransferPoint(model=model, share=share, examples=examples, report=over))
        if not points:
            raise RunError(self.why_no_report())
        left = len(self.parts) - len(self.done)
        notes = [f"{left:,} of {len(self.parts):,} runs are not done, and not counted"] if left else []
        title = f"{self.title} · {len(self.models)} models · {split}"
        has_dev = self.config is not None and getattr(self.config.data, "dev", None) is not None
        return TransferReport(
            title=title, split=split, own=self.own, points=tuple(points), has_dev=has_dev, notes=tuple(notes)
        )

    def word_for(self, run: Run) -> str:
        """Such as `minilm on 125 examples, seed 2`."""
        part = self.part_of(run)
        return str(run.name) if part is None else f"{part.model} on {part.examples:,} examples, seed {part.seed}"

    def to_record(self) -> Mapping[str, Any]:
        """What the study is, as plain data."""
        return {"models": list(self.models), "own": self.own, "parts": [asdict(part) for part in self.parts]}
