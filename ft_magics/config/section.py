"""What every section of a cell is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

__all__ = ["OpenSection", "Section", "described"]


def described(*, expected: str = "", example: str = "", **field: Any) -> Any:
    """A field that says what it expects, for the message where something else was found.

    Args:
        expected: Such as "a path, or `$name` for an object of the notebook".
        example: What to write where it is missing, such as "train: path/to/train.csv".
        field: As for pydantic's `Field`.
    """
    return Field(json_schema_extra={"expected": expected, "example": example}, **field)


class Section(BaseModel):
    """Strict: an unknown key, a wrong type, NaN are mistakes."""

    synonyms: ClassVar[Mapping[str, str]] = {}  # other words for its keys, too far apart to be found by likeness

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        arbitrary_types_allowed=True,  # a Reference holds any object of the kernel
    )

    @model_serializer(mode="wrap")
    def _said(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out a None that is the default: what was not said, but not what was said to be none."""
        fields = type(self).model_fields
        return {
            name: value for name, value in plain(self).items() if value is not None or fields[name].default is not None
        }


class OpenSection(Section):
    """A section that nobody here knows: of a task whose package is missing."""

    model_config = ConfigDict(extra="allow")
