"""BLEU: how many n-grams of words a text shares with its references, by sacrebleu's tokenizers and counts.

Source: Papineni et al. 2002; Post 2018 (sacrebleu, and why a score needs its signature).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ft_magics.errors import DataError, did_you_mean
from ft_magics.evaluation.tally import Floats
from ft_magics.evaluation.texts.measure import Measure
from ft_magics.metrics import Metric

__all__ = ["BLEU", "TOKENIZERS", "count_references", "measure_bleu"]

BLEU = Metric("bleu", "BLEU", unit="number")
TOKENIZERS = ("13a", "zh", "char", "intl", "none")  # those of sacrebleu that need no package beside it
_ORDERS = 4


def measure_bleu(references: Sequence[Sequence[str]], hypotheses: Sequence[str], *, tokenize: str = "13a") -> Measure:
    """BLEU of a corpus, 0 to 100, as sacrebleu has it.

    Args:
        references: Some of each example. Length S.
        hypotheses: Length S.
        tokenize: One of `TOKENIZERS`.

    Raises:
        DataError: There is no such tokenizer.
    """
    if tokenize not in TOKENIZERS:
        raise DataError(
            f"tokenize: there is no tokenizer {tokenize!r:.60}; there are {', '.join(TOKENIZERS)}."
            f"{did_you_mean(str(tokenize), TOKENIZERS)}"
        )
    from sacrebleu import __version__  # noqa: PLC0415  # few reports are of texts
    from sacrebleu.metrics import bleu  # noqa: PLC0415  # the same

    scorer = bleu.BLEU(tokenize=tokenize, effective_order=True)  # of sentences; the sums do not depend on it
    found = [scorer.sentence_score(text, list(of_it)) for text, of_it in zip(hypotheses, references, strict=True)]
    counts = [(item.sys_len, item.ref_len, *item.counts, *item.totals) for item in found]
    refs = count_references(references)
    signature = f"nrefs:{refs}|case:mixed|eff:no|tok:{tokenize}|smooth:exp|version:{__version__}"
    return Measure(metrics=(BLEU,), counts=np.array(counts, dtype=np.float64), finish=_finish, signature=signature)


def count_references(references: Sequence[Sequence[str]]) -> str:
    """How many references an example has, as a signature says it."""
    numbers = {len(of_it) for of_it in references}
    return str(numbers.pop()) if len(numbers) == 1 else "var"


def _finish(sums: Floats) -> Floats:
    """(R, 10) → (R, 1): lengths of both sides, matches and totals of each order → BLEU with exponential smoothing.

    Source: Chen & Cherry 2014, method 3, as in sacrebleu's `compute_bleu`.
    """
    length, expected = sums[:, 0], sums[:, 1]
    right, total = sums[:, 2 : 2 + _ORDERS], sums[:, 2 + _ORDERS :]
    halved = 2.0 ** np.cumsum((right == 0) & (total > 0), axis=1)  # each order without a match counts half the last
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(right > 0, 100.0 * right / total, 100.0 / (halved * total))  # as there, to the last digit
        logs = np.where(total > 0, np.log(precision), -math.inf)
        brevity = np.where(length < expected, np.exp(1 - expected / length), 1.0)
        score = brevity * np.exp(logs.sum(axis=1) / _ORDERS)
    return np.where(right.any(axis=1) & (length > 0), score, 0.0)[:, None]
