"""How far predicted stars are from the gold ones."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ft_magics.evaluation.bootstrap import intervals
from ft_magics.evaluation.comparison import compare_tallies
from ft_magics.evaluation.page import report_html, report_markdown, report_text
from ft_magics.evaluation.report import Comparison, Score
from ft_magics.evaluation.tally import Floats, Tally
from ft_magics.metrics import Metric
from ft_magics.sections import Card, Cell, Chart, Examples, Row, Section, Series, Table

from ft_rating.reader import Rated

__all__ = ["MAE", "RMSE", "RatingReport", "card_of", "rate"]

MAE = Metric("mae", "mean absolute error", higher_is_better=False, unit="number")
RMSE = Metric("rmse", "root mean squared error", higher_is_better=False, unit="number")

_SHOWN = 20
_SEED = 0


def card_of(example: Rated, predicted: float) -> Card:
    """An example as a page shows it."""
    gold = [] if example.stars is None else [f"{example.stars:g}"]
    data: dict[str, Any] = {"text": example.text, "gold": gold, "predicted": [f"{predicted:.2f}"], "confidence": None}
    return Card(kind="labels", row=example.id, data=data)


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingEvidence:
    """Every example with its prediction. Length S each."""

    examples: Sequence[Rated]
    predicted: Sequence[float]

    @property
    def ids(self) -> list[str]:
        """Where each example stands."""
        return [example.id for example in self.examples]

    def card(self, at: int) -> Card:
        """One example."""
        return card_of(self.examples[at], self.predicted[at])

    def page(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The examples of a request, the worst first: `offset`, `limit` → `total` and `cards`."""
        offset, limit = int(request.get("offset", 0)), int(request.get("limit", _SHOWN))
        chosen = self.worst()[offset : offset + limit]
        return {"total": len(self.examples), "cards": [self.card(at) for at in chosen]}

    def worst(self) -> list[int]:
        """Indices of the examples, the greatest error first."""
        return [int(at) for at in np.argsort(-_errors(self.examples, self.predicted), kind="stable")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingReport:
    """Errors of predicted stars."""

    title: str
    examples: int
    scores: dict[str, Score]
    history: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[str] = ()
    evidence: RatingEvidence | None = field(default=None, compare=False, repr=False)
    tally: Tally | None = field(default=None, compare=False, repr=False)

    @property
    def headline(self) -> Score:
        """The mean absolute error."""
        return self.scores[MAE.name]

    @property
    def by_label(self) -> dict[str, float | None]:
        """Numbers have no labels."""
        return {}

    def summary(self) -> str:
        """The scores and counts in a line."""
        return f"{MAE.label} {_shown(self.headline.value)} · {self.examples} examples"

    def sections(self, view: Mapping[str, Any] | None = None, *, brief: bool = False) -> list[Section]:
        """The scores; unless brief also predicted against gold, and the worst examples."""
        rows = [
            Row(cells=(Cell(text=score.metric.label), Cell(text=_shown(score.value), value=score.value), _range(score)))
            for score in self.scores.values()
        ]
        parts: list[Section] = [Table(title="Scores", columns=("metric", "value", "95 % interval"), rows=rows)]
        if not brief and self.evidence is not None:
            parts += [_scatter(self.evidence), _worst(self.evidence)]
        return parts

    def compare(self, others: Sequence[Any], *, resamples: int = 1000, seed: int = 0) -> Comparison:
        """Hold other reports of the same gold against this one."""
        return compare_tallies([self, *others], resamples=resamples, seed=seed)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        scores = {
            name: {"metric": score.metric.to_json(), "value": score.value, "interval": score.interval}
            for name, score in self.scores.items()
        }
        return {"title": self.title, "examples": self.examples, "scores": scores, "history": list(self.history)}

    def to_markdown(self) -> str:
        """The table of scores as Markdown."""
        return report_markdown(self)

    def to_html(self) -> str:
        """Every section as HTML without script or style sheet."""
        return report_html(self)

    def to_text(self, view: Mapping[str, Any] | None = None) -> str:
        """The scores as text, for a terminal."""
        return report_text(self, view=view)


def rate(
    examples: Sequence[Rated],
    predicted: Sequence[float],
    *,
    title: str,
    history: Sequence[Mapping[str, Any]] = (),
    resamples: int = 1000,
) -> RatingReport:
    """Score predicted stars.

    Args:
        examples: With gold. Length S.
        predicted: Length S.
        title: What this is a report of.
        history: Dev scores per epoch.
        resamples: Bootstrap resamples behind the intervals; 0 for none.
    """
    errors = _errors(examples, predicted)
    tally = Tally(
        counts=np.stack([errors, errors**2, np.ones_like(errors)], axis=1),  # (S, 3)
        finish=_finish,
        names=(MAE.name, RMSE.name),
        cost=errors,
        gold=[hashlib.sha256(f"{example.stars}\n{example.text}".encode()).digest() for example in examples],
    )
    values = tally.scores() if len(examples) else dict.fromkeys(tally.names)
    ranges = intervals(tally, resamples, _SEED)
    scores = {
        metric.name: Score(metric=metric, value=values[metric.name], interval=interval)
        for metric, interval in zip((MAE, RMSE), ranges, strict=True)
    }
    evidence = RatingEvidence(examples=examples, predicted=predicted)
    return RatingReport(
        title=title, examples=len(examples), scores=scores, history=history, evidence=evidence, tally=tally
    )


def _errors(examples: Sequence[Rated], predicted: Sequence[float]) -> Floats:
    gold = [np.nan if example.stars is None else example.stars for example in examples]
    return np.abs(np.asarray(predicted, dtype=np.float64) - np.asarray(gold, dtype=np.float64))


def _finish(sums: Floats) -> Floats:
    """Sums of errors, of their squares, and counts (R, 3) → MAE and RMSE (R, 2)."""
    means = np.full((len(sums), 2), np.nan)
    np.divide(sums[:, :2], sums[:, 2:], out=means, where=sums[:, 2:] > 0)
    means[:, 1] = np.sqrt(means[:, 1])
    return means


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _range(score: Score) -> Cell:
    return Cell(text="–" if score.interval is None else " to ".join(map(_shown, score.interval)))


def _scatter(evidence: RatingEvidence) -> Chart:
    gold = [example.stars or 0.0 for example in evidence.examples]
    dots = Series(name="examples", x=gold, y=list(evidence.predicted), shape="dots")
    return Chart(
        title="Predicted against gold", x_label="gold stars", y_label="predicted", series=[dots], diagonal=True
    )


def _worst(evidence: RatingEvidence) -> Examples:
    cards = [evidence.card(at) for at in evidence.worst()[:_SHOWN]]
    return Examples(title="Examples, the greatest error first", cards=cards, total=len(evidence.examples))
