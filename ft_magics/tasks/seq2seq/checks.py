"""The data check of pairs of texts: what a careful person would look up before training."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from ft_magics.data.checks import DataCheck
from ft_magics.data.examples import Corpus, Split
from ft_magics.sections import Cell, Row, Table
from ft_magics.tasks.seq2seq.examples import TextPair

__all__ = ["check_pairs"]

_COPIES = 0.1  # share of targets that are their source, before that is said


def check_pairs(corpus: Corpus[TextPair], *, noun: str) -> DataCheck:
    """Count everything and look for the usual oddities, in time that is linear in the data.

    Args:
        corpus: Of the run.
        noun: What an example is called, such as `pairs`.
    """
    check = DataCheck(
        summary=", ".join(f"{split.name} {len(split.examples):,} {noun}" for split in corpus.splits),
        tables=[_sizes(corpus.splits, noun)],
        notes=[note for split in corpus.splits for note in split.notes],
    )
    for split in corpus.splits:
        examples = split.examples
        copies = sum(example.target == example.text for example in examples)
        if copies > _COPIES * len(examples):
            check.warnings.append(f"{split.name}: {copies:,} of {len(examples):,} targets are their source as it is")
    several = sum(len(example.references) > 1 for example in corpus.train.examples)
    if several:
        check.notes.append(f"train: {several:,} {noun} have several references; the first of each is trained on")
    check.warnings += _shared(corpus.splits)
    return check


def _sizes(splits: Sequence[Split[TextPair]], noun: str) -> Table:
    rows = []
    for split in splits:
        sources = [len(example.text) for example in split.examples]
        targets = [len(example.target) for example in split.examples]
        references = sum(len(example.references) for example in split.examples)
        numbers = [len(sources), references, max(sources), max(targets)]
        means = [fmean(sources), fmean(targets)]
        cells = [
            *(Cell(text=f"{number:,}", value=number) for number in numbers[:2]),
            *(Cell(text=f"{mean:.0f}", value=mean) for mean in means),
            *(Cell(text=f"{number:,}", value=number) for number in numbers[2:]),
        ]
        rows.append(Row(cells=[Cell(text=split.name), *cells, Cell(text=split.source)]))
    columns = (
        *("split", noun, "references", "characters of a source", "of a target"),
        *("longest source", "longest target", "source"),
    )
    return Table(title="Splits", columns=columns, rows=rows)


def _shared(splits: Sequence[Split[TextPair]]) -> list[str]:
    """Sources of dev or test that train has too, white space and case apart."""
    train = {_key(example) for example in splits[0].examples}
    found = []
    for split in splits[1:]:
        count = sum(_key(example) in train for example in split.examples)
        if count:
            found.append(
                f"{split.name}: {count:,} of {len(split.examples):,} sources are in train too, so that the scores are "
                "better than on new texts"
            )
    return found


def _key(example: TextPair) -> str:
    return " ".join(example.text.casefold().split())
