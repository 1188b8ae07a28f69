"""What a model wrote: as examples to look at, and how much it repeats itself.

Source: Li et al. 2016 (distinct-n); Welleck et al. 2020 (repeated n-grams of an output).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ft_magics.data.letters import CJK
from ft_magics.errors import DataError
from ft_magics.evaluation.language.blanks import Blank
from ft_magics.evaluation.language.counting import METRICS, next_metrics
from ft_magics.evaluation.language.evaluate import Counted
from ft_magics.evaluation.report import Score
from ft_magics.evaluation.tally import Floats, Tally
from ft_magics.evaluation.texts.evidence import side_by_side
from ft_magics.metrics import Metric
from ft_magics.sections import Card

__all__ = [
    "WRITING_METRICS",
    "Written",
    "distinct_scores",
    "outputs_of",
    "with_writing",
    "writing_metrics",
    "written_of",
]

_REPEATED_WORDS = 4  # of the runs that are looked for again
_DISTINCT = {
    1: Metric("distinct_1", "distinct words"),
    2: Metric("distinct_2", "distinct pairs of words"),
}
_PER_BYTE = Metric("byte_perplexity", "perplexity per byte", higher_is_better=False, unit="number")
_REPETITION = Metric("repetition", "repeated 4-grams", higher_is_better=False)
WRITING_METRICS: Mapping[str, Metric] = METRICS | {
    metric.name: metric for metric in (_PER_BYTE, _REPETITION, *_DISTINCT.values())
}
_WORD = re.compile(rf"{CJK.pattern}|[^\W_]+|[^\w\s]")


def writing_metrics() -> tuple[Metric, ...]:
    """Of a model that writes on, the perplexity of what it should have written first."""
    return (*next_metrics(), _PER_BYTE, _REPETITION, *_DISTINCT.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Written(Blank):
    """What a model wrote after a text (`text`), and what stands there (`gold`).

    Args:
        output: Of the model.
    """

    output: str

    def card(self, row: str, **beside: Any) -> Card:
        """The texts below each other, marked where the output differs from what stands there."""
        texts, marks = side_by_side((self.gold,) if self.gold else (), self.output)
        if self.text:
            texts, marks = [("prompt", self.text), *texts], [[], *marks]
        return Card(kind="texts", row=row, data={"texts": texts, "marks": marks, **beside})

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"text": self.text, "gold": self.gold, "output": self.output}


def written_of(record: Any) -> Written:
    """What `Written.to_json` gave.

    Raises:
        DataError: It did not give this.
    """
    if not isinstance(record, Mapping) or not all(
        isinstance(record.get(name), str) for name in ("text", "gold", "output")
    ):
        raise DataError("expected what a model wrote: an object with the texts `text`, `gold` and `output`")
    return Written(text=record["text"], gold=record["gold"], output=record["output"], guesses=())


def _runs(text: str, length: int) -> list[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return [tuple(words[at : at + length]) for at in range(len(words) - length + 1)]


def outputs_of(predictions: Sequence[Counted]) -> list[str]:
    """All that was written."""
    return [blank.output for item in predictions for blank in item.blanks if isinstance(blank, Written)]


def with_writing(tally: Tally, predictions: Sequence[Counted]) -> Tally:
    """A tally of next tokens with perplexity per byte, and with how much of what was written is repetition.

    Args:
        tally: Of `tally_language`, over the same examples.
        predictions: Of each. Length S.
    """
    width = tally.counts.shape[1]
    more = np.zeros((len(predictions), 2))
    for at, item in enumerate(predictions):
        for output in outputs_of([item]):
            runs = _runs(output, _REPEATED_WORDS)
            more[at] += (len(runs), len(runs) - len(set(runs)))
    bits = tally.names.index("bits_per_byte")

    def finish(sums: Floats) -> Floats:
        found = tally.finish(sums[:, :width])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            per_byte = np.exp2(found[:, bits])
            repeated = np.where(sums[:, width] > 0, sums[:, width + 1] / sums[:, width], np.nan)
        return np.column_stack([found, np.where(np.isfinite(per_byte), per_byte, np.nan), repeated])

    return replace(
        tally,
        counts=np.concatenate([tally.counts, more], axis=1),
        finish=finish,
        names=[*tally.names, _PER_BYTE.name, _REPETITION.name],
    )


def distinct_scores(outputs: Sequence[str]) -> dict[str, Score]:
    """Which share of the words, and of the pairs of neighbours, of all outputs together are different ones.

    A word of one output may be that of another, so these do not add up and have no interval. A word is a run of letters
    and digits, a mark, or a Chinese character; case makes no difference.
    """
    found = {}
    for length, metric in _DISTINCT.items():
        runs = [run for output in outputs for run in _runs(output, length)]
        found[metric.name] = Score(metric=metric, value=len(set(runs)) / len(runs) if runs else None)
    return found
