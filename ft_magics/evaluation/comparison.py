"""Is one system better than another: differences on the same examples, with a paired bootstrap and McNemar's test.

Source: Berg-Kirkpatrick, Burkett and Klein 2012; McNemar 1947, exact for few examples, Edwards' correction else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ft_magics.errors import DataError
from ft_magics.evaluation.beside import as_list, check_bootstrap, shown
from ft_magics.evaluation.bootstrap import LEVEL, Difference, differences, first_other_gold
from ft_magics.evaluation.paging import page_bounds
from ft_magics.evaluation.report import Figure, Report, Score
from ft_magics.evaluation.tally import Floats, Tally
from ft_magics.metrics import Metric
from ft_magics.sections import Card, Section

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Contrast", "McNemar", "ScoreContrast", "TallyComparison", "compare_tallies", "mcnemar"]

SCHEMA = 1
_PRELOADED, _FEW_PRELOADED = 30, 10
_FEW_SYSTEMS = 3  # of more, fewer examples each are kept: a saved notebook must not grow with them
_EXACT_UPTO = 25  # examples that one system alone has right; the chi-square is off with fewer (Dietterich 1998)


class _Searchable(Protocol):
    """Evidence whose examples can be shown one by one."""

    @property
    def ids(self) -> Sequence[str]:
        """Where each example stands."""
        ...

    def card(self, at: int) -> Card:
        """One example."""
        ...

    def mentions(self, at: int, text: str) -> bool:
        """Whether an example has a text in it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class McNemar:
    """Examples that one of two systems alone has right.

    Args:
        baseline_only: How many only the baseline has right.
        other_only: How many only the other has right.
        p: Two-sided.
        exact: Whether p is of the binomial distribution rather than of the chi-square.
    """

    baseline_only: int
    other_only: int
    p: float
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreContrast:
    """One score, or the F1 of one label, under both systems.

    Args:
        name: Of the score, or of the label.
        label: What a person reads.
        unit: `share` or `number`.
        baseline: None where it does not exist.
        value: Of the other system.
        difference: Theirs less the baseline's; None where either does not exist.
        interval: Of the difference.
        p: Two-sided; None without a difference.
    """

    name: str
    label: str
    unit: str
    baseline: float | None
    value: float | None
    difference: float | None
    interval: tuple[float, float] | None
    p: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One system against the baseline.

    Args:
        title: What it is.
        scores: The headline first.
        per_label: F1 of each label; empty for a report without labels.
        mcnemar: None where an example is not simply right or wrong.
        gained: Examples that cost less than under the baseline, the greatest gain first. Indices.
        lost: Examples that cost more.
    """

    title: str
    scores: list[ScoreContrast]
    per_label: list[ScoreContrast]
    mcnemar: McNemar | None
    gained: list[int]
    lost: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyComparison:
    """Systems against a baseline, on the same examples.

    Args:
        baseline: Title of the first system.
        resamples: Of the paired bootstrap.
        others: The other systems.
        cards: Per other system its `gained` and `lost`: some examples with both predictions.
        way: How the intervals and p-values were made.
        reports: The reports, where they are in memory; no part of the JSON.
    """

    baseline: str
    resamples: int
    others: list[Contrast]
    cards: list[dict[str, list[Card]]] = field(default_factory=list)
    way: str = "paired bootstrap"
    reports: tuple[Any, ...] = field(default=(), compare=False, repr=False)

    @property
    def title(self) -> str:
        """What is compared."""
        return f"{', '.join(item.title for item in self.others)} compared with {self.baseline}"

    def figures(self) -> list[Figure]:
        """The headline of each system, the baseline first."""
        from ft_magics.evaluation.comparison_sections import figures_of  # noqa: PLC0415  # it knows this class

        return figures_of(self)

    def sections(self) -> list[Section]:
        """What is shown."""
        from ft_magics.evaluation.comparison_sections import sections_of  # noqa: PLC0415  # it knows this class

        return sections_of(self)

    def page(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Some examples that a system gained or lost.

        Args:
            request: `filter` with `other` (its place, from 0), `side` (`gained` or `lost`) and `text`; `offset`,
                `limit`.
        """
        asked = request.get("filter") or {}
        at = min(max(0, int(asked.get("other") or 0)), len(self.others) - 1)
        side = "lost" if asked.get("side") == "lost" else "gained"
        chosen: list[int] = getattr(self.others[at], side)
        wanted = str(asked.get("text") or "")
        if wanted:
            evidence: _Searchable = self.reports[0].evidence
            chosen = [example for example in chosen if evidence.mentions(example, wanted)]
        cards = [_card(self.reports, at, side, example) for example in chosen[page_bounds(request)]]
        return {"total": len(chosen), "cards": [asdict(card) for card in cards]}

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "schema": SCHEMA,
            "level": LEVEL,
            "baseline": self.baseline,
            "resamples": self.resamples,
            "others": [{**asdict(item), "gained": len(item.gained), "lost": len(item.lost)} for item in self.others],
            "cards": [{side: [asdict(card) for card in cards] for side, cards in both.items()} for both in self.cards],
        }

    def to_pandas(self) -> pd.DataFrame:
        """A row per system and score or label."""
        import pandas as pd  # noqa: PLC0415  # a kernel that only trains need not wait for it

        rows = []
        for item in self.others:
            for kind, contrasts in (("score", item.scores), ("label", item.per_label)):
                rows += [{"system": item.title, "kind": kind, **asdict(row)} for row in contrasts]
        return pd.DataFrame(rows).drop(columns=["label", "unit"])

    def to_html(self) -> str:
        """The comparison as HTML without script or style sheet."""
        from ft_magics.evaluation.page import comparison_html  # noqa: PLC0415  # a kernel that only trains draws nothing

        return comparison_html(self)

    def to_text(self) -> str:
        """The comparison as text, for a terminal."""
        from ft_magics.evaluation.page import comparison_text  # noqa: PLC0415  # a kernel that only trains draws nothing

        return comparison_text(self)


def compare_tallies(reports: Sequence[Report], *, resamples: int = 1000, seed: int = 0) -> TallyComparison:
    """Hold systems against the first of them.

    Args:
        reports: At least two of one kind, of the same gold.
        resamples: Of the paired bootstrap.
        seed: Of the bootstrap.

    Raises:
        DataError: They are not of the same gold; the message names the first example that differs.
    """
    resamples, seed = check_bootstrap(resamples, seed)
    found = as_list(reports, "reports", "reports, the baseline first")
    if len(found) < 2 or any(type(report) is not type(found[0]) for report in found):
        raise DataError(f"reports: found {shown(found)}, expected at least two reports of one kind")
    if not resamples:
        raise DataError("resamples: found 0; a comparison needs at least 1")
    baseline, *others = found
    kept = tuple(found)
    contrasts = [_contrast(baseline, other, resamples, seed) for other in others]
    most = _PRELOADED if len(others) <= _FEW_SYSTEMS else _FEW_PRELOADED
    cards = [
        {
            side: [_card(kept, at, side, example) for example in getattr(item, side)[:most]]
            for side in ("gained", "lost")
        }
        for at, item in enumerate(contrasts)
    ]
    return TallyComparison(baseline=baseline.title, resamples=resamples, others=contrasts, cards=cards, reports=kept)


def _contrast(baseline: Report, other: Report, resamples: int, seed: int) -> Contrast:
    ours, theirs = _tally(baseline), _tally(other)
    _check_gold(baseline, other)
    measured = dict(zip(ours.names, differences(ours, theirs, resamples, seed), strict=True))
    scores = [
        _score_contrast(score, other.scores.get(name), measured[name])
        for name, score in baseline.scores.items()
        if name in measured
    ]
    labels = dict.fromkeys([*baseline.by_label, *other.by_label])
    absent = Difference(difference=None, interval=None, p=None)
    gain = ours.cost - theirs.cost
    return Contrast(
        title=other.title,
        scores=scores,
        per_label=[
            _row(
                Metric(name, name),
                (baseline.by_label.get(name), other.by_label.get(name)),
                measured.get(f"f1 of {name}", absent),
            )
            for name in labels
        ],
        mcnemar=mcnemar(ours.cost == 0, theirs.cost == 0) if "accuracy" in measured else None,
        gained=_greatest(gain),
        lost=_greatest(-gain),
    )


def _tally(report: Report) -> Tally:
    if report.tally is None:
        raise DataError(f"{report.title} was read from a file without its examples; evaluate the predictions again")
    return report.tally


def _check_gold(baseline: Report, other: Report) -> None:
    ours, theirs = _tally(baseline), _tally(other)
    if len(ours.gold) != len(theirs.gold):
        raise DataError(
            f"{baseline.title} has {len(ours.gold)} examples and {other.title} has {len(theirs.gold)}; "
            "a comparison needs the same examples"
        )
    at = first_other_gold(ours, theirs)
    if at is not None:
        evidence: Any = baseline.evidence
        raise DataError(
            f"{baseline.title} and {other.title} have different gold, first in example {at} (counted from 0): "
            f"{evidence.ids[at]}"
        )


def _score_contrast(ours: Score, theirs: Score | None, item: Difference) -> ScoreContrast:
    return _row(ours.metric, (ours.value, None if theirs is None else theirs.value), item)


def _row(metric: Metric, values: tuple[float | None, float | None], item: Difference) -> ScoreContrast:
    return ScoreContrast(
        name=metric.name,
        label=metric.label,
        unit=metric.unit,
        baseline=values[0],
        value=values[1],
        difference=item.difference,
        interval=item.interval,
        p=item.p,
    )


def _greatest(gain: Floats) -> list[int]:
    order = np.argsort(-gain, kind="stable")
    return [int(at) for at in order[: int((gain > 0).sum())]]


def _card(reports: Sequence[Any], at: int, side: str, example: int) -> Card:
    """An example with what both systems predicted."""
    baseline, other = reports[0], reports[at + 1]
    own, others = (report.evidence.card(example) for report in (baseline, other))
    alone = ("predicted", "confidence", "scores", "badge", "right", "ranks", "facets", "marks")
    data = {name: value for name, value in own.data.items() if name not in alone}
    if own.kind == "texts":
        *shared, (_, first) = own.data["texts"]
        data["texts"] = [*shared, (baseline.title, first), (other.title, others.data["texts"][-1][1])]
        last = [(), *(card.data["marks"][-1] for card in (own, others))] if "marks" in own.data else []
        data["marks"] = [*([()] * (len(shared) - 1)), *last]
    else:
        data["versions"] = [
            {"name": report.title, "predicted": card.data["predicted"]}
            for report, card in ((baseline, own), (other, others))
        ]
    data["facets"] = {"side": [side], "other": [str(at)]}
    return Card(kind=own.kind, row=own.row, data=data)


def mcnemar(ours: Any, theirs: Any) -> McNemar:
    """McNemar's test: is one system right more often where they differ?

    Args:
        ours: Whether the baseline has each example right. Length S.
        theirs: The same of the other system.
    """
    first, second = (int(np.sum(one & ~other)) for one, other in ((ours, theirs), (theirs, ours)))
    count = first + second
    if count < _EXACT_UPTO:
        tail = sum(math.comb(count, at) for at in range(min(first, second) + 1)) / 2**count
        return McNemar(baseline_only=first, other_only=second, p=min(1.0, 2 * tail), exact=True)
    square = max(abs(first - second) - 1, 0) ** 2 / count
    return McNemar(
        baseline_only=first, other_only=second, p=math.erfc(math.sqrt(square / 2)), exact=False
    )  # the upper tail of the chi-square with one degree of freedom
