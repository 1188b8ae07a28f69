"""What a cell may say about texts that are made of texts: settings of the model, and the `data:` section."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from ft_magics.config.section import Section, described
from ft_magics.config.splits import (
    SOURCE_EXPECTED,
    SPLIT_SYNONYMS,
    Character,
    Column,
    Source,
    SplitSources,
    Text,
    TrainSource,
    delimiter_key,
    encoding_key,
    header_key,
)
from ft_magics.tasks.generating import GenerationSettings

__all__ = ["PairData", "PairFile", "PairOptions", "Seq2SeqSettings"]


class Seq2SeqSettings(Section):
    """How a model that writes texts is trained, and how it writes."""

    generation: GenerationSettings = described(
        expected="a section such as `{beams: 4}`",
        description="How texts are generated.",
        default=GenerationSettings(),
    )
    max_target_tokens: Annotated[int, Field(ge=4, le=100_000)] | None = described(
        description="The longest target that is trained on; the rest of a longer one is cut off.",
        otherwise="as long as the model takes, at most 512",
        examples=[128],
        default=None,
    )
    source_prefix: Text | None = described(
        description="What is put before each source, for models that are told so what to do.",
        otherwise="nothing",
        examples=['"summarize: "', '"translate English to German: "'],
        default=None,
        origin="Raffel et al. 2020 (T5), section 2.4",
    )
    label_smoothing: float = described(
        description="Which share of certainty is taken off the right token and given to all tokens alike.",
        default=0.0,
        ge=0,
        lt=1,
        origin="Szegedy et al. 2016, section 7",
    )


class PairOptions(Section):
    """How pairs of source and target are read, where that cannot be seen in the source itself.

    Columns count from 1, from the end with -1 for the last, or are named by the source of the data.
    """

    synonyms: ClassVar = {
        **SPLIT_SYNONYMS,
        "id": "id_column",
        "reference": "target_column",
        "references": "target_column",
        "sep": "delimiter",
        "separator": "delimiter",
        "source": "source_column",
        "summary_column": "target_column",
        "target": "target_column",
        "text_column": "source_column",
    }

    format: Literal["csv", "tsv", "json", "jsonl", "parquet"] | None = described(
        description="What kind of file it is.", otherwise="seen in the file", default=None
    )
    source_column: Column | None = described(
        description="The column of the source: a text, or a list of its sentences.",
        otherwise="found by name or place",
        default=None,
    )
    target_column: Column | None = described(
        description="The column of the target: a text, or a list of several references.",
        otherwise="found by name or place",
        default=None,
    )
    target_path: Source | None = described(
        description="A second file with a target for each line of the first.",
        otherwise="both are in one file",
        default=None,
    )
    id_column: Column | None = described(
        description="The column that names each example in reports.",
        otherwise="its place, such as `train.tsv, line 12`",
        default=None,
    )
    delimiter: Character | None = delimiter_key('"|"')
    encoding: Text | None = encoding_key()
    header: bool | None = header_key()

    @model_validator(mode="after")
    def _columns_differ(self) -> PairOptions:
        if self.source_column is not None and self.source_column == self.target_column:
            raise ValueError(f"`source_column` and `target_column` are both `{self.source_column}`; name two columns")
        return self


class PairFile(PairOptions):
    """A split with reading options of its own: `test: {path: test.en, target_path: test.zh}`."""

    path: Source = described(description="Where this split is.")


class PairData(SplitSources[PairOptions, PairFile], PairOptions):
    """Where the pairs of texts are. `$name` stands for an object of the kernel."""

    options: ClassVar = PairOptions

    train: TrainSource[PairFile] = described(
        expected=SOURCE_EXPECTED,
        example="train: path/to/train.tsv",
        description="What is trained on; with reading options of its own it is `{path: …, target_path: …}`.",
    )
