"""Several models on growing shares of labelled data as one page: that of the run that trains, a row for each share.

The chart of score over labelled examples is the report's: of what is done so far while the runs train.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ft_magics.display.run_clock import seconds_left
from ft_magics.display.run_summary import COLORS, page_of
from ft_magics.display.run_wire import DevRow, DevTable, RunChart, RunPage, State
from ft_magics.display.study_runs import StudyRuns, last_step, on_test, run_seconds, score_of
from ft_magics.evaluation.over_seeds import Spread, spread_of
from ft_magics.evaluation.seed_sections import spread_text
from ft_magics.evaluation.transfer import ModelDifference, TransferReport
from ft_magics.evaluation.transfer_sections import difference_text, examples_text
from ft_magics.events import RunStarted, StepDone, described_metrics, drop_superseded
from ft_magics.markup import column_head
from ft_magics.metrics import Metric
from ft_magics.runs.run import Run
from ft_magics.studies.transfer import TransferStudy

__all__ = ["TransferPage"]

_OF_ALL = ("progress-seeds", "elapsed")  # figures that are not of one run
_NO_CHART = RunChart(steps=0, curves=(), keys=(), loss_range=None, score_range=None)
_NO_TABLE = DevTable(heads=(), rows=(), note="")
_A_RUN = 1000  # parts of a run in the progress bar


class TransferPage:
    """The page of a study, made again whenever it is asked for; what has ended is made once.

    Args:
        study: The runs.
    """

    def __init__(self, study: TransferStudy) -> None:
        self._study = study
        self._runs = StudyRuns(study)
        self._report: tuple[int, TransferReport | None] = (0, None)

    def steps(self) -> list[StepDone]:
        """Of the run that trains; none after the end, when the last run is no more than the others."""
        return self._runs.steps() if self._study.is_active else []

    def series(self) -> int:
        """How many runs were begun: with another one, the steps begin again."""
        return self._runs.series()

    def report(self) -> TransferReport | None:
        """Of the runs that are done so far; None before the first."""
        study, done = self._study, len(self._study.done)
        if done and self._report[0] != done:
            splits = study.splits()
            self._report = done, study.read_report(splits[-1]) if splits else None
        return self._report[1]

    def page(self) -> RunPage:
        """All of it."""
        study, runs, now = self._study, self._runs, self._runs.current
        events = list(now.events) if now is not None else []
        base = page_of(events, study.status, name=study.title, known=runs.known())
        pages = runs.pages()
        state: State = "stopping" if study.is_active and study.stop_reason else base.state
        score, about = self._score()
        counts = f"{len(study.models)} models · {len(study.shares)} shares · {len(study.seeds)} seeds"
        figures = runs.figures(base, label="run", left_s=self._left_s() if state == "running" else None)
        what = f"now {study.word_for(now)}" if now is not None and study.is_active else ""
        return replace(
            base,
            state=state,
            badge=state,
            color=COLORS[state],
            about=" · ".join(filter(None, [counts, what])),
            score=score,
            score_about=about,
            say=runs.say(state, base.say, "run"),
            step=sum(map(_share_done, study.runs)),
            steps=_A_RUN * len(study.names),
            figures=[each for each in figures if study.is_active or each.name in _OF_ALL],
            chart=base.chart if study.is_active else _NO_CHART,
            dev=_NO_TABLE if study.status == "done" else self._table(described_metrics(events)),  # the report has it
            labels=None,
            remarks=self._names(),  # those of each run are on its own page: of many they would bury this
            samples=[],
            messages=runs.messages(pages),
            log=runs.log(pages),
            folder=str(study.folder.shown),
            place=str(study.dir),
            settings=study.folder.config_text(),
        )

    def _score(self) -> tuple[str, list[str]]:
        """What the cell's own model gained, on the largest share that is done, and on the smallest."""
        report = self.report()
        if report is None:
            return "–", ["no run is done yet" if self._study.is_active else "no run is done", ""]
        other = next((each.other for each in reversed(report.differences) if each.model == report.own), None)
        known = [each for each in report.differences if (each.model, each.other) == (report.own, other)]
        if not known:
            return "–", [f"{report.own} and another model are not done on one share yet", ""]
        last, first = known[-1], known[0]
        what = f"{report.split} {report.metric.label}"
        lines = [f"{what}: {report.own} minus {last.other}, with {_labels(last)}"]
        lines.append(f"with {_labels(first)} {difference_text(first.spread)}" if first is not last else "")
        return difference_text(last.spread), lines

    def _left_s(self) -> float | None:
        """Seconds that are left, where each share has been trained on once; a run takes as long as those like it."""
        study, now = self._study, self._runs.current
        own = None if now is None else seconds_left(drop_superseded(list(now.events)), "running")
        if own is None:
            return None
        took: dict[float, list[float]] = {}
        exact: dict[tuple[str, float], list[float]] = {}
        for run in study.runs:
            part, seconds = study.part_of(run), run_seconds(run)
            if part is not None and seconds is not None:
                took.setdefault(part.share, []).append(seconds)
                exact.setdefault((part.model, part.share), []).append(seconds)
        begun = {run.dir.name for run in study.runs}
        for part in study.parts:
            if part.run in begun:
                continue
            like = exact.get((part.model, part.share)) or took.get(part.share)
            if not like:
                return None
            own += sum(like) / len(like)
        return own

    def _table(self, metrics: Sequence[Metric]) -> DevTable:
        """A row for each model and share."""
        study = self._study
        tested = any(on_test(run) is not None for run in study.runs)
        split = "test" if tested else "dev"
        metric = next(iter(metrics), None)
        head = f"{split} {column_head(metric)}" if metric is not None else split
        rows = [
            DevRow(
                cells=[model, examples_text(share, examples), *_cells(study, model, share, metric, split)], best=False
            )
            for share, examples in study.shares
            for model in study.models
        ]
        note = f"{'On dev each run has its best evaluation; ' if split == 'dev' else ''}± is over seeds"
        return DevTable(heads=["model", "labelled examples", "done", head], rows=rows, note=note)

    def _names(self) -> list[str]:
        """What each run is called."""
        if not self._study.runs:
            return []
        example = self._study.runs[0]
        return [f"Each is a run of its own, such as {example.name}; %ft report {example.name} shows it"]


def _cells(study: TransferStudy, model: str, share: float, metric: Metric | None, split: str) -> list[str]:
    """How many runs of a model and share are done, and their mean."""
    runs = [run for _, run in study.runs_of(model, share)]
    done = [run for run in runs if run.status == "done"]
    spread: Spread | None = None
    if metric is not None and done:
        there = [value for run in done if (value := score_of(run, metric, split)) is not None]
        spread = spread_of(metric, there) if there else None
    now = any(run.is_active for run in runs)
    count = f"{len(done)} of {len(study.seeds)}{', training' if now else ''}"
    return [count, "–" if spread is None else spread_text(spread)]


def _labels(each: ModelDifference) -> str:
    return f"{'all ' if each.share == 1 else ''}{examples_text(each.share, each.examples)} labelled examples"


def _share_done(run: Run) -> int:
    """How much of a run is done, in thousandths; one that stopped early has no more to do."""
    if run.status == "done":
        return _A_RUN
    started = next((event for event in reversed(run.events) if isinstance(event, RunStarted)), None)
    return 0 if started is None else int(_A_RUN * last_step(run) / max(1, started.total_steps))
