"""What a cell may say about question answering: `task: {qa: {…}}` and its `data:` section."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from ft_magics.config.section import Section, described
from ft_magics.config.splits import (
    SHARE_EXPECTED,
    SOURCE_EXPECTED,
    SPLIT_SYNONYMS,
    Character,
    Column,
    HeldOutSource,
    Source,
    SplitSources,
    Text,
    TrainSource,
    delimiter_key,
    encoding_key,
    header_key,
)

__all__ = ["QaData", "QaFile", "QaOptions", "QaSettings"]

_NegativeWindows = Annotated[
    Annotated[Literal["all"], Tag("name")] | Annotated[float, Field(ge=0, le=1000), Tag("number")],
    Discriminator(lambda value: "name" if value == "all" else "number"),
]


class QaSettings(Section):
    """How long contexts are read, and how answers are chosen and scored.

    A context that does not fit is read in windows that overlap; the answer is the best over all of them.
    """

    doc_stride: int = described(
        description="How many tokens of a long context neighbouring windows share.",
        default=128,
        ge=0,
        le=100_000,
        origin="`doc_stride` of Hugging Face's run_qa; at most half of a window is shared",
    )
    max_answer_tokens: int = described(
        description="The longest answer that can be given, in tokens.",
        default=30,
        ge=1,
        le=1000,
        origin="Devlin et al. 2019, section 4.2, as in their script",
    )
    negative_windows: _NegativeWindows = described(
        expected="a number, such as `0.5`, or `all`",
        description="How many windows without the answer are trained on for each window that holds it. Of a question "
        "without an answer it is at least one window. They are drawn by lot.",
        default=0.2,
        limits="`all`, or 0 to 1,000",
        origin="Alberti et al. 2019, who leave most of them out",
    )
    n_best: int = described(
        description="How many of the most probable answers are kept of each question.", default=5, ge=1, le=20
    )
    scoring: Literal["squad", "cmrc"] | None = described(
        description="Whose exact match and F1 are counted: SQuAD's, in words, or CMRC 2018's, for Chinese.",
        otherwise="by language: CMRC's for questions and contexts in Chinese",
        default=None,
        origin="Rajpurkar et al. 2016 and 2018; Cui et al. 2019",
    )


class QaOptions(Section):
    """How questions are read, where that cannot be seen in the source itself.

    SQuAD's JSON and CMRC's need nothing. Of tables, columns count from 1, from the end with -1 for the last, or are
    named by the source.
    """

    synonyms: ClassVar = {
        **SPLIT_SYNONYMS,
        "answer": "answer_column",
        "answers": "answer_column",
        "context": "context_column",
        "id": "id_column",
        "passage": "context_column",
        "question": "question_column",
        "sep": "delimiter",
        "separator": "delimiter",
        "start": "answer_start_column",
    }

    format: Literal["csv", "tsv", "json", "jsonl", "parquet"] | None = described(
        description="What kind of file it is.", otherwise="seen in the file", default=None
    )
    question_column: Column | None = described(
        description="The column of the question.", otherwise="found by name", default=None
    )
    context_column: Column | None = described(
        description="The column of the text that holds the answer.", otherwise="found by name", default=None
    )
    answer_column: Column | None = described(
        description="The column of the answers: a text, a list of texts, or SQuAD's `text` and `answer_start`.",
        otherwise="found by name",
        default=None,
    )
    answer_start_column: Column | None = described(
        description="The column with the place of the answer's first character in the context, from 0.",
        otherwise="found by name, or the place is looked for",
        default=None,
    )
    id_column: Column | None = described(
        description="The column that names each question, in reports and in files of predictions.",
        otherwise="found by name, or the question's place",
        default=None,
    )
    delimiter: Character | None = delimiter_key()
    encoding: Text | None = encoding_key()
    header: bool | None = header_key()

    @model_validator(mode="after")
    def _columns_differ(self) -> QaOptions:
        seen: dict[int | str, str] = {}
        for option in ("question_column", "context_column", "answer_column", "answer_start_column", "id_column"):
            column = getattr(self, option)
            if column is not None and column in seen:
                raise ValueError(f"`{seen[column]}` and `{option}` are both `{column}`; name two columns")
            seen[column] = option
        return self


class QaFile(QaOptions):
    """A split with reading options of its own: `test: {path: test.csv, answer_column: gold}`."""

    path: Source = described(description="Where this split is.")


class QaData(SplitSources[QaOptions, QaFile], QaOptions):
    """Where the questions are. `$name` stands for an object of the kernel."""

    options: ClassVar = QaOptions

    train: TrainSource[QaFile] = described(
        expected=SOURCE_EXPECTED,
        example="train: path/to/train.json",
        description="What is trained on; with reading options of its own it is `{path: …, context_column: …}`.",
    )
    dev: HeldOutSource[QaFile] | None = described(
        expected=SHARE_EXPECTED,
        description="What the best model is chosen by, after every epoch; a share keeps contexts whole.",
        otherwise="nothing is selected: the last model is kept",
        examples=["{fraction: 0.1}"],
        default=None,
    )
