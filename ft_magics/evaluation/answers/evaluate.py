"""Questions, gold answers and predictions → `AnswerReport`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ft_magics.errors import DataError
from ft_magics.evaluation.answers.answered import Answered
from ft_magics.evaluation.answers.buckets import BUCKETS, place_of
from ft_magics.evaluation.answers.counting import METRICS, measure, tally_answers
from ft_magics.evaluation.answers.evidence import AnswerEvidence
from ft_magics.evaluation.answers.report import AnswerBucket, AnswerReport
from ft_magics.evaluation.beside import check_bootstrap, check_notes, check_text
from ft_magics.evaluation.bootstrap import intervals
from ft_magics.evaluation.history import read_epochs
from ft_magics.evaluation.report import Score
from ft_magics.evaluation.report_record import Shown
from ft_magics.evaluation.scores import Interval
from ft_magics.evaluation.tally import Floats, Ints, Tally

__all__ = ["answer_report"]

_MOST_CARDS = 30


def answer_report(
    items: Sequence[Answered],
    *,
    title: str = "predictions",
    history: Sequence[Mapping[str, Any]] = (),
    notes: Sequence[str] = (),
    resamples: int = 1000,
    seed: int = 0,
) -> AnswerReport:
    """Score answers against gold.

    Args:
        items: Questions with both.
        title: What this is a report of.
        history: Dev scores per epoch.
        notes: More that a reader of the numbers should know.
        resamples: Bootstrap resamples behind the intervals; 0 for none.
        seed: Of the bootstrap.

    Raises:
        DataError: There is no question.
    """
    resamples, seed = check_bootstrap(resamples, seed)
    title, epochs, more_notes = check_text(title, "title"), read_epochs(history), check_notes(notes)
    if not items:
        raise DataError("there is no question to score")
    measured = measure(items)
    buckets = _places(items)
    groups = [label for at, label in enumerate(BUCKETS["question_word"]) if (buckets["question_word"] == at).any()]
    of = np.array([groups.index(BUCKETS["question_word"][at]) for at in buckets["question_word"]], dtype=np.int64)
    tally = tally_answers(items, measured, groups, of)
    found = dict(zip(tally.names, intervals(tally, resamples, seed), strict=True))
    evidence = AnswerEvidence(items=items, measured=measured, buckets=buckets)
    return AnswerReport(
        title=title,
        examples=len(items),
        scores=_scores(tally, found),
        resamples=resamples,
        by_rules=dict(Counter(item.rules for item in items)),
        buckets=_buckets(buckets, measured, found),
        lists=_lists(evidence),
        history=epochs,
        notes=[*_notes(items), *more_notes],
        evidence=evidence,
        tally=tally,
    )


def _places(items: Sequence[Answered]) -> dict[str, Ints]:
    rows = [place_of(item) for item in items]
    return {name: np.array([row[name] for row in rows], dtype=np.int64) for name in BUCKETS}


def _scores(tally: Tally, found: Mapping[str, Interval | None]) -> dict[str, Score]:
    values = tally.scores()
    return {
        name: Score(metric=metric, value=values[name], interval=found[name])
        for name, metric in METRICS.items()
        if name in values
    }


def _buckets(
    places: Mapping[str, Ints], measured: Floats, found: Mapping[str, Interval | None]
) -> dict[str, list[AnswerBucket]]:
    return {
        name: [
            AnswerBucket(
                label=label,
                examples=len(chosen),
                f1=float(measured[chosen, 1].mean()),
                exact_match=float(measured[chosen, 0].mean()),
                interval=found.get(f"f1 of {label}") if name == "question_word" else None,
            )
            for at, label in enumerate(BUCKETS[name])
            if len(chosen := np.flatnonzero(place == at))
        ]
        for name, place in places.items()
        if (place >= 0).any()
    }


def _lists(evidence: AnswerEvidence) -> dict[str, Shown]:
    """Questions that a person should see first."""
    known = any(item.predicted is not None and item.predicted.probability is not None for item in evidence.items)
    orders = {"mistakes": "row"} | ({"surest mistakes": "confidence"} if known else {})
    found = {}
    for name, order in orders.items():
        at = evidence.sort(evidence.select({"outcome": "mistake"}), order)
        found[name] = Shown(total=len(at), cards=[evidence.card(int(place)) for place in at[:_MOST_CARDS]])
    return found


def _notes(items: Sequence[Answered]) -> list[str]:
    notes = []
    missing = [item.row for item in items if item.predicted is None]
    if missing:
        notes.append(
            f"{len(missing):,} of {len(items):,} questions have no prediction and count as wrong, first {missing[0]}"
        )
    unanswerable = sum(not item.gold for item in items)
    rules = Counter(item.rules for item in items)
    said = {"squad": "SQuAD 2.0's" if unanswerable else "SQuAD 1.1's", "cmrc": "CMRC 2018's (Chinese)"}
    counted = [
        f"{said[name]} rules" + (f" for {count:,} questions" if len(rules) > 1 else "")
        for name, count in rules.most_common()
    ]
    notes.append(f"counted by {' and '.join(counted)}")
    if unanswerable and not any(item.predicted is not None and not item.predicted.text for item in items):
        notes.append(
            f"{unanswerable:,} questions have no answer, and every prediction is one; a model leaves questions "
            "without an answer if some in train have none"
        )
    return notes
