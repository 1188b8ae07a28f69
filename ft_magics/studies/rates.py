"""Which learning rate? A few are tried for a share of the steps, and dev says which was the best.

Each begins from the same head, sees the same batches and has a whole schedule of its own, only a shorter one. The slope
of the training loss, by which a range test chooses (Smith 2017), points several times too high for fine-tuning: what
falls fastest in the first steps is not what ends best.

Source: docs/decisions/0016-several-runs-as-one.md.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ft_magics.errors import CellError, Problem, RunError
from ft_magics.events import Evaluated, StepDone
from ft_magics.metrics import Metric
from ft_magics.models.memory import free_memory
from ft_magics.runs.history import dev_evaluations
from ft_magics.runs.interrupts import interrupts_kept
from ft_magics.runs.run import Run
from ft_magics.training.inputs import Inputs, read_inputs
from ft_magics.training.launch import start_run
from ft_magics.training.turns import turn_taken, wait_for_turn

if TYPE_CHECKING:
    from ft_magics.config.schema import AnyConfig
    from ft_magics.training.prepare import Prepared

__all__ = ["RateSweep", "Suggestion", "TriedRate", "prepare_sweep", "suggestion_of"]

_SHARE, _FEWEST_STEPS = 0.2, 40  # of a whole training's steps, for each rate
_FACTOR = 2.0  # from one rate to the next
_ORDER = (0, 1, -1, 2, -2)  # powers of it, the fitted rate first: a sweep that is stopped has the middle
_MOST_RATES = 8  # where the best one is at an end, the sweep goes on there
_HIGHEST = 1.0
_Z = 1.96  # half of a 95 % interval in standard errors
_OF_STEPS = 0.25  # by which power of the steps the best rate falls: as where a cell leaves it open (decision 11)
_LOOK_EVERY_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedRate:
    """What became of a rate.

    Args:
        rate: The peak of its schedule.
        score: The headline on dev after the last step; None where it does not exist.
        loss: On dev.
        train_loss: The mean of the last report of steps.
        error: Standard error of the score; None where it is not known.
        fault: Why there is no evaluation; empty for one that went well.
    """

    rate: float
    score: float | None
    loss: float | None
    train_loss: float | None
    error: float | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """The rate to take.

    Args:
        tried: What became of it.
        best: The one with the best score, where that is another: dev cannot tell the two apart, and the lower is taken.
        by_loss: Whether the dev loss decided, since the scores are equal.
        at_end: `lowest` or `highest` of those that were tried, beyond which a better one may lie; else empty.
    """

    tried: TriedRate
    best: TriedRate | None
    by_loss: bool
    at_end: str


def suggestion_of(tried: Sequence[TriedRate], metric: Metric) -> Suggestion | None:
    """The best rate by dev: by the headline, and where scores are equal by the loss. None where none was evaluated.

    The next lower rate is taken where it is less than a standard error worse (Breiman et al. 1984, the rule of one
    standard error): a rate that is too high costs much more than one that is too low.

    Args:
        tried: In the order of their rates.
        metric: The headline.
    """
    known = [each for each in tried if not each.fault and each.loss is not None]
    if not known:
        return None
    scores = [each.score for each in known if each.score is not None]
    top = max(scores, key=lambda score: metric.gain(score, 0.0)) if scores else None
    equal = [each for each in known if each.score == top]
    best = min(equal, key=lambda each: (each.loss or 0.0, each.rate))
    below = known[known.index(best) - 1] if known.index(best) else None
    chosen = best
    if len(equal) == 1 and below is not None and below.score is not None and top is not None:
        chosen = below if metric.gain(top, below.score) < (best.error or 0.0) else best
    at_end = "highest" if best is tried[-1] else "lowest" if chosen is tried[0] else ""
    return Suggestion(
        tried=chosen,
        best=None if chosen is best else best,
        by_loss=len(equal) > 1,
        at_end=at_end if len(tried) > 1 else "",
    )


class RateSweep:
    """Rates that are tried one after the other, for a run that is not there yet.

    Args:
        name: Of the run that the cell would make.
        config: As the cell says.
        inputs: Train and dev; there is no test here, so that nothing is chosen by it.
        first: The run as the cell would have it, for its settings and features.

    Attributes:
        tried: What became of each rate, in the order of the rates.
        steps: That each has.
        whole: Steps of the whole training.
        fitted: The rate that is taken where a cell leaves it open.
        own: The rate that the cell names; None where it leaves it open.
        metric: By which dev judges.
    """

    def __init__(self, name: str, config: AnyConfig, inputs: Inputs, first: Prepared) -> None:
        self.name = f"{name} --find-rate"
        self.of = name
        self._config, self._inputs, self._encoded = config, inputs, first.features
        self.tried: list[TriedRate] = []
        self.whole = first.total_steps
        self.steps = min(self.whole, max(_FEWEST_STEPS, math.ceil(_SHARE * self.whole)))
        self.fitted = first.train.learning_rate
        rate = config.train.learning_rate
        self.own = rate if isinstance(rate, float) else None
        self.metric: Metric = first.metrics[0]
        self._run: Run | None = None

    def rates(self) -> list[float]:
        """Those that are tried first, in their order; the cell's own is among them."""
        grid = [_two_digits(self.fitted * _FACTOR**power) for power in _ORDER]
        grid = [rate for rate in dict.fromkeys(grid) if rate <= _HIGHEST]
        if self.own is not None and self.own not in grid:
            grid.append(self.own)
        return grid

    def sweep(self, asked_to_stop: Callable[[], bool]) -> Iterator[TriedRate]:
        """Try the rates, one after the other.

        Args:
            asked_to_stop: Asked a few times a second; when true, the rate that is being tried is given up.

        Raises:
            RunError: Another run trains in this process.
        """
        with turn_taken(self):
            for rate in self.rates():
                tried = self._try(rate, asked_to_stop)
                if tried is None:
                    return
                yield self._took(tried)
            while len(self.tried) < _MOST_RATES and (further := self._beyond()) is not None:
                tried = self._try(further, asked_to_stop)
                if tried is None:
                    return
                yield self._took(tried)

    def _took(self, tried: TriedRate) -> TriedRate:
        self.tried = sorted([*self.tried, tried], key=lambda each: each.rate)
        return tried

    def _beyond(self) -> float | None:
        """The rate to try next, where the best one is at an end; None where it is between others."""
        best = self.suggestion()
        if best is None or not best.at_end:
            return None
        rate = self.tried[-1].rate * _FACTOR if best.at_end == "highest" else self.tried[0].rate / _FACTOR
        return _two_digits(rate) if rate <= _HIGHEST else None

    def suggestion(self) -> Suggestion | None:
        """The best so far; see `suggestion_of`."""
        return suggestion_of(self.tried, self.metric)

    def for_whole(self, rate: float) -> float:
        """What the best rate of the short trainings comes to in the whole one, which takes a lower one."""
        return _two_digits(rate * (self.steps / max(1, self.whole)) ** _OF_STEPS)

    def _try(self, rate: float, asked_to_stop: Callable[[], bool]) -> TriedRate | None:
        """What becomes of a rate; None where a stop was asked for on the way."""
        with tempfile.TemporaryDirectory(prefix="ft_magics_rate_", ignore_cleanup_errors=True) as place:
            self._run = run = start_run(self.of, self._prepare(rate), folder=Path(place) / self.of, within=self)
            stopped = False
            while not run.wait(_LOOK_EVERY_S):
                if not stopped and asked_to_stop():
                    stopped = True
                    run.stop("the sweep was stopped")
            self._run = None
            told = None if stopped or run.status == "stopped" else _told(run, rate, self.metric)
        free_memory()
        return told

    def _prepare(self, rate: float) -> Prepared:
        from ft_magics.training.prepare import prepare  # noqa: PLC0415  # it is here by now

        train, save = self._config.train, self._config.save
        warmup = train.warmup if train.warmup < 1 else train.warmup / max(1, self.whole)
        short = train.model_copy(
            update={
                "learning_rate": rate,
                "max_steps": self.steps,
                "warmup": min(warmup, 0.5),
                "early_stopping": None,
                "report_to": None,
            }
        )
        kept = save.model_copy(update={"every": None, "merge": False})
        config = self._config.model_copy(update={"train": short, "save": kept})
        return prepare(config, self._inputs, encoded=self._encoded)

    def stop(self, reason: str = "stopped by hand") -> None:
        """Ask the rate that is being tried to end."""
        if self._run is not None:
            self._run.stop(reason)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the rate that is being tried; whether its end came."""
        return self._run is None or self._run.wait(timeout_s)

    def wait_with_notice(self, why: str = "") -> None:
        """A sweep has the cell that it is in to itself.

        Raises:
            RunError: Always: another cell can only come from one of its own callbacks.
        """
        raise RunError(f"{self.name} tries rates{why}; nothing else can train meanwhile")


def prepare_sweep(config: AnyConfig, name: str) -> RateSweep:
    """Wait until no run trains in this process, read the data, fit what the cell leaves open.

    Args:
        config: As the cell says; of several seeds, the first is taken.
        name: Of the run that it would make.

    Raises:
        CellError: There is no dev to judge by.
        FineTuneError: See `training.prepare.prepare`.
    """
    if getattr(config.data, "dev", None) is None:
        text = (
            "--find-rate judges rates by dev, and there is no dev split; add one under `data:`, such as "
            "`dev: {fraction: 0.1}`"
        )
        raise CellError([Problem(line=None, where="data.dev", text=text)])
    one = config if config.seeds is None else config.with_seed(config.seeds[0], config.save.dir)
    with interrupts_kept():
        wait_for_turn()
        inputs = read_inputs(one)
        inputs = replace(inputs, corpus=replace(inputs.corpus, test=None))
        from ft_magics.training.prepare import prepare  # noqa: PLC0415  # torch only for a cell without mistakes

        opened = one.model_copy(update={"train": one.train.model_copy(update={"learning_rate": "auto"})})
        first = prepare(opened, inputs)
    # What the cell leaves open is fitted to the whole training, and stays so in the short ones.
    fitted = {key: getattr(first.train, key) for key in ("epochs", "batch_size")}
    settled = one.model_copy(update={"train": one.train.model_copy(update=fitted)})
    return RateSweep(name, settled, inputs, first)


def _told(run: Run, rate: float, metric: Metric) -> TriedRate:
    """What the events of a run say of its rate."""
    last: Evaluated | None = next(iter(dev_evaluations(run.events)[-1:]), None)
    losses = [event.loss for event in run.events if isinstance(event, StepDone)]
    fault = ""
    if run.status == "failed":
        fault = str(run.exception).partition("\n")[0] if run.exception is not None else "the training failed"
    elif last is None:
        fault = "dev could not be evaluated"
    elif last.loss is None or not math.isfinite(last.loss):
        fault = "the loss on dev is NaN or infinite"
    return TriedRate(
        rate=rate,
        score=None if last is None or fault else last.metrics.get(metric.name),
        loss=None if last is None or fault else last.loss,
        train_loss=losses[-1] if losses and math.isfinite(losses[-1]) else None,
        error=None if fault else _standard_error(run),
        fault=fault,
    )


def _standard_error(run: Run) -> float | None:
    """Of the headline on dev, from its interval; None for a score without one."""
    interval = run.read_report("dev").headline.interval if "dev" in run.folder.splits() else None
    return None if interval is None else (interval[1] - interval[0]) / (2 * _Z)


def _two_digits(rate: float) -> float:
    return float(f"{rate:.2g}")
