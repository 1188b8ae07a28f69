"""What a language model predicted of documents → `LanguageReport`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ft_magics.data.letters import CJK
from ft_magics.errors import DataError
from ft_magics.evaluation.bootstrap import intervals
from ft_magics.evaluation.history import read_epochs
from ft_magics.evaluation.language.blanks import Blank
from ft_magics.evaluation.language.counting import METRICS, tally_language
from ft_magics.evaluation.language.evidence import LanguageEvidence
from ft_magics.evaluation.language.report import LanguageBucket, LanguageReport
from ft_magics.evaluation.paging import Places
from ft_magics.evaluation.report import Score
from ft_magics.evaluation.report_record import Shown
from ft_magics.evaluation.tally import Tally
from ft_magics.metrics import Metric

__all__ = ["Counted", "language_report"]

_MOST_CARDS, _MOST_SOURCES = 30, 20
_LENGTHS = ((128, "up to 128 tokens"), (512, "129–512 tokens"), (2048, "513–2,048 tokens"))
_LONGER = "more"
_SCRIPTS = ("Latin", "Chinese or Japanese", "other or mixed")
_MOSTLY = 0.8  # of the letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was predicted of one document.

    Args:
        asked: Tokens that were to be predicted.
        loss: Sum of their losses, in nats.
        right: How many of them were predicted right.
        tokens: All tokens.
        utf8_bytes: Of the text.
        blanks: Some of those that were asked for.
        pairs: Pairs of segments that begin in it, and that were judged.
        pairs_right: How many of them were judged right.
    """

    asked: int
    loss: float
    right: int
    tokens: int
    utf8_bytes: int
    blanks: tuple[Blank, ...] = ()
    pairs: int = 0
    pairs_right: int = 0


def language_report(
    predictions: Sequence[Counted],
    *,
    texts: Sequence[str],
    ids: Sequence[str],
    accuracy: str,
    pair_accuracy: str = "",
    title: str,
    history: Sequence[Mapping[str, Any]] = (),
    notes: Sequence[str] = (),
    resamples: int = 1000,
    seed: int = 0,
    metrics: Mapping[str, Metric] = METRICS,
    more: Callable[[Tally], Tally] = lambda tally: tally,
    shown: str = "blanks",
    beside: Mapping[str, Score] | None = None,
) -> LanguageReport:
    """Score a language model.

    Args:
        predictions: Of each document. Length S.
        texts: Of each document, or its beginning. Length S.
        ids: Where each stands, such as `news.txt, line 12`. Length S.
        accuracy: `masked_accuracy` or `next_accuracy`.
        pair_accuracy: `next_sentence_accuracy` or `sentence_order_accuracy`; empty where no pair was judged.
        title: What this is a report of.
        history: Dev scores per epoch.
        notes: What a reader of the numbers should know.
        resamples: Bootstrap resamples behind the intervals; 0 for none.
        seed: Of the bootstrap.
        metrics: By name.
        more: Adds scores to a tally.
        shown: What kind of examples the blanks are: a name in `LanguageReport.lists`.
        beside: Scores that are no sums over documents.

    Raises:
        DataError: There is nothing to score.
    """
    if not predictions:
        raise DataError("there is no document to score")
    columns = {
        name: np.array([getattr(item, name) for item in predictions], dtype=np.float64)
        for name in ("asked", "loss", "right", "tokens", "utf8_bytes", "pairs", "pairs_right")
    }
    pairs, pairs_right = columns.pop("pairs"), columns.pop("pairs_right")
    judged = (pair_accuracy, pairs, pairs_right) if pair_accuracy else None
    tally = more(tally_language(**columns, ids=list(ids), accuracy=accuracy, judged=judged))
    values = tally.scores()
    ends = dict(zip(tally.names, intervals(tally, resamples, seed), strict=True))
    places = _places(predictions, texts, ids)
    blanks = [(at, blank) for at, item in enumerate(predictions) for blank in item.blanks]
    evidence = LanguageEvidence(blanks=blanks, ids=ids, cost=tally.cost, buckets=places)
    some = np.unique(np.linspace(0, len(blanks) - 1, min(len(blanks), _MOST_CARDS)).round().astype(np.int64))
    return LanguageReport(
        title=title,
        documents=len(predictions),
        tokens=int(columns["tokens"].sum()),
        asked=int(columns["asked"].sum()),
        scores={
            **{name: Score(metric=metrics[name], value=values[name], interval=ends[name]) for name in tally.names},
            **(beside or {}),
        },
        resamples=resamples,
        buckets=_buckets(places, tally, accuracy),
        lists={shown: Shown(total=len(blanks), cards=[evidence.card(int(at)) for at in some])} if blanks else {},
        history=read_epochs(history),
        notes=list(notes),
        evidence=evidence,
        tally=tally,
    )


def _places(predictions: Sequence[Counted], texts: Sequence[str], ids: Sequence[str]) -> Places:
    scripts = np.array([_script(text) for text in texts], dtype=np.int64)
    lengths = np.array(
        [
            next((at for at, (most, _) in enumerate(_LENGTHS) if item.tokens <= most), len(_LENGTHS))
            for item in predictions
        ]
    )
    found: dict[str, tuple[Sequence[str], Any]] = {
        "script": (_SCRIPTS, scripts),
        "length": ([*(label for _, label in _LENGTHS), _LONGER], lengths),
    }
    files = [place.rpartition(", ")[0] or place for place in ids]
    names = list(dict.fromkeys(files))
    if 1 < len(names) <= _MOST_SOURCES:
        found["source"] = names, np.array([names.index(name) for name in files], dtype=np.int64)
    return found


def _script(text: str) -> int:
    letters = [letter for letter in text if letter.isalpha()]
    chinese = sum(CJK.match(letter) is not None for letter in letters)
    latin = sum(letter <= "\u024f" for letter in letters)
    if letters and latin >= _MOSTLY * len(letters):
        return 0
    return 1 if letters and chinese >= _MOSTLY * len(letters) else 2


def _buckets(places: Places, tally: Tally, accuracy: str) -> dict[str, list[LanguageBucket]]:
    return {
        name: [
            LanguageBucket(
                label=label,
                documents=len(chosen),
                asked=int(tally.counts[chosen, 0].sum()),
                perplexity=scores["perplexity"],
                accuracy=scores[accuracy],
                bits_per_byte=scores["bits_per_byte"],
            )
            for at, label in enumerate(labels)
            if len(chosen := np.flatnonzero(place == at))
            for scores in [tally.scores(chosen)]
        ]
        for name, (labels, place) in places.items()
    }
