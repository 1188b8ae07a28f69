"""What a cell may say about text classification: `task: {classify: {…}}` and its `data:` section."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

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

__all__ = ["ClassifyData", "ClassifySettings", "TextFile", "TextOptions"]

_OF_CLASSES = ("multi_label", "class_weights", "label_smoothing", "focal_gamma")  # of no use to a regression


def _balanced_or_weights(value: Any) -> Any:
    """Classes may be written as numbers, which YAML reads as such."""
    if value is None or value == "balanced":
        return value
    if isinstance(value, dict) and value and all(_is_weight(weight) for weight in value.values()):
        return {str(name): float(weight) for name, weight in value.items()}
    raise ValueError("expected `balanced`, or a positive number per class, such as `{spam: 2.0, ham: 1.0}`")


def _is_weight(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < float("inf")


ClassWeights = Annotated[Literal["balanced"] | dict[str, float] | None, BeforeValidator(_balanced_or_weights)]


class ClassifySettings(Section):
    """How a model is trained on classes, or on numbers.

    A text has one label by default; with `multi_label` any number of them, with `regression` a number instead. Classes
    that `class_weights` does not name weigh 1.
    """

    multi_label: bool = described(description="A text may have any number of labels, none included.", default=False)
    regression: bool = described(description="The label is a number, and numbers are predicted.", default=False)
    class_weights: ClassWeights = described(
        expected="`balanced`, or a weight per class such as `{spam: 2.0}`",
        description="How much a mistake on each class counts; `balanced` weighs a class by how rare it is in train.",
        otherwise="all classes weigh 1",
        limits="weights > 0",
        default=None,
        origin="King & Zeng 2001, as in scikit-learn's `class_weight`",
    )
    label_smoothing: float = described(
        description="Which share of certainty is taken off the gold label and given to all labels alike.",
        default=0.0,
        ge=0,
        lt=1,
        origin="Szegedy et al. 2016, section 7",
    )
    focal_gamma: float | None = described(
        description="How strongly examples that the model is sure of are left out of the loss.",
        otherwise="plain cross-entropy",
        examples=[2.0],
        default=None,
        ge=0,
        le=100,
        origin="Lin et al. 2017, section 3.2",
    )
    long_texts: Literal["truncate", "window"] = described(
        description="What becomes of a text that is longer than the model takes: its end is cut, or it is read in "
        "windows whose answers are averaged.",
        default="truncate",
    )

    @model_validator(mode="after")
    def _regression_has_no_classes(self) -> ClassifySettings:
        wrong = [name for name in _OF_CLASSES if self.regression and getattr(self, name)]
        if wrong:
            raise PydanticCustomError(
                "elsewhere",
                "is about classes, and `regression: true` predicts numbers; take one of them out",
                {"path": ("task", "classify", wrong[0])},
            )
        return self

    @model_validator(mode="after")
    def _one_softening(self) -> ClassifySettings:
        if self.focal_gamma is not None and self.label_smoothing:
            raise PydanticCustomError(
                "elsewhere",
                "does not go with `focal_gamma`: one trusts sure answers less, the other leaves them out; keep one",
                {"path": ("task", "classify", "label_smoothing")},
            )
        return self


class TextOptions(Section):
    """How labelled texts are read, where that cannot be seen in the source itself.

    Columns count from 1, from the end with -1 for the last, or are named by the source.
    """

    synonyms: ClassVar = {
        **SPLIT_SYNONYMS,
        "columns": "text_column",
        "id": "id_column",
        "label": "label_column",
        "labels": "label_column",
        "sep": "delimiter",
        "separator": "delimiter",
        "text": "text_column",
    }

    format: Literal["csv", "tsv", "json", "jsonl", "parquet"] | None = described(
        description="What kind of file it is.", otherwise="seen in the file", default=None
    )
    text_column: Column | None = described(
        description="The column of the text.", otherwise="found by name or content", default=None
    )
    text_pair_column: Column | None = described(
        description="The column of a second text, for tasks on pairs.", otherwise="found by name", default=None
    )
    label_column: Column | Annotated[list[Column], Field(min_length=1)] | None = described(
        description="The column of the label; with `multi_label` also a list with one column of yes and no per class.",
        otherwise="found by name or content",
        default=None,
    )
    id_column: Column | None = described(
        description="The column that names each example in reports.",
        otherwise="its place, such as `train.csv, line 12`",
        default=None,
    )
    delimiter: Character | None = delimiter_key('"|"')
    encoding: Text | None = encoding_key()
    header: bool | None = header_key()
    label_names: Annotated[list[Text], Field(min_length=1)] | None = described(
        description="Names of the labels in the order of their numbers, where the data have numbers.",
        otherwise="as the data name them",
        examples=["[negative, positive]"],
        default=None,
    )
    label_separator: Text | None = described(
        description="What stands between the labels of a cell that holds several.",
        otherwise="seen in the data",
        examples=['","', '";"', '"|"'],
        default=None,
    )

    @model_validator(mode="after")
    def _columns_differ(self) -> TextOptions:
        labels = self.label_column if isinstance(self.label_column, list) else [self.label_column]
        named = [
            ("text_column", self.text_column),
            ("text_pair_column", self.text_pair_column),
            *(("label_column", label) for label in labels),
        ]
        seen: dict[int | str, str] = {}
        for option, column in named:
            if column is None:
                continue
            if column in seen:
                twice = option == seen[column]
                raise ValueError(
                    f"`label_column` names `{column}` twice; name each class once"
                    if twice
                    else f"`{seen[column]}` and `{option}` are both `{column}`; name two columns"
                )
            seen[column] = option
        return self

    @model_validator(mode="after")
    def _names_differ(self) -> TextOptions:
        names = self.label_names or []
        again = next((name for at, name in enumerate(names) if name in names[:at]), None)
        if again is not None:
            raise ValueError(f"`label_names` has `{again}` twice; a name is one class")
        return self


class TextFile(TextOptions):
    """A split with reading options of its own: `test: {path: test.tsv, label_column: 3}`."""

    path: Source = described(description="Where this split is.")


class ClassifyData(SplitSources[TextOptions, TextFile], TextOptions):
    """Where the labelled texts are. `$name` stands for an object of the kernel."""

    options: ClassVar = TextOptions

    train: TrainSource[TextFile] = described(
        expected=SOURCE_EXPECTED,
        example="train: path/to/train.csv",
        description="What is trained on; with reading options of its own it is `{path: …, text_column: …}`.",
    )
