"""What is said of texts before a model is trained to write such: how many, how long, repeated, on both sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ft_magics.data.checks import DataCheck
from ft_magics.data.examples import Corpus
from ft_magics.errors import DataError
from ft_magics.sections import Cell, Row, Table

__all__ = ["check_texts"]

E = TypeVar("E")

_REPEATED = 0.2  # of the texts: from here on it is said
_SHARED = 0.02


def check_texts(
    corpus: Corpus[E], *, many: str, text_of: Callable[[E], str], learned_of: Callable[[E], str]
) -> DataCheck:
    """Count texts and letters, and look for the usual oddities.

    Args:
        corpus: All splits.
        many: What examples are called, such as `texts`.
        text_of: All of an example.
        learned_of: What the model is to write of it.

    Raises:
        DataError: There is nothing in it to train on.
    """
    if not corpus.train.examples:
        raise DataError(f"{corpus.train.source}: there is no text to train on")
    rows, summary = [], []
    for split in corpus.splits:
        letters = sum(len(text_of(example)) for example in split.examples)
        learned = sum(len(learned_of(example)) for example in split.examples)
        counts = (len(split.examples), letters, learned)
        rows.append(Row(cells=[Cell(text=split.name), *(Cell(text=f"{count:,}", value=count) for count in counts)]))
        summary.append(f"{split.name} {len(split.examples):,} {many} ({learned:,} characters to write)")
    check = DataCheck(
        summary=", ".join(summary),
        tables=[Table(title="Texts", columns=["split", many, "characters", "to write"], rows=rows)],
        notes=[note for split in corpus.splits for note in split.notes],
    )
    check.warnings += _oddities(corpus, many, text_of)
    return check


def _oddities(corpus: Corpus[E], many: str, text_of: Callable[[E], str]) -> list[str]:
    said = []
    train = [" ".join(text_of(example).split()) for example in corpus.train.examples]
    known = set(train)
    again = 1 - len(known) / len(train)
    if again > _REPEATED:
        said.append(f"train: {100 * again:.0f} % of the {many} are repetitions of others, word for word")
    for split in corpus.splits[1:]:
        count = sum(" ".join(text_of(example).split()) in known for example in split.examples)
        if count >= _SHARED * len(split.examples) and count:
            said.append(
                f"{split.name}: {count:,} of {len(split.examples):,} {many} are in train too, so its perplexity is "
                "better than on text that is new to the model"
            )
    return said
