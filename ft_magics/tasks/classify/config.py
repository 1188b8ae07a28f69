"""What a cell may say about text classification: `task: {classify: {…}}` and its `data:` section."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from ft_magics.config.references import Reference
from ft_magics.config.section import Section
from ft_magics.config.splits import (
    FILE,
    FRACTION,
    HELD_OUT,
    SOURCE,
    TRAIN,
    Column,
    Fraction,
    Source,
    Text,
    find_source,
    fractions_leave_something,
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

    multi_label: bool = False
    regression: bool = False
    class_weights: ClassWeights = None
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    focal_gamma: float | None = Field(default=None, ge=0, le=100)  # Lin et al. 2017, section 3.2
    long_texts: Literal["truncate", "window"] = "truncate"

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

    format: Literal["csv", "tsv", "json", "jsonl", "parquet"] | None = None
    text_column: Column | None = None
    text_pair_column: Column | None = None
    label_column: Column | Annotated[list[Column], Field(min_length=1)] | None = None  # a list: one column a class
    id_column: Column | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    encoding: Text | None = None
    header: bool | None = None
    label_names: Annotated[list[Text], Field(min_length=1)] | None = None
    label_separator: Text | None = None

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

    path: Text | Reference


HeldOut = Annotated[Annotated[Fraction, FRACTION] | Annotated[TextFile, FILE] | Annotated[Source, SOURCE], HELD_OUT]


class ClassifyData(TextOptions):
    """Where the labelled texts are. `$name` stands for an object of the kernel."""

    train: Annotated[Annotated[TextFile, FILE] | Annotated[Source, SOURCE], TRAIN]
    dev: HeldOut | None = None
    test: HeldOut | None = None

    @model_validator(mode="after")
    def _fractions_leave_something(self) -> ClassifyData:
        fractions_leave_something(self)
        return self

    def source(self, split: str) -> Fraction | tuple[str | Reference, TextOptions] | None:
        """Where a split comes from, with its reading options; None where it is absent."""
        return find_source(self, split, TextOptions)
