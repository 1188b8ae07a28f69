"""The `data:` section → train, dev and test, whatever the examples are."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from ft_magics.config.references import Reference
from ft_magics.config.splits import Fraction, Sources
from ft_magics.data.examples import Corpus, Split
from ft_magics.errors import DataError, EncodingError, FaultsError

__all__ = ["ReadSplit", "read_corpus"]

E = TypeVar("E")
O = TypeVar("O")  # noqa: E741  # options
ReadSplit = Callable[[str, str | Reference, O], Split[E]]  # by name, source and options


def read_corpus(data: Sources[O], read_split: ReadSplit[O, E]) -> Corpus[E]:
    """Read every split; dev and test may be drawn from train, where one text is never on both sides of a draw.

    Args:
        data: The section.
        read_split: Reads one split with the options of its section.

    Raises:
        DataError: A split cannot be read.
        FaultsError: Several cannot, each with its fault.
    """
    splits: dict[str, Split[E]] = {}
    fractions: dict[str, Fraction] = {}
    faults: list[DataError] = []
    for name in ("train", "dev", "test"):
        source = data.source(name)
        if isinstance(source, Fraction):
            fractions[name] = source
        elif source is not None:
            try:
                splits[name] = read_split(name, *source)
            except DataError as error:
                faults.append(type(error)(f"data.{name}: {error}{_encoding_key(name, error)}"))
    if faults:
        raise faults[0] if len(faults) == 1 else FaultsError(faults)
    for name, fraction in fractions.items():
        total = sum(len(splits[part].examples) for part in ("train", *fractions) if part in splits)
        splits["train"], splits[name] = _draw(splits["train"], name, fraction, total)
    return Corpus(train=splits["train"], dev=splits.get("dev"), test=splits.get("test"))


def _encoding_key(name: str, error: DataError) -> str:
    """Where in the cell the encoding belongs, for a file that has another than was thought."""
    if not isinstance(error, EncodingError):
        return ""
    codec = error.codec or "cp1252"
    return f". That is `data.encoding: {codec}`, or of this file alone `data.{name}: {{path: …, encoding: {codec}}}`"


def _draw(train: Split[E], name: str, fraction: Fraction, total: int) -> tuple[Split[E], Split[E]]:
    """Take a seeded share of all examples out of train; examples of one text stay together.

    Args:
        train: What is left so far.
        name: The new split's name.
        fraction: Share of `total`, and the seed.
        total: Examples before anything was taken.

    Raises:
        DataError: Nothing would be drawn, or nothing left.
    """
    count = round(fraction.fraction * total)
    if not 0 < count < len(train.examples):
        raise DataError(
            f"data.{name}: {fraction.fraction:g} of {total} examples is {count}, which leaves "
            f"{len(train.examples) - count} to train on; choose another fraction"
        )
    groups = _same_texts(train.examples)
    drawing = random.Random(fraction.seed)
    chosen = set(drawing.sample(range(len(train.examples)), count))
    notes: list[str] = []
    repeated = sum(len(group) for group in groups if len(group) > 1)
    if repeated:
        chosen = _whole(chosen, groups, count, drawing)
        if not 0 < len(chosen) < len(train.examples):
            raise DataError(
                f"data.{name}: every example of {train.source} has the same text, so none can be held out; name a file"
            )
        asked = "" if len(chosen) == count else f" ({len(chosen):,} examples instead of {count:,})"
        notes.append(
            f"{name}: {repeated:,} of {len(train.examples):,} examples of {train.source} have a text that occurs more "
            f"than once; each such text is either in {name} or in what is left of train{asked}"
        )
    kept = [example for index, example in enumerate(train.examples) if index not in chosen]
    drawn = [example for index, example in enumerate(train.examples) if index in chosen]
    source = f"{fraction.fraction:g} of {train.source}"
    return replace(train, examples=kept), replace(train, name=name, source=source, examples=drawn, notes=notes)


def _same_texts(examples: Sequence[Any]) -> list[list[int]]:
    """Indices of the examples of each text, in order."""
    groups: dict[Hashable, list[int]] = {}
    for index, example in enumerate(examples):
        groups.setdefault(_text_of(example, index), []).append(index)
    return list(groups.values())


def _text_of(example: Any, index: int) -> Hashable:
    """What a model is asked about an example, white space apart; its index where it has neither words nor texts."""
    words, text = getattr(example, "words", None), getattr(example, "text", None)
    if isinstance(words, (list, tuple)):
        return tuple(words)
    if isinstance(text, str):
        pair = getattr(example, "pair", None)
        return " ".join(text.split()), " ".join(pair.split()) if isinstance(pair, str) else None
    return index


def _whole(chosen: set[int], groups: Sequence[list[int]], count: int, drawing: random.Random) -> set[int]:
    """A draw of whole groups of about so many examples, of groups of the draw first.

    Args:
        chosen: The draw.
        groups: Indices of the examples of each text.
        count: How many are wanted.
        drawing: For the order of the groups.
    """
    order = drawing.sample(groups, len(groups))
    order.sort(key=lambda group: -sum(index in chosen for index in group) / len(group))  # most of it is drawn already
    whole: set[int] = set()
    for group in order:
        if len(whole) + len(group) <= count:
            whole.update(group)
    if not whole:  # every group is larger than what is wanted
        smallest = min(order, key=len)
        whole.update(smallest)
    return whole
