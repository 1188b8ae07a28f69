"""What a run on entities is in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from ft_magics.config.references import Reference
from ft_magics.config.splits import Fraction
from ft_magics.data.examples import Corpus
from ft_magics.data.tagged.config import DataConfig, ReadOptions
from ft_magics.data.tagged.examples import TaggedSentence
from ft_magics.tasks.ner import plain_python
from ft_magics.tasks.plain import Plain, Reading
from ft_magics.tasks.task import Spec

__all__ = ["plain_of"]

_SEPARATORS = ("[ \\t]+", "\t")
_WORDS, _TAGS = (0, 1), (-1, 1, 2, 3, 4)  # columns to try, from 0


def plain_of(
    labels: Sequence[str],
    corpus: Corpus[TaggedSentence],
    data: DataConfig,
    spec: Spec,
    *,
    windows: bool,
    label_smoothing: float,
) -> Plain:
    """Reading, encoding, loss and scores.

    Args:
        labels: By id. Length C.
        corpus: Of the run.
        data: The section that it was read by.
        spec: Of the model.
        windows: Whether a sentence is longer than the model takes.
        label_smoothing: Of the loss.
    """
    return Plain(
        constants={
            "LABELS": list(labels),
            "LABEL_SMOOTHING": label_smoothing,
            **({"MAX_LENGTH": spec.max_length_tokens} if windows or spec.few_widths else {}),
        },
        record=_record,
        readings={split.name: _readings(data.source(split.name)) for split in corpus.splits},
        encode=plain_python.encode_in_windows if windows else plain_python.encode,
        collate=plain_python.collate_in_few_widths if spec.few_widths else plain_python.collate,
        loss=plain_python.loss,
        keep=plain_python.keep,
        decode=plain_python.decode,
        score=plain_python.score,
    )


def _record(example: TaggedSentence) -> dict[str, Any]:
    return {"words": list(example.words), "tags": list(example.tags)}


def _readings(source: Fraction | tuple[str | Reference, ReadOptions] | None) -> list[Reading]:
    """Ways to read a column file; whichever gives the sentences of the run is right."""
    if not isinstance(source, tuple):
        return []
    _, options = source
    words, tags = (
        (column - (column > 0),) if isinstance(column, int) else usual
        for column, usual in ((options.token_column, _WORDS), (options.tag_column, _TAGS))
    )
    return [
        Reading(plain_python.read_columns, {"word": word, "tag": tag, "separator": separator})
        for separator, word, tag in product(_SEPARATORS, words, tags)
        if word != tag
    ]
