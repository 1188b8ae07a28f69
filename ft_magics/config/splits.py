"""What the `data:` section of any task says about its splits: a file, an object, or a share of train."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Generic, Protocol, Self, TypeVar, cast

from pydantic import AfterValidator, BaseModel, Discriminator, Field, Tag, model_validator

from ft_magics.config.references import Reference
from ft_magics.config.section import Kind, Section, described

__all__ = [
    "SHARE_EXPECTED",
    "SOURCE_EXPECTED",
    "SPLITS",
    "SPLIT_SYNONYMS",
    "Character",
    "Column",
    "Fraction",
    "HeldOutSource",
    "Source",
    "Sources",
    "SplitSources",
    "Text",
    "TrainSource",
    "delimiter_key",
    "encoding_key",
    "header_key",
]

SOURCE_EXPECTED = "a path, or `$name` for an object of the notebook"
SHARE_EXPECTED = "a path, `$name`, or a share of train such as `{fraction: 0.1}`"
SPLITS = ("train", "dev", "test")
SPLIT_SYNONYMS = {
    "development": "dev",
    "eval": "dev",
    "testing": "test",
    "training": "train",
    "val": "dev",
    "valid": "dev",
    "validation": "dev",
}
Text = Annotated[str, Field(min_length=1)]
Character = Annotated[str, Field(min_length=1, max_length=1)]
Source = Annotated[Text | Reference, Kind("source", SOURCE_EXPECTED)]


def _no_zero(column: int) -> int:
    if column == 0:
        raise ValueError("found 0; columns count from 1, and from the end -1 is the last")
    return column


Column = Annotated[Annotated[int, AfterValidator(_no_zero)] | Text, Kind("column", "a column's name or its number")]


def delimiter_key(*more: str) -> Any:
    """The key `delimiter` of files with a row a line.

    Args:
        more: Examples beside the usual ones.
    """
    return described(
        description="The character between the cells of a CSV file.",
        otherwise="seen in the file",
        limits="one character",
        examples=['","', '";"', '"\\t"', *more],
        default=None,
    )


def encoding_key() -> Any:
    """The key `encoding` of files of text."""
    return described(
        description="Character encoding of the file.",
        otherwise="its byte-order mark, or UTF-8",
        examples=["utf-8", "gb18030", "cp1252", "latin-1"],
        default=None,
    )


def header_key() -> Any:
    """The key `header` of files with a row a line."""
    return described(description="Whether the first row names the columns.", otherwise="seen in the file", default=None)


class Fraction(Section):
    """A split drawn from the training data: `dev: {fraction: 0.1, seed: 42}`."""

    fraction: float = described(
        example="{fraction: 0.1}` to draw it from train, or `{path: path/to/file}",
        description="Which share of train is drawn, and no longer trained on.",
        examples=[0.1],
        gt=0,
        lt=1,
    )
    seed: int = described(description="Of the draw; the same seed draws the same examples.", default=42, ge=0, lt=2**32)


def _train_kind(value: Any) -> str:
    return "<file>" if isinstance(value, (dict, BaseModel)) else "<source>"


def _held_out_kind(value: Any) -> str:
    if isinstance(value, Fraction) or (isinstance(value, dict) and "path" not in value):
        return "<fraction>"
    return _train_kind(value)


O_co = TypeVar("O_co", covariant=True)
O = TypeVar("O", bound=Section)  # noqa: E741  # options
F = TypeVar("F", bound=Section)  # options and `path`

# pydantic puts the tags into its error locations: angle brackets keep them apart from keys.
_SOURCE = Annotated[Source, Tag("<source>")]
_FRACTION = Annotated[Fraction, Tag("<fraction>")]
TrainSource = Annotated[Annotated[F, Tag("<file>")] | _SOURCE, Discriminator(_train_kind)]
HeldOutSource = Annotated[_FRACTION | Annotated[F, Tag("<file>")] | _SOURCE, Discriminator(_held_out_kind)]


class Sources(Protocol[O_co]):
    """A `data:` section: where each split comes from."""

    def source(self, split: str) -> Fraction | tuple[str | Reference, O_co] | None:
        """Where a split comes from, with its reading options; None where it is absent."""
        ...


class SplitSources(Section, Generic[O, F]):
    """The splits of a `data:` section: `class QaData(SplitSources[QaOptions, QaFile], QaOptions)`.

    A section that says more of a split than is said here names the key again.

    Args:
        O: The reading options, which the section has too.
        F: A split with reading options of its own: the options, and `path`.
    """

    options: ClassVar[type[Section]]  # O

    train: TrainSource[F] = described(
        expected=SOURCE_EXPECTED, example="train: path/to/file", description="What is trained on."
    )
    dev: HeldOutSource[F] | None = described(
        expected=SHARE_EXPECTED,
        description="What the best model is chosen by, after every epoch.",
        otherwise="nothing is selected: the last model is kept",
        examples=["{fraction: 0.1}"],
        default=None,
    )
    test: HeldOutSource[F] | None = described(
        expected=SHARE_EXPECTED,
        description="What the best model is scored on at the end.",
        otherwise="no score on test",
        examples=["{fraction: 0.1}"],
        default=None,
    )

    @model_validator(mode="after")
    def _fractions_leave_something(self) -> Self:
        held_out = sum(split.fraction for split in (self.dev, self.test) if isinstance(split, Fraction))
        if held_out >= 1:
            raise ValueError(f"the fractions of dev and test add up to {held_out:g}; nothing is left to train on")
        return self

    def source(self, split: str) -> Fraction | tuple[str | Reference, O] | None:
        """Where a split comes from, with its reading options: its own win over those of the section.

        Args:
            split: `train`, `dev` or `test`.

        Returns:
            None where it is absent.
        """
        source: Any = getattr(self, split)
        if source is None or isinstance(source, Fraction):
            return source
        # Each value was validated where it stands; whether they go together is seen with the columns at hand.
        values = {name: getattr(self, name) for name in self.options.model_fields}
        path: str | Reference = source
        if isinstance(source, self.options):
            own = ((name, getattr(source, name)) for name in self.options.model_fields)
            values |= {name: value for name, value in own if value is not None}
            path = source.path  # type: ignore[attr-defined]  # of F
        return path, cast(O, self.options.model_construct(**values))
