"""What a `%%pretrain` cell may say under `data:`."""

from __future__ import annotations

from typing import ClassVar, Literal

from ft_magics.config.section import Section, described
from ft_magics.config.splits import (
    SPLIT_SYNONYMS,
    Column,
    HeldOutSource,
    Source,
    SplitSources,
    Text,
    TrainSource,
)

__all__ = ["DocumentFile", "DocumentOptions", "TextData"]

_EXPECTED = "a file, a folder, a pattern such as `texts/*.txt`, or `$name` for an object of the notebook"


class DocumentOptions(Section):
    """How raw text is read."""

    synonyms: ClassVar = {**SPLIT_SYNONYMS, "column": "text_column", "split_by": "documents", "text": "text_column"}

    format: Literal["text", "jsonl", "json", "csv", "tsv", "parquet"] | None = described(
        description="What kind of file it is.", otherwise="by its name, else plain text", default=None
    )
    documents: Literal["blank_line", "line", "file"] | None = described(
        description="What parts documents in a plain text file; a sequence never reaches from one into the next.",
        otherwise="`blank_line`",
        default=None,
        origin="BERT's input, Devlin et al. 2019: documents parted by an empty line",
    )
    text_column: Column | None = described(
        description="The column, or key, of the text.", otherwise="the one called `text`, or the only one", default=None
    )
    encoding: Text | None = described(
        description="Character encoding of the files.",
        otherwise="the byte-order mark, or UTF-8",
        examples=["utf-8", "gb18030", "cp1252", "latin-1"],
        default=None,
    )


class DocumentFile(DocumentOptions):
    """A split with reading options of its own: `dev: {path: dev.txt, documents: line}`."""

    path: Source = described(description="Where this split is.")


class TextData(SplitSources[DocumentOptions, DocumentFile], DocumentOptions):
    """Where the raw text is. `$name` stands for an object of the kernel."""

    options: ClassVar = DocumentOptions

    train: TrainSource[DocumentFile] = described(
        expected=_EXPECTED,
        example="train: path/to/texts",
        description="What is trained on: plain text, JSON lines, a folder of such files, a column of a table, a list.",
    )
    dev: HeldOutSource[DocumentFile] | None = described(
        expected="a file, a folder, `$name`, or a share of train such as `{fraction: 0.05}`",
        description="What is held out, for perplexity after every epoch, by which the best model is chosen.",
        otherwise="nothing is selected: the last model is kept",
        examples=["{fraction: 0.05}"],
        default=None,
    )
    test: HeldOutSource[DocumentFile] | None = described(
        expected="a file, a folder, `$name`, or a share of train such as `{fraction: 0.05}`",
        description="What the best model is scored on at the end.",
        otherwise="no score on test",
        examples=["{fraction: 0.05}"],
        default=None,
    )
