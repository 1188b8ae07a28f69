"""What the reader of labelled texts gives."""

from __future__ import annotations

from dataclasses import dataclass

from ft_magics.data.examples import Corpus, Split

__all__ = ["LabelledText", "TextSplit", "labels_of"]


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text, or a pair of texts, with what is to be predicted.

    Args:
        text: As it stands in its source.
        pair: The second text; None where there is one text only.
        labels: One; with `multi_label` any number, in the order of the source; none for a regression or without gold.
        value: The number of a regression; None for classes or without gold.
        id: Where it stands, such as `train.csv, line 12`.
    """

    text: str
    pair: str | None = None
    labels: tuple[str, ...] = ()
    value: float | None = None
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSplit(Split[LabelledText]):
    """A split of labelled texts.

    Args:
        names: Names of the classes by id, where the source or the user gave them; a class may have no example.
    """

    names: tuple[str, ...] = ()


def labels_of(corpus: Corpus[LabelledText]) -> tuple[str, ...]:
    """Names of the classes by id: as they were given, else those of train in order, numbers by their size. Length C."""
    given = getattr(corpus.train, "names", ())
    found = {label for example in corpus.train.examples for label in example.labels}
    return (*given, *sorted(found - set(given), key=_in_order))


def _in_order(label: str) -> tuple[bool, float, str]:
    number = label.isascii() and label.isdecimal() and len(label) < 16
    return not number, float(label) if number else 0.0, label
