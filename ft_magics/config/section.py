"""What every section of a cell is made of."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

__all__ = ["Section"]


class Section(BaseModel):
    """Strict: an unknown key, a wrong type, NaN are mistakes."""

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
