"""Several seeds as one page: that of a run, with the runs' mean, its interval and a row for each of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ft_magics.display.run_clock import duration, elapsed_s, seconds_left
from ft_magics.display.run_summary import COLORS, Known, page_of, times
from ft_magics.display.run_wire import DevRow, DevTable, Figure, RunPage, State, Told
from ft_magics.display.seeds_chart import chart_of_seeds
from ft_magics.evaluation.over_seeds import SeedsReport, Spread, spread_of
from ft_magics.evaluation.score_tables import range_text
from ft_magics.evaluation.seed_sections import spread_text
from ft_magics.events import Evaluated, RunEnded, RunStarted, StepDone, described_metrics, drop_superseded
from ft_magics.markup import column_head, decimal, measured
from ft_magics.metrics import Metric
from ft_magics.runs.history import dev_evaluations, headline_of
from ft_magics.runs.looks import count_looks
from ft_magics.runs.run import Run
from ft_magics.studies.seeds import SeedStudy, run_name

__all__ = ["SeedsPage"]


class SeedsPage:
    """The page of several seeds, made again whenever it is asked for; what has ended is made once.

    Args:
        study: The runs.
    """

    def __init__(self, study: SeedStudy) -> None:
        self._study = study
        self._pages: dict[Run, tuple[int, RunPage]] = {}
        self._reports: dict[str, SeedsReport] = {}

    @property
    def current(self) -> Run | None:
        """The run whose steps are drawn: the one that trains, or the one that did last."""
        runs = self._study.runs
        return self._study.current or (runs[-1] if runs else None)

    def steps(self) -> list[StepDone]:
        """Its steps."""
        events = self.current.events if self.current is not None else []
        return [event for event in drop_superseded(list(events)) if isinstance(event, StepDone)]

    def series(self) -> int:
        """How many runs were begun: with another one, the steps begin again."""
        return len(self._study.runs)

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
        study, now = self._study, self.current
        events = list(now.events) if now is not None else []
        base = page_of(events, study.status, name=study.title, known=self._known(study.folder.handle))
        metrics = described_metrics(events)
        pages = {run: self._page_of(run) for run in study.runs}
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
            say=self._say(state, base.say),
            step=self._steps_done(base),
            steps=base.steps * len(study.seeds),
            figures=self._figures(base, state),
            chart=chart_of_seeds(base.chart, study.runs, now, headline_of(events)),
            dev=self._table(metrics),
            labels=None,
            remarks=[*self._names(), *_together({self._seed(run): page.remarks for run, page in pages.items()})],
            messages=self._messages(pages),
            log=[f"{self._seed(run)}: {line}" for run, page in pages.items() for line in page.log],
            folder=str(study.folder.shown),
            place=str(study.dir),
        )

    def _known(self, handle: str) -> Known:
        return Known(handle=handle, now=time.time() if self._study.is_active else None)

    def _page_of(self, run: Run) -> RunPage:
        size = len(run.events)
        if run not in self._pages or self._pages[run][0] != size:
            page = page_of(list(run.events), run.status, name=run.name, known=self._known(run.folder.handle))
            self._pages[run] = (size, page)
        return self._pages[run][1]

    def _seed(self, run: Run) -> str:
        study = self._study
        named = {run_name(study.name, seed): f"seed {seed}" for seed in study.seeds}
        return named.get(run.dir.name, run.name)

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
        values = [_value(run, headline[0], split) for run in runs]
        there = [value for value in values if value is not None]
        return spread_of(headline[0], there) if there else None

    def _say(self, state: State, of_run: str) -> str:
        study = self._study
        if state == "crashed":
            handle = study.folder.handle
            return (
                f"Its kernel is gone with {len(study.done)} of {len(study.seeds)} seeds done. To train the others: "
                f"`%load_ext ft_magics`, then `%ft resume {handle}`"
            )
        if state == "stopping":
            return f"{study.stop_reason}: it stops after this step; no other seed begins"
        if state in ("running", "paused"):
            return of_run
        took = sum(elapsed_s(drop_superseded(run.events)) or 0.0 for run in study.runs)
        words = {"done": "finished", "stopped": "stopped", "failed": "failed"}
        text = f"{words.get(state, state)} after {duration(took)}, {len(study.done)} of {len(study.seeds)} seeds done"
        return text if state == "done" or not study.reason else f"{text}: {study.reason}"

    def _steps_done(self, base: RunPage) -> int:
        """Of all seeds; a run that stopped early has no more to do."""
        return sum(base.steps if run.status == "done" else _last_step(run) for run in self._study.runs)

    def _figures(self, base: RunPage, state: State) -> list[Figure]:
        study, now = self._study, self.current
        at = [run for run in study.runs if run is not now]
        left = "–"
        if now is not None and state == "running":
            own = seconds_left(drop_superseded(list(now.events)), "running")
            one = self._mean_time(at, now)
            if own is not None and one is not None:
                left = duration(own + one * (len(study.seeds) - len(at) - 1))
        begun = len(at) + (now is not None)
        first = Figure(name="progress-seeds", label="seed", text=f"{begun} / {len(study.seeds)}")
        until = time.time() if study.is_active else None
        took = [elapsed_s(drop_superseded(list(run.events)), until if run is now else None) for run in study.runs]
        told = {"time-left": left, "elapsed": duration(sum(each or 0.0 for each in took))}
        return [first, *(replace(each, text=told.get(each.name, each.text)) for each in base.figures)]

    def _mean_time(self, ended: Sequence[Run], now: Run) -> float | None:
        """Seconds that a seed takes."""
        took = [event.elapsed_s for run in ended for event in run.events[-1:] if isinstance(event, RunEnded)]
        if took:
            return sum(took) / len(took)
        steps = [event for event in now.events if isinstance(event, StepDone)]
        started = next((event for event in now.events if isinstance(event, RunStarted)), None)
        if not steps or started is None or not steps[-1].step:
            return None
        return steps[-1].elapsed_s / steps[-1].step * started.total_steps

    def _table(self, metrics: Sequence[Metric]) -> DevTable:
        """A row for each seed, and their mean."""
        study = self._study
        tested = any(_tested(run) is not None for run in study.runs)
        shown = metrics[:1] if tested else metrics[:2]  # the report has the others; this stands beside the curves
        heads = ["seed", "state", "epoch", *(f"dev {column_head(metric)}" for metric in shown)]
        heads += [f"test {column_head(metric)}" for metric in shown] if tested else []
        runs = {self._seed(run): run for run in study.runs}
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

    def _messages(self, pages: Mapping[Run, RunPage]) -> list[Told]:
        study = self._study
        said = [Told(level=event.level, text=event.text) for event in study.notices]
        levels = {told.text: told.level for page in pages.values() for told in page.messages}
        texts = {self._seed(run): [told.text for told in page.messages] for run, page in pages.items()}
        for text, seeds in _by_text(texts).items():
            said.append(Told(level=levels[text], text=f"{_list(seeds)}: {text}"))
        return said


def _what(spread: Spread, split: str) -> str:
    count = len(spread.values)
    if count == 1:
        return f"{split} {spread.metric.label} of 1 seed"
    return f"{split} {spread.metric.label}, mean of {count} seeds ± half of its 95 % interval"


def _last_step(run: Run) -> int:
    return next((event.step for event in reversed(run.events) if isinstance(event, StepDone)), 0)


def _value(run: Run, metric: Metric, split: str) -> float | None:
    if split == "dev":
        return run.best
    test = _tested(run)
    return None if test is None else test.metrics.get(metric.name)


def _tested(run: Run) -> Evaluated | None:
    tests = (event for event in reversed(run.events) if isinstance(event, Evaluated) and event.split == "test")
    return next(tests, None)


def _best(run: Run) -> Evaluated | None:
    return next((event for event in reversed(dev_evaluations(drop_superseded(run.events))) if event.best), None)


def _row(seed: str, run: Run | None, metrics: Sequence[Metric], *, tested: bool, best: bool) -> DevRow:
    if run is None:
        empty = [""] * (len(metrics) * (2 if tested else 1))
        return DevRow(cells=[seed, "to come", "", *empty, ""], best=False)
    dev, test = _best(run), _tested(run)
    cells = [seed, run.status, decimal(dev.epoch) if dev else "–"]
    for event in (dev, test) if tested else (dev,):
        cells += [measured(event.metrics.get(metric.name) if event else None, metric) for metric in metrics]
    return DevRow(cells=[*cells, "★ best" if best else ""], best=best)


def _mean_row(runs: Sequence[Run], metrics: Sequence[Metric], *, tested: bool) -> DevRow:
    cells = ["mean", "", ""]
    for of in (_best, _tested) if tested else (_best,):
        events = [of(run) for run in runs]
        cells += [
            spread_text(spread_of(metric, [event.metrics.get(metric.name) if event else None for event in events]))
            for metric in metrics
        ]
    return DevRow(cells=[*cells, ""], best=False)


def _by_text(texts: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Sentence → who says it."""
    found: dict[str, list[str]] = {}
    for who, said in texts.items():
        for text in said:
            found.setdefault(text, []).append(who)
    return found


def _together(texts: Mapping[str, Sequence[str]]) -> list[str]:
    return [f"{_list(seeds)}: {text}" for text, seeds in _by_text(texts).items()]


def _list(seeds: Sequence[str]) -> str:
    """`seed 1`, or `seeds 1, 2`."""
    numbers = [seed.removeprefix("seed ") for seed in dict.fromkeys(seeds)]
    return f"seed {numbers[0]}" if len(numbers) == 1 else f"seeds {', '.join(numbers)}"
