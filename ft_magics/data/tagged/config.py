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
        "tag": "tag_column",
        "tags": "tag_column",
        "token": "token_column",
        "tokens": "token_column",
        "word": "token_column",
        "word_column": "token_column",
        "words": "token_column",
    }

    format: Literal["conll", "jsonl", "csv"] | None = described(
        description="What kind of file it is.", otherwise="seen in the file", default=None
    )
    token_column: Column | None = described(
        description="The column, or field, of the words.", otherwise="found by name; else the first", default=None
    )
    tag_column: Column | None = described(
        description="The column, or field, of the tags.", otherwise="found by name; else the last", default=None
    )
    sentence_column: Column | None = described(
        description="The column that numbers the sentences in a file with a word per row.",
        otherwise="found by name",
        default=None,
    )
    sentence_end: Text | None = described(
        description="A mark in any cell of the line that ends a sentence, in a file without empty lines.",
        otherwise="an empty line ends a sentence",
        examples=["。", '"EOS"'],
        default=None,
    )
    encoding: Text | None = described(
        description="Character encoding of the file.",
        otherwise="its byte-order mark, or UTF-8",
        examples=["utf-8", "gb18030", "cp1252", "latin-1"],
        default=None,
    )
    scheme: Scheme | None = described(
        description="How the tags mark where an entity begins and ends.",
        otherwise="seen in the tags",
        default=None,
        origin="Ramshaw & Marcus 1995 (IOB1); Tjong Kim Sang & Veenstra 1999 (IOB2, IOE); Ratinov & Roth 2009 (BILOU)",
    )
    tag_names: list[str] | None = described(
        description="Names of the tags in the order of their numbers, where the data have numbers.",
        otherwise="as the data name them",
        examples=["[O, B-PER, I-PER]"],
        default=None,
    )


class SplitFile(ReadOptions):
    """A split with reading options of its own: `test: {path: test.iob2, tag_column: 3}`."""

    path: Source = described(description="Where this split is.")


HeldOut = Annotated[Annotated[Fraction, FRACTION] | Annotated[SplitFile, FILE] | Annotated[Source, SOURCE], HELD_OUT]


class DataConfig(ReadOptions):
    """Where the labelled data are. `$name` stands for an object of the kernel."""

    train: Annotated[Annotated[SplitFile, FILE] | Annotated[Source, SOURCE], TRAIN] = described(
        expected=SOURCE_EXPECTED,
        example="train: path/to/train.conll",
        description="What is trained on; with reading options of its own it is `{path: …, tag_column: …}`.",
    )
    dev: HeldOut | None = described(
        expected=SHARE_EXPECTED,
        description="What the best model is chosen by, after every epoch.",
        otherwise="nothing is selected: the last model is kept",
        examples=["{fraction: 0.1}"],
        default=None,
    )
    test: HeldOut | None = described(
        expected=SHARE_EXPECTED,
        description="What the best model is scored on at the end.",
        otherwise="no score on test",
        examples=["{fraction: 0.1}"],
        default=None,
    )

    @model_validator(mode="after")
    def _fractions_leave_something(self) -> Self:
        fractions_leave_something(self)
        return self

    def source(self, split: str) -> Fraction | tuple[str | Reference, ReadOptions] | None:
        """Where a split comes from, with its reading options; None where it is absent."""
        return find_source(self, split, ReadOptions)
