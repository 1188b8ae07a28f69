"""What each document adds to the scores of a model that tells replaced tokens, and of the generator beside it.

Source: Clark et al. 2020 (ELECTRA).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ft_magics.evaluation.language.evaluate import Counted
from ft_magics.evaluation.tally import Floats, Tally
from ft_magics.metrics import Metric

__all__ = ["REPLACED_METRICS", "Judged", "replaced_metrics", "with_judgements"]

_GENERATOR = Metric("perplexity", "generator perplexity", higher_is_better=False, unit="number")
_FOUND = (
    Metric("replaced_f1", "replaced F1"),
    Metric("replaced_precision", "replaced precision"),
    Metric("replaced_recall", "replaced recall"),
    Metric("replaced_accuracy", "accuracy of all tokens"),
)
REPLACED_METRICS: Mapping[str, Metric] = {metric.name: metric for metric in (_GENERATOR, *_FOUND)}


def replaced_metrics() -> tuple[Metric, ...]:
    """The generator's perplexity first: it chooses the best model.

    What the discriminator scores depends on how good the generator is by then: a random one is easily found out, so the
    first evaluation may well be the best of a training. The perplexity of the same masked tokens is comparable.
    """
    return tuple(REPLACED_METRICS.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged(Counted):
    """What was predicted of one document: by the generator (`asked`, `loss`, `right`), and by the discriminator.

    Args:
        replaced: Tokens that the generator replaced by others.
        flagged: Tokens that the discriminator takes for replaced: a probability of at least one half.
        caught: Tokens that are both.
    """

    replaced: int = 0
    flagged: int = 0
    caught: int = 0


def with_judgements(tally: Tally, predictions: Sequence[Judged]) -> Tally:
    """A tally of a generator with what the discriminator adds.

    Args:
        tally: Of `tally_language`, over the same documents: its first and fourth counts are the tokens that were asked
            for, and all tokens.
        predictions: Of each document. Length S.
    """
    width = tally.counts.shape[1]
    more = np.array([(item.replaced, item.flagged, item.caught) for item in predictions], dtype=np.float64)

    def finish(sums: Floats) -> Floats:
        generator = tally.finish(sums[:, :width])
        return np.concatenate([generator[:, :1], _found(sums[:, 3], sums[:, width:]), generator[:, 1:]], axis=1)

    first, *others = tally.names
    return replace(
        tally,
        counts=np.concatenate([tally.counts, more], axis=1),
        finish=finish,
        names=[first, *(metric.name for metric in _FOUND), *others],
    )


def _found(tokens: Floats, sums: Floats) -> Floats:
    """(R,), (R, 3) → (R, 4): F1, precision and recall of replaced tokens, and accuracy over all tokens."""
    replaced, flagged, caught = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        wrong = replaced + flagged - 2 * caught
        found = [
            2 * caught / (replaced + flagged),
            caught / flagged,
            caught / replaced,
            (tokens - wrong) / tokens,
        ]
    return np.stack([np.where(np.isfinite(item), item, np.nan) for item in found], axis=1)
