"""What a cell may say about relations: `task: {relation: {…}}` and its `data:` section."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

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
from ft_magics.tasks.classify.config import ClassWeights

__all__ = ["MarkedFile", "MarkedOptions", "RelationData", "RelationSettings"]


class RelationSettings(Section):
    """How a model is trained on relations between two marked entities."""

    none_label: Text | None = described(
        description="The label of pairs without a relation; it is left out of macro and micro F1.",
        otherwise="a usual one such as `Other` or `no_relation`, where train has it",
        examples=["Other", "no_relation"],
        default=None,
    )
    class_weights: ClassWeights = described(
        expected="`balanced`, or a weight per relation such as `{Other: 0.5}`",
        description="How much a mistake on each label counts; `balanced` weighs a label by how rare it is in train.",
        otherwise="all labels weigh 1",
        limits="weights > 0",
        default=None,
        origin="King & Zeng 2001, as in scikit-learn's `class_weight`",
    )
    markers: Literal["plain", "typed"] = described(
        description="What marks the entities: the same tokens for all, or tokens that also say the entity's type.",
        default="plain",
        origin="Zhong & Chen 2021, section 3.2",
    )
    label_smoothing: float = described(
        description="Which share of certainty is taken off the gold label and given to all labels alike.",
        default=0.0,
        ge=0,
        lt=1,
        origin="Szegedy et al. 2016, section 7",
    )


class MarkedOptions(Section):
    """How texts with two marked entities are read, where that cannot be seen in the source itself.

    An entity is a column with its two ends or its words, two columns with its ends, or tags within the text.
    """

    synonyms: ClassVar = {
        **SPLIT_SYNONYMS,
        "head": "e1_column",
        "id": "id_column",
        "label": "label_column",
        "object": "e2_column",
        "relation": "label_column",
        "sep": "delimiter",
        "separator": "delimiter",
        "subject": "e1_column",
        "tail": "e2_column",
        "text": "text_column",
    }

    format: Literal["csv", "tsv", "json", "jsonl", "parquet", "semeval"] | None = described(
        description="What kind of file it is; `semeval` is the original file of SemEval-2010 Task 8.",
        otherwise="seen in the file",
        default=None,
    )
    text_column: Column | None = described(
        description="The column of the text, or of its list of tokens.", otherwise="found by name", default=None
    )
    label_column: Column | None = described(
        description="The column of the relation.", otherwise="found by name", default=None
    )
    e1_column: Column | Annotated[list[Column], Field(min_length=2, max_length=2)] | None = described(
        description="The column of the first entity, or the two columns of its start and end.",
        otherwise="found by name, or tags in the text",
        examples=["head", "[e1_start, e1_end]"],
        default=None,
    )
    e2_column: Column | Annotated[list[Column], Field(min_length=2, max_length=2)] | None = described(
        description="The column of the second entity, or the two columns of its start and end.",
        otherwise="found by name, or tags in the text",
        examples=["tail", "[e2_start, e2_end]"],
        default=None,
    )
    id_column: Column | None = described(
        description="The column that names each example in reports.",
        otherwise="its place, such as `train.csv, line 12`",
        default=None,
    )
    offsets: Literal["characters", "tokens"] | None = described(
        description="What the ends of an entity count; tokens are those of a list, or parted by white space.",
        otherwise="tokens where the text is a list of them, else characters",
        default=None,
    )
    last_included: bool | None = described(
        description="Whether the end of an entity is its last character or token, rather than the place behind it.",
        otherwise="as in TACRED where the columns are named as there (`subj_end`), else false",
        default=None,
    )
    unrelated_pairs: float | None = described(
        description="Of documents with lists of entities and relations: how many pairs of entities that no relation "
        "links become examples of train for each pair that is linked; dev and test have all of them, or with 0 none.",
        otherwise="all of them",
        examples=[3],
        default=None,
        ge=0,
    )
    delimiter: Character | None = delimiter_key('"|"')
    encoding: Text | None = encoding_key()
    header: bool | None = header_key()


class MarkedFile(MarkedOptions):
    """A split with reading options of its own: `test: {path: test.tsv, label_column: 3}`."""

    path: Source = described(description="Where this split is.")


class RelationData(SplitSources[MarkedOptions, MarkedFile], MarkedOptions):
    """Where the texts with two marked entities are. `$name` stands for an object of the kernel."""

    options: ClassVar = MarkedOptions

    train: TrainSource[MarkedFile] = described(
        expected=SOURCE_EXPECTED,
        example="train: path/to/train.jsonl",
        description="What is trained on; with reading options of its own it is `{path: …, e1_column: …}`.",
    )
