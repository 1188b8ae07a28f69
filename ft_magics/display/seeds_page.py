"""Several seeds as one page: that of a run, with the runs' mean, its interval and a row for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ft_magics.display.run_clock import seconds_left
from ft_magics.display.run_summary import COLORS, page_of, times
from ft_magics.display.run_wire import DevRow, DevTable, RunPage, State
from ft_magics.display.seeds_chart import chart_of_seeds
from ft_magics.display.study_runs import StudyRuns, best_on_dev, last_step, on_test, run_seconds, score_of
from ft_magics.evaluation.over_seeds import SeedsReport, Spread, spread_of
from ft_magics.evaluation.score_tables import range_text
from ft_magics.evaluation.seed_sections import spread_text
from ft_magics.events import StepDone, described_metrics, drop_superseded
from ft_magics.markup import column_head, decimal, measured
from ft_magics.metrics import Metric
from ft_magics.runs.history import headline_of
from ft_magics.runs.looks import count_looks
from ft_magics.runs.run import Run
from ft_magics.studies.seeds import SeedStudy

__all__ = ["SeedsPage"]


class SeedsPage:
    """The page of several seeds, made again whenever it is asked for; what has ended is made once.

    Args:
        study: The runs.
    """

    def __init__(self, study: SeedStudy) -> None:
        self._study = study
        self._runs = StudyRuns(study)
        self._reports: dict[str, SeedsReport] = {}

    def steps(self) -> list[StepDone]:
        """Of the run that is drawn."""
        return self._runs.steps()

    def series(self) -> int:
        """How many runs were begun: with another one, the steps begin again."""
        return self._runs.series()

    def report(self) -> SeedsReport | None:
        """Of the split that was scored last, once the study has ended; None before, and without predictions."""
        study = self._study
        splits = [] if study.is_active else study.splits()
        if not splits:
            return None
        key = f"{splits[-1]} {len(study.done)}"
        if key not in self._reports:
            self._reports = {key: study.read_report(splits[-1])}
        return self._reports[key]

    def page(self) -> RunPage:
        """All of it."""
        study, runs, now = self._study, self._runs, self._runs.current
        events = list(now.events) if now is not None else []
        base = page_of(events, study.status, name=study.title, known=runs.known())
        metrics = described_metrics(events)
        pages = runs.pages()
        state: State = "stopping" if study.is_active and study.stop_reason else base.state
        score, about = self._score(metrics[:1])
        return replace(
            base,
            state=state,
            badge=state,
            color=COLORS[state],
            about=f"{base.about} · {len(study.seeds)} seeds" if base.about else f"{len(study.seeds)} seeds",
            score=score,
            score_about=about,
            say=runs.say(state, base.say, "seed"),
            step=self._steps_done(base),
            steps=base.steps * len(study.seeds),
            figures=runs.figures(base, label="seed", left_s=self._left_s() if state == "running" else None),
            chart=chart_of_seeds(base.chart, study.runs, now, headline_of(events)),
            dev=self._table(metrics),
            labels=None,
            remarks=[*self._names(), *runs.remarks(pages)],
            messages=runs.messages(pages),
            log=runs.log(pages),
            folder=str(study.folder.shown),
            place=str(study.dir),
        )

    def _score(self, headline: Sequence[Metric]) -> tuple[str, list[str]]:
        """The mean of the headline with its interval, and lines about it."""
        report = self.report()
        if report is not None:
            spread, split = report.spread, report.title.rpartition(" ")[2]
            both = range_text(spread.metric, spread.interval) if spread.interval else ""
            ends = f"95 % over seeds and examples {both}" if both else ""
            dev = self._spread(headline, "dev") if split == "test" else None
            beside = f"best dev {dev.metric.label} {spread_text(dev)}" if dev is not None else ""
            looks = max((count_looks(run.folder) for run in self._study.done), default=0) if split == "test" else 0
            looked = f"test was looked at {times(looks)}" if looks else ""
            return spread_text(spread), [_what(spread, split), " · ".join(filter(None, [ends, beside, looked]))]
        far = self._spread(headline, "dev")
        if far is None:
            return "–", ["nothing was evaluated yet" if self._study.is_active else "nothing was evaluated", ""]
        return spread_text(far), [f"best {_what(far, 'dev')}{' so far' if self._study.is_active else ''}", ""]

    def _spread(self, headline: Sequence[Metric], split: str) -> Spread | None:
        """Of the runs that are done, or before there is one, of those that were evaluated."""
        if not headline:
            return None
        runs = self._study.done or self._study.runs
        values = [score_of(run, headline[0], split) for run in runs]
        there = [value for value in values if value is not None]
        return spread_of(headline[0], there) if there else None

    def _steps_done(self, base: RunPage) -> int:
        """Of all seeds; a run that stopped early has no more to do."""
        return sum(base.steps if run.status == "done" else last_step(run) for run in self._study.runs)

    def _left_s(self) -> float | None:
        """Seconds that are left: of the run that trains, and of the others as many as the mean of those that ended."""
        study, now = self._study, self._runs.current
        if now is None:
            return None
        ended = [run for run in study.runs if run is not now]
        own = seconds_left(drop_superseded(list(now.events)), "running")
        took = [each for each in map(run_seconds, ended or [now]) if each is not None]
        if own is None or not took:
            return None
        return own + sum(took) / len(took) * (len(study.seeds) - len(ended) - 1)

    def _table(self, metrics: Sequence[Metric]) -> DevTable:
        """A row for each seed, and their mean."""
        study = self._study
        tested = any(on_test(run) is not None for run in study.runs)
        shown = metrics[:1] if tested else metrics[:2]  # the report has the others; this stands beside the curves
        heads = ["seed", "state", "epoch", *(f"dev {column_head(metric)}" for metric in shown)]
        heads += [f"test {column_head(metric)}" for metric in shown] if tested else []
        runs = {study.word_for(run): run for run in study.runs}
        best = study.best_run if study.done else None
        rows = [
            _row(str(seed), runs.get(f"seed {seed}"), shown, tested=tested, best=best is runs.get(f"seed {seed}", 0))
            for seed in study.seeds
        ]
        if len(study.done) > 1:
            rows.append(_mean_row(study.done, shown, tested=tested))
        return DevTable(heads=[*heads, ""], rows=rows, note="The best evaluation on dev of each seed; ± is over seeds")

    def _names(self) -> list[str]:
        """What each seed is called."""
        if not self._study.runs:
            return []
        example = self._study.runs[0]
        return [f"Each seed is a run of its own, such as {example.name}; %ft report {example.name} shows it"]


def _what(spread: Spread, split: str) -> str:
    count = len(spread.values)
    if count == 1:
        return f"{split} {spread.metric.label} of 1 seed"
    return f"{split} {spread.metric.label}, mean of {count} seeds ± half of its 95 % interval"


def _row(seed: str, run: Run | None, metrics: Sequence[Metric], *, tested: bool, best: bool) -> DevRow:
    if run is None:
        empty = [""] * (len(metrics) * (2 if tested else 1))
        return DevRow(cells=[seed, "to come", "", *empty, ""], best=False)
    dev, test = best_on_dev(run), on_test(run)
    cells = [seed, run.status, decimal(dev.epoch) if dev else "–"]
    for event in (dev, test) if tested else (dev,):
        cells += [measured(event.metrics.get(metric.name) if event else None, metric) for metric in metrics]
    return DevRow(cells=[*cells, "★ best" if best else ""], best=best)


def _mean_row(runs: Sequence[Run], metrics: Sequence[Metric], *, tested: bool) -> DevRow:
    cells = ["mean", "", ""]
    for of in (best_on_dev, on_test) if tested else (best_on_dev,):
        events = [of(run) for run in runs]
        cells += [
            spread_text(spread_of(metric, [event.metrics.get(metric.name) if event else None for event in events]))
            for metric in metrics
        ]
    return DevRow(cells=[*cells, ""], best=False)
