"""The runs of a study as its page needs them: which one is drawn, and what all of them say."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ft_magics.display.run_clock import duration, elapsed_s
from ft_magics.display.run_summary import Known, page_of, threads_text
from ft_magics.display.run_wire import Figure, RunPage, State, Told
from ft_magics.events import Evaluated, RunEnded, RunStarted, StepDone, drop_superseded
from ft_magics.metrics import Metric
from ft_magics.runs.history import dev_evaluations
from ft_magics.runs.run import Run
from ft_magics.studies.study import Study

__all__ = ["StudyRuns", "best_on_dev", "last_step", "on_test", "run_seconds", "score_of"]


class StudyRuns:
    """The runs of a study; the page of one that has ended is made once.

    Args:
        study: The runs.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._pages: dict[Run, tuple[int, RunPage]] = {}

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

    def known(self) -> Known:
        """What a run's page shows beside its events."""
        now = time.time() if self._study.is_active else None
        return Known(handle=self._study.folder.handle, now=now)

    def pages(self) -> dict[Run, RunPage]:
        """Of each run that was begun."""
        return {run: self._page_of(run) for run in self._study.runs}

    def _page_of(self, run: Run) -> RunPage:
        size = len(run.events)
        if run not in self._pages or self._pages[run][0] != size:
            page = page_of(list(run.events), run.status, name=run.name, known=self.known())
            self._pages[run] = (size, page)
        return self._pages[run][1]

    def figures(self, base: RunPage, *, label: str, left_s: float | None) -> list[Figure]:
        """Those of the run that is drawn, below how many were begun.

        Args:
            base: Its page.
            label: What a run is counted as.
            left_s: Seconds that all of them still take; None where it is not known.
        """
        study, now = self._study, self.current
        until = time.time() if study.is_active else None
        took = [elapsed_s(drop_superseded(list(run.events)), until if run is now else None) for run in study.runs]
        left = "–" if left_s is None else duration(left_s)
        told = {"time-left": left, "elapsed": duration(sum(each or 0.0 for each in took))}
        first = Figure(name="progress-seeds", label=label, text=f"{len(study.runs)} / {len(study.names)}")
        return [first, *(replace(each, text=told.get(each.name, each.text)) for each in base.figures)]

    def say(self, state: State, of_run: str, word: str) -> str:
        """What there is to say of a state, in a line.

        Args:
            state: Of the study.
            of_run: What the page of the run that is drawn says.
            word: What one run is called, such as `seed`.
        """
        study = self._study
        far = f"{len(study.done)} of {len(study.names)} {study.noun} done"
        if state == "crashed":
            return (
                f"Its kernel is gone with {far}. To train the others: `%load_ext ft_magics`, then "
                f"`%ft resume {study.folder.handle}`"
            )
        if state == "stopping":
            return f"{study.stop_reason}: it stops after this step; no other {word} begins"
        if state in ("running", "paused"):
            return of_run
        took = sum(elapsed_s(drop_superseded(run.events)) or 0.0 for run in study.runs)
        words = {"done": "finished", "stopped": "stopped", "failed": "failed"}
        text = f"{words.get(state, state)} after {duration(took)}, {far}"
        return text if state == "done" or not study.reason else f"{text}: {study.reason}"

    def messages(self, pages: Mapping[Run, RunPage]) -> list[Told]:
        """Those of all runs, each with who says it; with how many threads a run computed is on its own page only."""
        study = self._study
        said = [Told(level=event.level, text=event.text) for event in study.notices]
        levels = {told.text: told.level for page in pages.values() for told in page.messages}
        texts = {
            study.word_for(run): [told.text for told in page.messages if told.text != threads_text(run.events)]
            for run, page in pages.items()
        }
        for text, words in _by_text(texts).items():
            said.append(Told(level=levels[text], text=f"{_list(words)}: {text}"))
        return said

    def remarks(self, pages: Mapping[Run, RunPage]) -> list[str]:
        """The same of the remarks."""
        texts = {self._study.word_for(run): page.remarks for run, page in pages.items()}
        return [f"{_list(words)}: {text}" for text, words in _by_text(texts).items()]

    def log(self, pages: Mapping[Run, RunPage]) -> list[str]:
        """The same of the logs."""
        return [f"{self._study.word_for(run)}: {line}" for run, page in pages.items() for line in page.log]


def run_seconds(run: Run) -> float | None:
    """Seconds that a run took, or, of one that trains, will take at this pace."""
    ended = next((event for event in run.events[-1:] if isinstance(event, RunEnded)), None)
    if ended is not None:
        return ended.elapsed_s
    steps = [event for event in run.events if isinstance(event, StepDone)]
    started = next((event for event in run.events if isinstance(event, RunStarted)), None)
    if not steps or started is None or not steps[-1].step:
        return None
    return steps[-1].elapsed_s / steps[-1].step * started.total_steps


def last_step(run: Run) -> int:
    """The step that it is at."""
    return next((event.step for event in reversed(run.events) if isinstance(event, StepDone)), 0)


def on_test(run: Run) -> Evaluated | None:
    """Its evaluation on test."""
    tests = (event for event in reversed(run.events) if isinstance(event, Evaluated) and event.split == "test")
    return next(tests, None)


def best_on_dev(run: Run) -> Evaluated | None:
    """Its best evaluation on dev."""
    return next((event for event in reversed(dev_evaluations(drop_superseded(run.events))) if event.best), None)


def score_of(run: Run, metric: Metric, split: str) -> float | None:
    """The best on dev, or that on test."""
    if split == "dev":
        return run.best
    test = on_test(run)
    return None if test is None else test.metrics.get(metric.name)


def _by_text(texts: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Sentence → who says it."""
    found: dict[str, list[str]] = {}
    for who, said in texts.items():
        for text in said:
            found.setdefault(text, []).append(who)
    return found


def _list(words: Sequence[str]) -> str:
    """`seed 1`, or `seeds 1, 2`; of others up to three, and how many more."""
    there = list(dict.fromkeys(words))
    if all(word.startswith("seed ") for word in there):
        numbers = [word.removeprefix("seed ") for word in there]
        return f"seed {numbers[0]}" if len(numbers) == 1 else f"seeds {', '.join(numbers)}"
    more = f" and {len(there) - 3} more" if len(there) > 3 else ""
    return f"{'; '.join(there[:3])}{more}"
