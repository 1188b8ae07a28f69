"""Whether a text gives pairs of segments, how many, and what they are like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ft_magics.data.checks import DataCheck
from ft_magics.data.documents.sentences import count_sentences
from ft_magics.data.examples import Corpus
from ft_magics.errors import DataError
from ft_magics.sections import Cell, Row, Table
from ft_magics.tasks.pairs.draw import FROM_ELSEWHERE, TRUE, Kind
from ft_magics.tasks.pairs.rows import PairRow, PairRows

__all__ = ["check_pairs", "note_pairs"]

_MOST_DRAWN = 2000  # rows by which the pairs of a split are described
_FALSE = {"nsp": "with another document", "sop": "swapped"}
_NO_DOCUMENTS = "`documents: blank_line` or `file` makes longer documents"


def check_pairs(corpus: Corpus[Any], kind: Kind, check: DataCheck) -> None:
    """Add to a check how many documents have two sentences.

    Raises:
        DataError: None of train has, or one alone has and the other segments are to come from another.
    """
    for split in corpus.splits:
        documents: Any = split.examples
        gives = count_sentences(documents) > 1
        usable, total = int(gives.sum()), len(documents)
        if not usable:
            said = f"{split.name}: {_all(total)} one sentence, which gives no pair of segments"
            if split.name == "train":
                raise DataError(f"data.{said}; {_NO_DOCUMENTS}, or take `objective: mlm`, which needs no pairs")
            check.warnings.append(f"{said}, so nothing is known of the judgement on pairs")
            continue
        if kind in FROM_ELSEWHERE and _different(documents, gives) < 2:
            said = f"{split.name}: one document alone has two sentences (the same text again counts once)"
            if split.name == "train":
                raise DataError(
                    f"data.{said}, and half of the pairs take their second segment from another; part the text into "
                    "documents by blank lines, or by lines (`documents: line`), or take `objective: [mlm, sop]`, which "
                    "needs one document only"
                )
            check.warnings.append(f"{said}, and none to pair it with: nothing is known of the judgement on pairs")
        elif usable < total:
            left = f"{total - usable:,} of {total:,} documents ({100 * (1 - usable / total):.0f} %) are one sentence"
            used = "are left out of training" if split.name == "train" else "are asked for hidden tokens only"
            check.notes.append(f"{split.name}: {left}, which gives no pair of segments: they {used}")


def _all(count: int) -> str:
    return "its document is" if count == 1 else f"each of its {count:,} documents is"


def _different(documents: Any, gives: Any) -> int:
    """How many documents differ in where they are from and in their text."""
    return min(len(np.unique(documents.origins()[gives])), len(np.unique(documents.hashes[gives])))


def note_pairs(features: Mapping[str, PairRows], longest: int, check: DataCheck) -> None:
    """Add to a check a table of the pairs of each split.

    Args:
        features: Per split.
        longest: The most tokens of a row.
        check: Of the data.

    Raises:
        DataError: The documents of train have several sentences, but no tokens in two of them.
    """
    rows = []
    kind = next(iter(features.values())).kind
    for name, pairs in features.items():
        if name == "train" and not len(pairs):
            raise DataError("train: no document has two sentences of which the tokenizer makes tokens")
        if len(pairs):
            rows.append(_row(name, pairs, longest))
    columns = [
        "split",
        "documents that give pairs",
        "pairs",
        "true pairs",
        f"pairs {_FALSE[kind]}",
        "mean tokens of the first segment",
        "mean tokens of the second segment",
        "how full a row is",
    ]
    check.tables = [*check.tables, Table(title="Pairs of segments", columns=columns, rows=rows)]
    check.notes.append(
        "Shares and lengths of pairs are those of one draw (of 2,000 pairs at most); each epoch draws them again"
    )


def _row(name: str, pairs: PairRows, longest: int) -> Row:
    step = -(-len(pairs) // _MOST_DRAWN)
    drawn: Sequence[PairRow] = [pairs[at] for at in range(0, len(pairs), step)]
    true = float(np.mean([pair.label == TRUE for pair in drawn]))
    second = float(np.mean([pair.segments.sum() - 1 for pair in drawn]))  # without its [SEP]
    length = float(np.mean([pair.tokens for pair in drawn]))
    documents = int((np.diff(pairs.plan.firsts) > 0).sum())
    shares = (true, 1 - true, length / longest)
    cells = [
        *(Cell(text=f"{count:,}", value=count) for count in (documents, len(pairs))),
        *(Cell(text=f"{100 * share:.0f} %", value=share) for share in shares[:2]),
        *(Cell(text=f"{mean:.1f}", value=mean) for mean in (length - second - 3, second)),
        Cell(text=f"{100 * shares[2]:.0f} %", value=shares[2]),
    ]
    return Row(cells=[Cell(text=name), *cells])
