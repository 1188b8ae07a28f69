"""What a cell may say of tagged words: how files are read, and where the splits come from."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import model_validator

from ft_magics.config.references import Reference
from ft_magics.config.section import Section, described
from ft_magics.config.splits import (
    FILE,
    FRACTION,
    HELD_OUT,
    SHARE_EXPECTED,
    SOURCE,
    SOURCE_EXPECTED,
    SPLIT_SYNONYMS,
    TRAIN,
    Column,
    Fraction,
    Source,
    Text,
    find_source,
    fractions_leave_something,
)

__all__ = ["DataConfig", "ReadOptions", "SplitFile"]

Scheme = Literal["IOB1", "IOB2", "IOE1", "IOE2", "BIOES", "BILOU", "IO"]


class ReadOptions(Section):
    """How files are read, where that cannot be seen in the file itself.

    Columns count from 1, from the end with -1 for the last, or are named by the file's header row.
    """

    synonyms: ClassVar = {
        **SPLIT_SYNONYMS,
        "label_column": "tag_column",
        "label_names": "tag_names",
        "labels": "tag_names",
        "word_column": "token_column",
    }

    format: Literal["conll", "jsonl", "csv"] | None = None
    token_column: Column | None = None
    tag_column: Column | None = None
    sentence_column: Column | None = None
    sentence_end: Text | None = None
    encoding: Text | None = None
    scheme: Scheme | None = None
    tag_names: list[str] | None = None


class SplitFile(ReadOptions):
    """A split with reading options of its own: `test: {path: test.iob2, tag_column: 3}`."""

    path: Text | Reference


HeldOut = Annotated[Annotated[Fraction, FRACTION] | Annotated[SplitFile, FILE] | Annotated[Source, SOURCE], HELD_OUT]


class DataConfig(ReadOptions):
    """Where the labelled data are. `$name` stands for an object of the kernel."""

    train: Annotated[Annotated[SplitFile, FILE] | Annotated[Source, SOURCE], TRAIN] = described(
        expected=SOURCE_EXPECTED, example="train: path/to/train.conll"
    )
    dev: HeldOut | None = described(expected=SHARE_EXPECTED, default=None)
    test: HeldOut | None = described(expected=SHARE_EXPECTED, default=None)

    @model_validator(mode="after")
    def _fractions_leave_something(self) -> Self:
        fractions_leave_something(self)
        return self

    def source(self, split: str) -> Fraction | tuple[str | Reference, ReadOptions] | None:
        """Where a split comes from, with its reading options; None where it is absent."""
        return find_source(self, split, ReadOptions)
