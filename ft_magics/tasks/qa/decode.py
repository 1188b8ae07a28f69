"""Logits of windows → the best answers of a question, over all of its windows.

A span's score is the logit of its first token plus that of its last one (Devlin et al. 2019, section 4.2). Its
probability is its share of all spans of all windows, a question's windows sharing one sum (Clark and Gardner 2018).

Shapes: B batch, T tokens, N spans that are kept of a window, L longest answer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ft_magics.evaluation.answers.answered import Candidate, at_borders
from ft_magics.tasks.qa.windows import Window

if TYPE_CHECKING:
    import torch

__all__ = ["Best", "Prediction", "best_spans", "choose", "with_threshold"]

_KEPT = 20  # spans of a window
_MOST_AT_ONCE = 4_000_000  # scores: 16 MB


@dataclass(frozen=True, slots=True)
class Best:
    """What is kept of a window.

    Args:
        scores: Of its best spans, falling. Length N.
        firsts: First token of each, counted in the context. Length N.
        lasts: Last token of each. Length N.
        total: Logarithm of the sum of all its spans' exponentials.
        nothing: Score of no answer.
    """

    scores: np.ndarray
    firsts: np.ndarray
    lasts: np.ndarray
    total: float
    nothing: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says of one question.

    Args:
        answer: The one that it gives; an empty text for no answer.
        n_best: The most probable spans.
        margin: By how much the score of no answer is above that of the best span.
        nothing: Probability of no answer; None where the model always answers.
    """

    answer: Candidate
    n_best: tuple[Candidate, ...] = ()
    margin: float = 0.0
    nothing: float | None = None


def best_spans(start: torch.Tensor, end: torch.Tensor, windows: Sequence[Window], *, longest: int) -> list[Best]:
    """The best spans of each window.

    Args:
        start: Logits of the first token, (B, T).
        end: Logits of the last token, (B, T).
        windows: Length B.
        longest: Most tokens in an answer, L.
    """
    rows = max(1, _MOST_AT_ONCE // (start.shape[1] * min(longest, start.shape[1])))
    found: list[Best] = []
    for low in range(0, len(windows), rows):
        chosen = slice(low, low + rows)
        found += _of_rows(start[chosen].float(), end[chosen].float(), windows[chosen], longest)
    return found


def _of_rows(start: torch.Tensor, end: torch.Tensor, windows: Sequence[Window], longest: int) -> list[Best]:
    import torch  # noqa: PLC0415  # a cell is read and answered without it

    tokens = start.shape[1]
    longest = min(longest, tokens)
    places = torch.arange(tokens, device=start.device)
    first = torch.tensor([window.first for window in windows], device=start.device)[:, None]
    count = torch.tensor([window.count for window in windows], device=start.device)[:, None]
    inside = (places >= first) & (places < first + count)  # (B, T)
    nothing = (start[:, 0] + end[:, 0]).tolist()
    start, end = (side.masked_fill(~inside, -math.inf) for side in (start, end))
    ends = torch.nn.functional.pad(end, (0, longest - 1), value=-math.inf).unfold(1, longest, 1)  # (B, T, L)
    scores = (start[:, :, None] + ends).flatten(1)  # (B, T L)
    total = torch.logsumexp(scores, dim=1).tolist()
    best = scores.topk(min(_KEPT, scores.shape[1]), dim=1)
    values, at = best.values.cpu().numpy(), best.indices.cpu().numpy()
    kept = []
    for row, window in enumerate(windows):
        real = values[row] > -math.inf
        firsts = at[row][real] // longest
        lasts = firsts + at[row][real] % longest
        shift = window.offset - window.first
        kept.append(Best(values[row][real], firsts + shift, lasts + shift, total[row], nothing[row]))
    return kept


def choose(
    context: str, windows: Sequence[Window], kept: Sequence[Best], *, n_best: int, threshold: float | None
) -> Prediction:
    """The answer to a question.

    Args:
        context: The whole of it.
        windows: Of the question.
        kept: Of each window.
        n_best: How many spans are kept.
        threshold: The margin above which no answer is given; None for a model that always answers.
    """
    scores: dict[tuple[int, int], float] = {}
    again: list[float] = []  # of spans that a neighbouring window has too
    for window, best in zip(windows, kept, strict=True):
        for score, first, last in zip(best.scores.tolist(), best.firsts.tolist(), best.lasts.tolist(), strict=True):
            span = _characters(context, window, first, last)
            if span[0] < span[1]:
                before = scores.get(span)
                again += [] if before is None else [min(before, score)]
                scores[span] = score if before is None else max(before, score)
    nothing = min(best.nothing for best in kept)
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:n_best]
    total = _log_total([best.total for best in kept], again, None if threshold is None else nothing)
    candidates = tuple(
        Candidate(context[start:end], start, min(1.0, math.exp(score - total))) for (start, end), score in ranked
    )
    if not candidates:
        return Prediction(Candidate("", None, 1.0), (), 0.0, None if threshold is None else 1.0)
    share = None if threshold is None else min(1.0, math.exp(nothing - total))
    found = Prediction(candidates[0], candidates, nothing - ranked[0][1], share)
    return found if threshold is None else with_threshold(found, threshold)


def with_threshold(prediction: Prediction, threshold: float) -> Prediction:
    """A prediction under another threshold."""
    spans = prediction.n_best
    answered = bool(spans) and prediction.margin <= threshold
    answer = spans[0] if answered else Candidate("", None, prediction.nothing)
    return Prediction(answer, spans, prediction.margin, prediction.nothing)


def _characters(context: str, window: Window, first: int, last: int) -> tuple[int, int]:
    """The characters of some tokens, without white space around them, no letter cut from its marks."""
    start, end = window.cut.starts[first], window.cut.ends[last]
    while start < end and context[start].isspace():
        start += 1
    while end > start and context[end - 1].isspace():
        end -= 1
    return at_borders(context, start, end)


def _log_total(totals: Sequence[float], again: Sequence[float], nothing: float | None) -> float:
    """Logarithm of the sum over all spans, each once, and over no answer."""
    high = max([*totals, *([nothing] if nothing is not None else [])])
    if high == -math.inf:
        return 0.0
    total = sum(math.exp(value - high) for value in totals) - sum(math.exp(value - high) for value in again)
    total += math.exp(nothing - high) if nothing is not None else 0.0
    return high + math.log(max(total, 1e-30))
