"""chrF: an F-score of character n-grams, which needs no tokenizer and sees words that are nearly right.

Source: Popović 2015 (β = 2: recall counts twice); the sums are sacrebleu's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ft_magics.evaluation.tally import Floats
from ft_magics.evaluation.texts.bleu import count_references
from ft_magics.evaluation.texts.measure import Measure
from ft_magics.metrics import Metric

__all__ = ["CHRF", "measure_chrf"]

CHRF = Metric("chrf", "chrF", unit="number")
_ORDERS, _BETA = 6, 2
_Grams = list[Counter[str]]


def measure_chrf(references: Sequence[Sequence[str]], hypotheses: Sequence[str]) -> Measure:
    """ChrF of a corpus, 0 to 100, as sacrebleu has it: of several references the best of each example.

    Args:
        references: Some of each example. Length S.
        hypotheses: Length S.
    """
    from sacrebleu import __version__  # noqa: PLC0415  # few reports are of texts

    rows = [_row(_grams(text), of_it) for text, of_it in zip(hypotheses, references, strict=True)]
    refs = count_references(references)
    signature = f"nrefs:{refs}|case:mixed|eff:yes|nc:{_ORDERS}|nw:0|space:no|version:{__version__}"
    return Measure(metrics=(CHRF,), counts=np.array(rows, dtype=np.float64), finish=_finish, signature=signature)


def _grams(text: str) -> _Grams:
    """The n-grams of a text without its white space, a counter for each order."""
    line = "".join(text.split())
    return [Counter(line[at : at + order] for at in range(len(line) - order + 1)) for order in range(1, _ORDERS + 1)]


def _row(ours: _Grams, references: Sequence[str]) -> list[int]:
    """Predicted, expected and shared n-grams of each order, of the reference that is nearest."""
    rows = [_against(ours, _grams(reference)) for reference in references]
    if len(rows) == 1:
        return rows[0]
    return rows[int(_finish(np.array(rows, dtype=np.float64))[:, 0].argmax())]


def _against(ours: _Grams, theirs: _Grams) -> list[int]:
    row = []
    for mine, other in zip(ours, theirs, strict=True):
        shared = sum(min(count, other[gram]) for gram, count in mine.items() if gram in other)
        row += [mine.total() if other else 0, other.total(), shared]
    return row


def _finish(sums: Floats) -> Floats:
    """(R, 18) → (R, 1): the F-score of mean precision and mean recall over the orders that both sides have."""
    predicted, expected, shared = (sums[:, at::3] for at in range(3))
    both = (predicted > 0) & (expected > 0)
    orders = np.maximum(both.sum(axis=1), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision, recall = (np.where(both, shared / side, 0.0).sum(axis=1) / orders for side in (predicted, expected))
        score: Floats = 100 * ((1 + _BETA**2) * precision * recall / (_BETA**2 * precision + recall))
    scores: Floats = np.nan_to_num(score)[:, None]
    return scores
