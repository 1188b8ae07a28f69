"""What every report of every task has."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ft_magics.evaluation.tally import Tally
from ft_magics.metrics import Metric
from ft_magics.sections import Section

__all__ = ["Comparison", "Evidence", "Figure", "Report", "Score", "View"]

View = Mapping[str, Any]  # what the magic's line asked for, such as `by` and `min_support`


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One measured number.

    Args:
        metric: What was measured.
        value: A share from 0 to 1, or a number, as the metric says; None where it does not exist.
        interval: Low and high end of its 95 % interval; None where there is none.
    """

    metric: Metric
    value: float | None
    interval: tuple[float, float] | None = None

    def __float__(self) -> float:
        """The value; NaN where it does not exist."""
        return math.nan if self.value is None else float(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The large figures at the top of a page.

    Args:
        label: What it is, such as `F1`.
        text: The number as scores are shown: a share times 100, without a sign, such as `81.32`.
        about: How sure it is, such as its interval; empty where nothing is known.
    """

    label: str
    text: str
    about: str = ""


class Evidence(Protocol):
    """The examples behind a report."""

    def page(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Some of them: `filter`, `sort`, `offset`, `limit` → `total` and `cards`."""
        ...


class Comparison(Protocol):
    """Systems against a baseline, on the same examples."""

    @property
    def title(self) -> str:
        """What is compared."""
        ...

    def figures(self) -> Sequence[Figure]:
        """The headline of each system, the baseline first."""
        ...

    def sections(self) -> Sequence[Section]:
        """What is shown."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        ...

    def to_html(self) -> str:
        """HTML without script or style sheet."""
        ...


class Report(Protocol):
    """Numbers, sections, evidence."""

    @property
    def title(self) -> str:
        """What was scored, such as `intents · test`."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What a reader of the numbers should know."""
        ...

    @property
    def headline(self) -> Score:
        """The score that chooses the best model."""
        ...

    @property
    def scores(self) -> Mapping[str, Score]:
        """Every score, by the name of its metric."""
        ...

    @property
    def by_label(self) -> Mapping[str, float | None]:
        """The headline, or what comes closest to it, for each label."""
        ...

    @property
    def tally(self) -> Tally | None:
        """What each example adds; None for a report that was read from a file."""
        ...

    @property
    def evidence(self) -> Evidence | None:
        """The examples; None for a report that was read from a file."""
        ...

    def summary(self) -> str:
        """The scores and counts in a line."""
        ...

    def sections(self, view: Mapping[str, Any] | None = None, *, brief: bool = False) -> Sequence[Section]:
        """What is shown.

        Args:
            view: What the magic's line asked for.
            brief: Scores and confusion only.
        """
        ...

    def compare(self, others: Sequence[Any], *, resamples: int = 1000, seed: int = 0) -> Comparison:
        """Hold other reports of the same gold against this one."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        ...

    def to_markdown(self) -> str:
        """The table of scores as Markdown."""
        ...

    def to_html(self) -> str:
        """Every section as HTML without script or style sheet."""
        ...
