"""The `data:` section → train, dev and test, whatever the examples are."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from ft_magics.config.references import Reference
from ft_magics.config.splits import Fraction, Sources
from ft_magics.data.examples import Corpus, Split
from ft_magics.errors import DataError, EncodingError, FaultsError

__all__ = ["ReadSplit", "read_corpus"]

E = TypeVar("E")
O = TypeVar("O")  # noqa: E741  # options
ReadSplit = Callable[[str, str | Reference, O], Split[E]]  # by name, source and options


def read_corpus(data: Sources[O], read_split: ReadSplit[O, E]) -> Corpus[E]:
    """Read every split; dev and test may be drawn from train.

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
    """Take a seeded share of all examples out of train.

    Args:
        train: What is left so far.
        name: The new split's name.
        fraction: Share of `total`, and the seed.
        total: Examples before anything was taken.
    """
    count = round(fraction.fraction * total)
    if not 0 < count < len(train.examples):
        raise DataError(
            f"data.{name}: {fraction.fraction:g} of {total} examples is {count}, which leaves "
            f"{len(train.examples) - count} to train on; choose another fraction"
        )
    chosen = set(random.Random(fraction.seed).sample(range(len(train.examples)), count))
    kept = [example for index, example in enumerate(train.examples) if index not in chosen]
    drawn = [example for index, example in enumerate(train.examples) if index in chosen]
    source = f"{fraction.fraction:g} of {train.source}"
    return replace(train, examples=kept), replace(train, name=name, source=source, examples=drawn, notes=[])
