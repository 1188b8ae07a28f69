"""JSON texts → plain data, or a fault with its place."""

from __future__ import annotations

import json
from typing import Any

from ft_magics.errors import DataError

__all__ = ["loads", "one_object"]


def loads(text: str, place: str) -> Any:
    """What a JSON text holds.

    Args:
        text: The whole text, or a line.
        place: Where it stands, for messages.

    Raises:
        DataError: It is no JSON.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"column {error.colno}" if error.lineno == 1 else f"line {error.lineno}, column {error.colno}"
        raise DataError(f"{place}: this is no JSON ({error.msg} at {where})") from error
    except RecursionError as error:
        raise DataError(f"{place}: this JSON is nested too deeply to be a record") from error
    except ValueError as error:
        raise DataError(f"{place}: this JSON holds a number of over 4,300 digits; take it out") from error


def one_object(text: str) -> Any:
    """A file that is one JSON object over many lines; None where each line is a record of its own."""
    if not text.lstrip().startswith("{") or "\n" not in text.strip():
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
