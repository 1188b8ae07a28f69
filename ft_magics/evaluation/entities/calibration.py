"""The confidence of a predicted entity: the least probability among its words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from numbers import Real

import numpy as np

from ft_magics.errors import DataError
from ft_magics.evaluation.calibration import Calibration, calibrate
from ft_magics.evaluation.entities.beside import as_list, shown
from ft_magics.evaluation.entities.inputs import lengths_of
from ft_magics.evaluation.entities.spans import Ints, SpanTable
from ft_magics.evaluation.tally import Floats

__all__ = ["Calibration", "calibrate", "least_of", "word_confidences"]


def word_confidences(confidences: Sequence[Sequence[float]], lengths: Ints) -> Floats:
    """The confidences of all words in a row, from 0 to 1.

    Args:
        confidences: A probability per word and sentence.
        lengths: Words per sentence.

    Returns:
        Length W, the words of all sentences.

    Raises:
        DataError: A sentence has another number of confidences than words, or one is not a number from 0 to 1.
    """
    confidences = as_list(confidences, "confidences", "lists, each with a number per word")
    given = lengths_of(confidences, "confidences")
    if len(given) != len(lengths):
        raise DataError(f"confidences are given for {len(given)} sentences, and there are {len(lengths)}")
    wrong = np.flatnonzero(given != lengths)
    if len(wrong):
        at = int(wrong[0])
        raise DataError(f"sentence {at} (counted from 0) has {lengths[at]} words and {given[at]} confidences")
    flat = _numbers(confidences, int(given.sum()))
    first = np.concatenate([[0], np.cumsum(lengths)])
    odd = np.flatnonzero(~((flat >= 0) & (flat <= 1)))
    if len(odd):
        at = int(np.searchsorted(first, odd[0], side="right")) - 1
        word = int(odd[0]) - int(first[at])
        raise DataError(
            f"sentence {at} (counted from 0), word {word}: the confidence is {flat[odd[0]]}; "
            "expected a number from 0 to 1"
        )
    return flat


def least_of(spans: SpanTable, confidences: Floats, lengths: Ints) -> Floats:
    """The least confidence among the words of each span: of a predicted one, its confidence.

    Args:
        spans: Over words. Length N.
        confidences: Of all words, as `word_confidences` gives them.
        lengths: Words per sentence.

    Returns:
        Length N.
    """
    if not len(spans):
        return np.zeros(0)
    base = np.concatenate([[0], np.cumsum(lengths)])[spans.sentence]
    edges = np.stack([base + spans.start, base + spans.end], axis=1).ravel()
    # reduceat wants every edge inside; the last one may stand behind the end.
    least: Floats = np.minimum.reduceat(np.append(confidences, 1.0), edges)[::2]
    return least


def _numbers(confidences: Sequence[Sequence[float]], count: int) -> Floats:
    """All confidences in one row; a text that looks like a number is none."""
    rows = [row.tolist() if hasattr(row, "tolist") else row for row in confidences]
    kinds = set(map(type, chain.from_iterable(rows)))
    if not all(issubclass(kind, Real) and not issubclass(kind, bool) for kind in kinds):
        at, odd = next(
            (at, odd)
            for at, row in enumerate(rows)
            for odd in row
            if not isinstance(odd, Real) or isinstance(odd, bool)
        )
        raise DataError(
            f"confidences of sentence {at} (counted from 0): expected numbers from 0 to 1, found {shown(odd)}"
        )
    try:
        return np.fromiter(chain.from_iterable(rows), dtype=np.float64, count=count)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"confidences: expected numbers from 0 to 1 ({error})") from error
