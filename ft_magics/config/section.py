"""What every section of a cell is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

__all__ = ["JoinedSection", "Kind", "OpenSection", "Section", "described"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value is, where its Python type does not say it: `Annotated[int | str, Kind("column", …)]`.

    Args:
        name: `column`, `source`, `model`, `folder`, `method` or `task`: what completion proposes.
        spoken: As a person would say it.
    """

    name: str
    spoken: str


def described(
    *, expected: str = "", example: str = "", otherwise: str = "", limits: str = "", origin: str = "", **field: Any
) -> Any:
    """A field that says what it expects and means, for messages, completion and the list of settings.

    Args:
        expected: Such as "a path, or `$name` for an object of the notebook".
        example: What to write where it is missing, such as "train: path/to/train.csv".
        otherwise: What happens where it is not given and has no plain default, such as "as long as the model takes".
        limits: The values that it may have, where the type does not say it.
        origin: Where the choice comes from: a paper, or a name of Hugging Face's.
        field: As for pydantic's `Field`: `description` is its meaning in a sentence, `examples` are values that
            completion proposes.
    """
    said = {"expected": expected, "example": example, "otherwise": otherwise, "limits": limits, "origin": origin}
    return Field(json_schema_extra={name: text for name, text in said.items() if text}, **field)


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


class JoinedSection(Section):
    """The settings of objectives that are trained together: each field is the section of one, by its name in a cell."""


class OpenSection(Section):
    """A section that nobody here knows: of a task whose package is missing."""

    model_config = ConfigDict(extra="allow")
