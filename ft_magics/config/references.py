"""`$name` in a cell or on a magic's line: the kernel's object, by reference."""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from ft_magics.config.tree import is_broken, is_in_range, shorten
from ft_magics.errors import did_you_mean

__all__ = ["Reference", "is_reference", "lookup", "plain_value"]

_REFERENCE = re.compile(r"\$(\w+)", re.UNICODE)
_OF_THE_SHELL = ("In", "Out", "exit", "quit")


@dataclass(frozen=True, slots=True)
class Reference:
    """An object of the kernel and the name it was asked for by."""

    name: str
    value: Any

    def __str__(self) -> str:
        return f"${self.name}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.is_instance_schema(cls, serialization=core_schema.plain_serializer_function_ser_schema(str))


def is_reference(text: str) -> bool:
    """Whether the whole text is `$name`; a dollar sign inside a text is just a dollar sign."""
    return _REFERENCE.fullmatch(text) is not None


def lookup(text: str, namespace: Mapping[str, Any]) -> Reference:
    """The object that `$name` stands for.

    Raises:
        LookupError: No such name in the namespace; the message has the nearest one.
    """
    name = text.removeprefix("$")
    if name not in namespace:
        known = [
            key for key in namespace if not (key.startswith("_") or key in _OF_THE_SHELL or hasattr(builtins, key))
        ]
        raise LookupError(f"`${shorten(name)}` is not defined in this notebook.{did_you_mean(name, known)}")
    return Reference(name, namespace[name])


def plain_value(reference: Reference) -> Any:
    """A number or a text as itself, so that `learning_rate: $rate` is a number; anything else as the reference.

    Raises:
        LookupError: A whole number beyond the range of floats, or a text with half a surrogate pair.
    """
    value = reference.value
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()  # NumPy's and torch's single numbers
    if isinstance(value, int) and not is_in_range(value):
        raise LookupError(f"`{reference}` is a number of over 300 digits; give a smaller one")
    if isinstance(value, str) and is_broken(value):
        raise LookupError(f"`{reference}` holds half a surrogate pair, which is no letter; mend the text")
    return value if isinstance(value, (bool, int, float, str)) else reference
