"""What a cell may say of tagged words: how files are read, and where the splits come from."""

from __future__ import annotations

from typing import ClassVar, Literal

from ft_magics.config.section import Section, described
from ft_magics.config.splits import (
    SOURCE_EXPECTED,
    SPLIT_SYNONYMS,
    Column,
    Source,
    SplitSources,
    Text,
    TrainSource,
    encoding_key,
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
    encoding: Text | None = encoding_key()
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


class DataConfig(SplitSources[ReadOptions, SplitFile], ReadOptions):
    """Where the labelled data are. `$name` stands for an object of the kernel."""

    options: ClassVar = ReadOptions

    train: TrainSource[SplitFile] = described(
        expected=SOURCE_EXPECTED,
        example="train: path/to/train.conll",
        description="What is trained on; with reading options of its own it is `{path: …, tag_column: …}`.",
    )
