"""What a model wrote, held against what stands there: BLEU, chrF and ROUGE of its answers, as sums over examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ft_magics.evaluation.language.evaluate import Counted
from ft_magics.evaluation.language.written import WRITING_METRICS, Written, writing_metrics
from ft_magics.evaluation.tally import Floats, Tally
from ft_magics.evaluation.texts.bleu import BLEU, measure_bleu
from ft_magics.evaluation.texts.chrf import CHRF, measure_chrf
from ft_magics.evaluation.texts.inputs import is_chinese
from ft_magics.evaluation.texts.measure import Measure
from ft_magics.evaluation.texts.rouge import ROUGE, measure_rouge
from ft_magics.metrics import Metric

__all__ = ["ANSWER_METRICS", "answer_metrics", "answer_notes", "with_references"]

_TO_REFERENCE = (BLEU, CHRF, *ROUGE)
ANSWER_METRICS = {**WRITING_METRICS, **{metric.name: metric for metric in _TO_REFERENCE}}


def answer_metrics() -> tuple[Metric, ...]:
    """Of a model that answers, the perplexity of what it should have said first."""
    perplexity, *others = writing_metrics()
    return perplexity, *_TO_REFERENCE, *others


def _answers(predictions: Sequence[Counted]) -> list[tuple[int, Written]]:
    """Each answer that has a reference, with the index of its example."""
    return [
        (at, blank)
        for at, item in enumerate(predictions)
        for blank in item.blanks
        if isinstance(blank, Written) and blank.gold
    ]


def _measures(predictions: Sequence[Counted]) -> list[Measure]:
    answers = [answer for _, answer in _answers(predictions)]
    references, outputs = [(answer.gold,) for answer in answers], [answer.output for answer in answers]
    tokenize = "zh" if is_chinese(references) else "13a"
    return [
        measure_bleu(references, outputs, tokenize=tokenize),
        measure_chrf(references, outputs),
        measure_rouge(references, outputs),
    ]


def answer_notes(predictions: Sequence[Counted]) -> list[str]:
    """How many answers were scored, and how."""
    answers = _answers(predictions)
    if not answers:
        return []
    signed = "; ".join(f"{item.metrics[0].label}: {item.signature}" for item in _measures(predictions))
    return [f"{len(answers):,} answers were written and held against the ones in the data. {signed}"]


def with_references(tally: Tally, predictions: Sequence[Counted]) -> Tally:
    """A tally of a language model with scores of its answers; an example adds those of all its answers.

    Args:
        tally: Over the same examples.
        predictions: Of each. Length S.
    """
    width, of = tally.counts.shape[1], np.array([at for at, _ in _answers(predictions)], dtype=np.int64)
    names = [metric.name for metric in _TO_REFERENCE]
    if not len(of):
        return replace(tally, names=[*tally.names, *names], finish=lambda sums: _beside(tally.finish(sums), len(names)))
    measures = _measures(predictions)
    parts = [tally.counts]
    for measure in measures:
        added = np.zeros((len(predictions), measure.counts.shape[1]))
        np.add.at(added, of, measure.counts)
        parts.append(added)
    ends = np.cumsum([part.shape[1] for part in parts])[:-1]

    def finish(sums: Floats) -> Floats:
        of_text, *others = np.split(sums, ends, axis=1)
        found = [measure.finish(part) for measure, part in zip(measures, others, strict=True)]
        return np.concatenate([tally.finish(of_text[:, :width]), *found], axis=1)

    return replace(tally, counts=np.concatenate(parts, axis=1), finish=finish, names=[*tally.names, *names])


def _beside(found: Floats, count: int) -> Floats:
    return np.concatenate([found, np.full((len(found), count), np.nan)], axis=1)
