"""What the `data:` section of any task says about its splits: a file, an object, or a share of train."""

from __future__ import annotations

from typing import Annotated, Any, Protocol, TypeVar, cast

from pydantic import AfterValidator, BaseModel, Discriminator, Field, Tag

from ft_magics.config.references import Reference
from ft_magics.config.section import Kind, Section, described

__all__ = [
    "FILE",
    "FRACTION",
    "HELD_OUT",
    "SHARE_EXPECTED",
    "SOURCE",
    "SOURCE_EXPECTED",
    "SPLITS",
    "SPLIT_SYNONYMS",
    "TRAIN",
    "Column",
    "Fraction",
    "Source",
    "Sources",
    "Text",
    "find_source",
    "fractions_leave_something",
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
Source = Annotated[Text | Reference, Kind("source", SOURCE_EXPECTED)]


def _no_zero(column: int) -> int:
    if column == 0:
        raise ValueError("found 0; columns count from 1, and from the end -1 is the last")
    return column


Column = Annotated[Annotated[int, AfterValidator(_no_zero)] | Text, Kind("column", "a column's name or its number")]


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


# The tags stand in pydantic's error locations: angle brackets keep them apart from keys.
FRACTION, FILE, SOURCE = Tag("<fraction>"), Tag("<file>"), Tag("<source>")
TRAIN, HELD_OUT = Discriminator(_train_kind), Discriminator(_held_out_kind)

O_co = TypeVar("O_co", covariant=True)
O = TypeVar("O", bound=Section)  # noqa: E741  # options


class Sources(Protocol[O_co]):
    """A `data:` section: where each split comes from."""

    def source(self, split: str) -> Fraction | tuple[str | Reference, O_co] | None:
        """Where a split comes from, with its reading options; None where it is absent."""
        ...


def find_source(data: Section, split: str, options: type[O]) -> Fraction | tuple[str | Reference, O] | None:
    """Where a split comes from; options that it has of its own win over those of the section.

    Args:
        data: The section, which has the options' fields too.
        split: `train`, `dev` or `test`.
        options: The class of the options; a split with options of its own is of a subclass that adds `path`.
    """
    source: Any = getattr(data, split)
    if source is None or isinstance(source, Fraction):
        return source
    # Each value was validated where it stands; whether they go together is seen with the columns at hand.
    values = {name: getattr(data, name) for name in options.model_fields}
    path: str | Reference = source
    if isinstance(source, options):
        own = ((name, getattr(source, name)) for name in options.model_fields)
        values |= {name: value for name, value in own if value is not None}
        path = source.path  # type: ignore[attr-defined]  # of the subclass
    return path, cast(O, options.model_construct(**values))


def fractions_leave_something(data: Any) -> None:
    """See that something is left to train on.

    Args:
        data: A section with `dev` and `test`.

    Raises:
        ValueError: The fractions add up to everything.
    """
    held_out = sum(split.fraction for split in (data.dev, data.test) if isinstance(split, Fraction))
    if held_out >= 1:
        raise ValueError(f"the fractions of dev and test add up to {held_out:g}; nothing is left to train on")
