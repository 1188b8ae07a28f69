"""Where an entity is said to be, in any of the usual ways → characters of the text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ft_magics.data.cells import index_of, is_list, is_missing
from ft_magics.data.faults import quoted, show
from ft_magics.data.marked import Mark
from ft_magics.errors import DataError
from ft_magics.evaluation.joining import joint

__all__ = ["Place", "Text", "place_of", "text_of"]

_NUMBERS = re.compile(r"\s*[\[(]?\s*(\d{1,9})\s*[-,:;\s]\s*(\d{1,9})\s*[\])]?\s*")
_STARTS = ("start", "start_offset", "begin", "from", "startoffset", "beginoffset", "char_start")
_ENDS = ("end", "end_offset", "to", "stop", "endoffset", "char_end")
_TEXTS = ("text", "name", "word", "mention", "value")
_TYPES = ("type", "label", "ner", "entity_type", "category")


@dataclass(frozen=True, slots=True)
class Text:
    """A text, and where its tokens are.

    Args:
        text: As it stands, or its tokens in one.
        tokens: Start and end of each in the text; empty where places are counted in characters.
    """

    text: str
    tokens: Sequence[Mark] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entity is.

    Args:
        mark: In characters, end not included.
        kind: The entity's type; empty where it is not known.
        times: How often its words are in the text, where they alone say where it is; else 1.
    """

    mark: Mark
    kind: str = ""
    times: int = 1


def text_of(cell: Any, *, by_token: bool) -> Text:
    """A cell as a text.

    Args:
        cell: A text, or a list of tokens.
        by_token: Whether places are counted in tokens, which are what white space parts in a text.

    Raises:
        DataError: It is no text.
    """
    if is_list(cell):
        tokens = [str(token) for token in cell]
        if not any(tokens):
            raise DataError("the text is missing")
        return _joined(tokens)
    if is_missing(cell) or (isinstance(cell, str) and not cell.strip()):
        raise DataError("the text is missing")
    if not isinstance(cell, str):
        raise DataError(f"the text must be a text or a list of tokens, found {show(cell)}")
    return Text(cell, [found.span() for found in re.finditer(r"\S+", cell)] if by_token else ())


def _joined(tokens: Sequence[str]) -> Text:
    text, marks = "", []
    for at, token in enumerate(tokens):
        text += joint(tokens[at - 1], token, spaces=True) if at else ""
        marks.append((len(text), len(text) + len(token)))
        text += token
    return Text(text, marks)


def place_of(name: str, given: Sequence[Any], text: Text, *, last_included: bool) -> Place:
    """Where an entity is.

    Args:
        name: `e1` or `e2`, for messages.
        given: Its start and end; or one thing: both in a list or a text, a record with them, or its words.
        text: Of the example.
        last_included: Whether the end is the last character or token.

    Raises:
        DataError: It is not said, or is none in this text.
    """
    if len(given) == 2:
        ends, kind = _two(given), ""
    else:
        (cell,) = given
        cell = _parsed(cell)
        if is_missing(cell):
            raise DataError(f"{name} is missing; say where the entity is, such as `[4, 9]`")
        kind = _of_record(cell, _TYPES) if isinstance(cell, Mapping) else ""
        ends = _ends(cell)
        if ends is None and (words := _words(cell)):
            return _found(name, words, text, kind)
    if ends is None:
        shown = show(list(given) if len(given) > 1 else given[0])
        raise DataError(
            f"{name} is {shown}; expected where the entity is, such as `[4, 9]` or `{{start: 4, end: 9}}`, or its words"
        )
    start, end = ends[0], ends[1] + last_included
    if not text.tokens:
        return Place((start, end), kind)
    if not 0 <= start < end <= len(text.tokens):
        raise DataError(
            f"{name} is at tokens {start} to {end}, and the text has {len(text.tokens):,} tokens; expected places "
            "within the text, counted from 0, the end not included"
        )
    return Place((text.tokens[start][0], text.tokens[end - 1][1]), kind)


def _parsed(cell: Any) -> Any:
    """A list or a record that is written as a text."""
    if isinstance(cell, str) and cell.strip()[:1] in ("[", "{"):
        try:
            return json.loads(cell)
        except (ValueError, RecursionError):
            return cell
    return cell


def _two(given: Sequence[Any]) -> tuple[int, int] | None:
    numbers = [_number(item) for item in given]
    return None if None in numbers else (numbers[0] or 0, numbers[1] or 0)


def _number(item: Any) -> int | None:
    if isinstance(item, str):
        return int(item) if item.strip().isascii() and item.strip().isdecimal() and len(item) < 10 else None
    if isinstance(item, float) and item.is_integer():
        return int(item)
    return index_of(item)


def _ends(cell: Any) -> tuple[int, int] | None:
    """Start and end in one cell; of a list of tokens, the first, and the one behind the last."""
    if isinstance(cell, Mapping):
        inner = next((cell[name] for name in ("pos", "span", "offsets", "position") if name in cell), None)
        if inner is not None:
            return _ends(inner)
        sides = [next((cell[name] for name in names if name in cell), None) for names in (_STARTS, _ENDS)]
        return _two(sides)
    if isinstance(cell, str):
        found = _NUMBERS.fullmatch(cell)
        return (int(found[1]), int(found[2])) if found else None
    if not is_list(cell):
        return None
    items = list(cell)
    if len(items) == 3 and is_list(items[2]):  # FewRel: name, id, lists of the tokens of each mention
        tokens = [_number(item) for item in (items[2][0] if items[2] and is_list(items[2][0]) else items[2])]
        known = [token for token in tokens if token is not None]
        return (known[0], known[-1] + 1) if known and len(known) == len(tokens) else None
    return _two(items) if len(items) == 2 else None


def _of_record(cell: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((str(cell[name]) for name in names if isinstance(cell.get(name), str)), "")


def _words(cell: Any) -> str:
    if isinstance(cell, Mapping):
        return _of_record(cell, _TEXTS)
    return cell.strip() if isinstance(cell, str) else ""


def _found(name: str, words: str, text: Text, kind: str) -> Place:
    """The first place of an entity's words."""
    start = text.text.find(words)
    if start < 0:
        raise DataError(
            f"{name} is `{quoted(words)}`, which is not in the text; expected words of the text, or where "
            "they are, such as `[4, 9]`"
        )
    return Place((start, start + len(words)), kind, text.text.count(words))
