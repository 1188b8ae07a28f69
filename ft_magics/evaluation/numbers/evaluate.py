"""Gold and predicted numbers → `NumberReport`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from ft_magics.errors import DataError
from ft_magics.evaluation.beside import as_list, check_bootstrap, check_notes, check_text, check_texts, shown
from ft_magics.evaluation.bootstrap import intervals
from ft_magics.evaluation.history import read_epochs
from ft_magics.evaluation.labels.buckets import BUCKETS, buckets_of
from ft_magics.evaluation.numbers.counting import METRICS_OF_NUMBERS, spearman, tally_numbers
from ft_magics.evaluation.numbers.evidence import NumberEvidence
from ft_magics.evaluation.numbers.report import NumberBucket, NumberReport
from ft_magics.evaluation.paging import Places
from ft_magics.evaluation.report import Score
from ft_magics.evaluation.report_record import Shown
from ft_magics.evaluation.tally import Floats, Ints, Tally

__all__ = ["number_report"]

_MOST_CARDS = 30
_MOST_POINTS = 400
_RANGES = 5
_GREATEST = 1e150  # squares of greater numbers have no float


def number_report(
    gold: Any,
    pred: Any,
    *,
    texts: Sequence[str] | None = None,
    pairs: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
    title: str = "predictions",
    history: Sequence[Mapping[str, Any]] = (),
    notes: Sequence[str] = (),
    resamples: int = 1000,
    seed: int = 0,
) -> NumberReport:
    """Score predicted numbers against gold.

    Args:
        gold: A number per example. Length S.
        pred: The same of the predictions.
        texts: What the numbers are of, for buckets and examples. Length S.
        pairs: The second texts, where texts come in pairs. Length S.
        ids: Where each example stands, such as `test.csv, line 12`. Length S.
        title: What this is a report of.
        history: Dev scores per epoch.
        notes: More that a reader of the numbers should know.
        resamples: Bootstrap resamples behind the intervals; 0 for none.
        seed: Of the bootstrap.

    Raises:
        DataError: The two sides differ in length, are no finite numbers, or what stands beside them does not fit them;
            the message names the first example that is wrong.
    """
    resamples, seed = check_bootstrap(resamples, seed)
    title, epochs, more_notes = check_text(title, "title"), read_epochs(history), check_notes(notes)
    ours, theirs = _numbers(gold, "gold"), _numbers(pred, "pred")
    if len(ours) != len(theirs):
        raise DataError(
            f"gold has {len(ours)} examples and pred has {len(theirs)}; they must be the same, in the same order"
        )
    if not len(ours):
        raise DataError("there is no example to score: gold and pred are empty")
    said, beside, places = (
        None if given is None else check_texts(given, name, len(ours), "example")
        for name, given in (("texts", texts), ("pairs", pairs), ("ids", ids))
    )
    if beside is not None and said is None:
        raise DataError("pairs are given without texts; expected both")
    tally = tally_numbers(ours, theirs)
    evidence = NumberEvidence(
        gold=ours,
        pred=theirs,
        ids=[f"example {at}" for at in range(len(ours))] if places is None else places,
        texts=said,
        pairs=beside,
        buckets=_places(ours, said, beside),
    )
    worst = evidence.sort(np.arange(len(ours)), "error")[:_MOST_CARDS]
    return NumberReport(
        title=title,
        examples=len(ours),
        scores=_scores(tally, spearman(ours, theirs), resamples, seed),
        points=_points(ours, theirs),
        resamples=resamples,
        buckets=_buckets(evidence, tally),
        lists={"errors": Shown(total=len(ours), cards=[evidence.card(int(at)) for at in worst])},
        history=epochs,
        notes=[*_notes(ours, theirs), *more_notes],
        evidence=evidence,
        tally=tally,
    )


def _numbers(side: Any, name: str) -> Floats:
    found = as_list(side, name, "numbers, one per example")
    for at, value in enumerate(found):
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or abs(value) > _GREATEST:
            raise DataError(f"{name}, example {at} (counted from 0): found {shown(value)}, expected a finite number")
    return np.array(found, dtype=np.float64)


def _scores(tally: Tally, rank_correlation: float | None, resamples: int, seed: int) -> dict[str, Score]:
    values = tally.scores()
    found = zip(tally.names, intervals(tally, resamples, seed), strict=True)
    scores = {name: Score(metric=METRICS_OF_NUMBERS[name], value=values[name], interval=ends) for name, ends in found}
    # Ranks change with every resample, so it is no function of sums over examples.
    return scores | {"spearman": Score(metric=METRICS_OF_NUMBERS["spearman"], value=rank_correlation)}


def _notes(gold: Floats, pred: Floats) -> list[str]:
    sides = (("gold", gold), ("predicted", pred))
    return [
        f"all {name} numbers are {side[0]:.4g}: there is no correlation"
        for name, side in sides
        if len(side) > 1 and (side == side[0]).all()
    ]


def _points(gold: Floats, pred: Floats) -> list[tuple[float, float]]:
    """Some examples in order of gold, drawn evenly, so that the ends are there."""
    order = np.argsort(gold, kind="stable")
    chosen = order[np.unique(np.linspace(0, len(gold) - 1, min(len(gold), _MOST_POINTS)).round().astype(np.int64))]
    return [(float(gold[at]), float(pred[at])) for at in chosen]


def _places(gold: Floats, texts: Sequence[str] | None, pairs: Sequence[str] | None) -> Places:
    """Buckets by size of the gold number, as many in each as there can be, and by length of the text."""
    no_labels = np.zeros((len(gold), 0), dtype=np.bool_)
    by_text = buckets_of(no_labels, (), texts=texts, pairs=pairs, train_counts=None, train_words=None)
    found: dict[str, tuple[Sequence[str], Ints]] = {
        name: (BUCKETS[name], place.astype(np.int64)) for name, place in by_text.items()
    }
    edges = np.unique(np.quantile(gold, np.linspace(0, 1, _RANGES + 1)))
    if len(edges) > 2:
        labels = [f"{low:.4g} to {high:.4g}" for low, high in itertools.pairwise(edges.tolist())]
        place = np.clip(np.searchsorted(edges, gold, side="left") - 1, 0, len(labels) - 1)
        if len(set(labels)) == len(labels):  # edges that are written alike would be one bucket to a reader
            found = {"gold": (labels, place), **found}
    return found


def _buckets(evidence: NumberEvidence, tally: Tally) -> dict[str, list[NumberBucket]]:
    return {
        name: [
            NumberBucket(
                label=label,
                examples=len(chosen),
                rmse=scores["rmse"],
                mae=scores["mae"],
                bias=float(evidence.error[chosen].mean()),
            )
            for at, label in enumerate(labels)
            if len(chosen := np.flatnonzero(place == at))
            for scores in [tally.scores(chosen)]
        ]
        for name, (labels, place) in evidence.buckets.items()
    }
