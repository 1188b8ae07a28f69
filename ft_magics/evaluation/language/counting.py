"""What each document adds to the scores of a language model, and what the scores are made of.

Source: Jelinek et al. 1977 (perplexity); Salazar et al. 2020 (of masked models).
"""

from __future__ import annotations

import hashlib
import math

import numpy as np

from ft_magics.evaluation.tally import Floats, Tally
from ft_magics.metrics import Metric

__all__ = ["METRICS", "masked_metrics", "next_metrics", "pair_metrics", "tally_language"]

_PERPLEXITY = Metric("perplexity", "perplexity", higher_is_better=False, unit="number")
_BITS = Metric("bits_per_byte", "bits per byte", higher_is_better=False, unit="number")
_MASKED = Metric("masked_accuracy", "masked accuracy")
_NEXT = Metric("next_accuracy", "next-token accuracy")
_NEXT_SENTENCE = Metric("next_sentence_accuracy", "next-sentence accuracy")
_SENTENCE_ORDER = Metric("sentence_order_accuracy", "sentence-order accuracy")
METRICS = {metric.name: metric for metric in (_PERPLEXITY, _MASKED, _NEXT, _NEXT_SENTENCE, _SENTENCE_ORDER, _BITS)}
_MOST = 500.0  # nats: a mean loss beyond this has no perplexity that a float holds
_DIGEST_BYTES = 8


def masked_metrics() -> tuple[Metric, ...]:
    """Of a model that predicts masked tokens, the headline first."""
    return _PERPLEXITY, _MASKED, _BITS


def pair_metrics(name: str) -> tuple[Metric, ...]:
    """Of a model that predicts masked tokens and judges pairs of segments, the headline first.

    Args:
        name: `next_sentence_accuracy` or `sentence_order_accuracy`.
    """
    return _PERPLEXITY, _MASKED, METRICS[name], _BITS


def next_metrics() -> tuple[Metric, ...]:
    """Of a model that predicts the next token, the headline first."""
    return _PERPLEXITY, _NEXT, _BITS


def tally_language(
    *,
    asked: Floats,
    loss: Floats,
    right: Floats,
    tokens: Floats,
    utf8_bytes: Floats,
    ids: list[str],
    accuracy: str,
    judged: tuple[str, Floats, Floats] | None = None,
) -> Tally:
    """Sums per document.

    Args:
        asked: Tokens that were to be predicted. Length S.
        loss: Sum of their losses, in nats. Length S.
        right: How many of them were predicted right. Length S.
        tokens: All tokens. Length S.
        utf8_bytes: Of the text. Length S.
        ids: Where each document stands. Length S.
        accuracy: Name of the metric that `right` is for.
        judged: Name of the metric of pairs of segments, how many each document begins, and how many of those were
            judged right. Length S.
    """
    digests = [
        hashlib.blake2b(repr((place, float(size))).encode(), digest_size=_DIGEST_BYTES).digest()
        for place, size in zip(ids, utf8_bytes, strict=True)
    ]
    pairs = [] if judged is None else [judged[1], judged[2]]
    return Tally(
        counts=np.stack([asked, loss, right, tokens, utf8_bytes, *pairs], axis=1).astype(np.float64),
        finish=_finish,
        names=["perplexity", accuracy, "bits_per_byte", *([] if judged is None else [judged[0]])],
        cost=np.divide(loss, asked, out=np.zeros_like(loss), where=asked > 0),
        gold=digests,
    )


def _finish(sums: Floats) -> Floats:
    """(R, 5) → (R, 3), with pairs (R, 7) → (R, 4).

    Bits per byte: the mean loss of a token that was asked for, for all tokens, over all bytes.
    """
    asked, loss, right, tokens, utf8_bytes, *pairs = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(asked > 0, loss / asked, np.nan)
        perplexity = np.where(mean < _MOST, np.exp(np.minimum(mean, _MOST)), np.nan)
        bits = mean / math.log(2) * tokens / np.where(utf8_bytes > 0, utf8_bytes, np.nan)
        judged = [np.where(pairs[0] > 0, pairs[1] / pairs[0], np.nan)] if pairs else []
        return np.stack([perplexity, np.where(asked > 0, right / asked, np.nan), bits, *judged], axis=1)
