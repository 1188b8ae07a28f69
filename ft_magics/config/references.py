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
from ft_magics.errors import did_you_mean, type_name

__all__ = ["Reference", "is_reference", "lookup", "part_of", "plain_value", "quote_references"]

_STEP = r"""\.[^\W\d]\w*|\["[^"\[\]\n]+"\]|\['[^'\[\]\n]+'\]|\[-?[\w-]+\]"""  # no more than a constant
_REFERENCE = re.compile(rf"\$(\w+)((?:{_STEP})*)")
_STEPS = re.compile(_STEP)
_UNQUOTED = re.compile(rf"(?:(?<=[\s,{{\[])|^)\$\w+(?:{_STEP})*\[[^\[\]\n]+\](?:{_STEP})*(?=\s*(?:[,}}\]]|$|\s#))")
_WHOLE = re.compile(r"-?\d+")
_MOST_SHOWN = 12  # keys of a mapping, in a message
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
    """Whether the whole text is `$name`, or `$name` with constant steps behind it: `$splits["train"]`, `$splits.train`.

    A dollar sign inside a text is just a dollar sign.
    """
    return _REFERENCE.fullmatch(text) is not None


def lookup(text: str, namespace: Mapping[str, Any]) -> Reference:
    """The object that `$name` stands for. Its steps are looked up, one by one; nothing is run as code.

    Raises:
        LookupError: No such name in the namespace, or nothing at a step; the message has the nearest one.
    """
    found = _REFERENCE.fullmatch(text)
    name = found[1] if found else text.removeprefix("$")
    if name not in namespace:
        known = [
            key for key in namespace if not (key.startswith("_") or key in _OF_THE_SHELL or hasattr(builtins, key))
        ]
        raise LookupError(f"`${shorten(name)}` is not defined in this notebook.{did_you_mean(name, known)}")
    reference = Reference(name, namespace[name])
    for step in _STEPS.findall(found[2] if found else ""):
        reference = _step(reference, step)
    return reference


def _step(reference: Reference, written: str) -> Reference:
    """What an object holds at `.name`, `["name"]` or `[0]`."""
    key = written.removeprefix(".").removeprefix("[").removesuffix("]").strip("'\"")
    value = reference.value
    named = f"{reference.name}{written}"
    if isinstance(value, Mapping):
        if key in value:
            return part_of(reference, key)
        known = [name for name in value if isinstance(name, str)]
        shown = ", ".join(map(shorten, known[:_MOST_SHOWN])) or "none"
        raise LookupError(f"`{reference}` has no `{shorten(key)}`; it has {shown}.{did_you_mean(key, known)}")
    try:
        if written.startswith("."):
            return Reference(named, getattr(value, key))
        return Reference(named, value[int(key) if _WHOLE.fullmatch(key) and written[1] not in "'\"" else key])
    except Exception as error:  # an object of the user's can raise anything
        known = [name for name in dir(value) if not name.startswith("_")]
        near = did_you_mean(key, known) if written.startswith(".") else ""
        raise LookupError(f"`{reference}`, {type_name(value)}, has no `{shorten(written)}`.{near}") from error


def part_of(reference: Reference, key: str) -> Reference:
    """What a mapping of the kernel holds under a key, with the name that leads there."""
    return Reference(f'{reference.name}["{key}"]', reference.value[key])


def quote_references(text: str) -> str:
    """The body of a cell with `$splits["train"]` in quotation marks: within braces YAML takes its bracket for a list.

    Every line stays one line.
    """
    return "\n".join(map(_quote, text.split("\n")))


def _quote(line: str) -> str:
    def quoted(found: re.Match[str]) -> str:
        before = line[: found.start()]
        inside = before.count('"') % 2 or before.count("'") % 2 or "#" in before
        return found[0] if inside else "'" + found[0].replace("'", "''") + "'"

    return _UNQUOTED.sub(quoted, line)


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
