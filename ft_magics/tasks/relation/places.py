"""Where an entity is said to be, in any of the usual ways → characters of the text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ft_magics.data.cells import index_of, is_list, is_missing
from ft_magics.data.faults import quoted, show
from ft_magics.data.marked import Mark
from ft_magics.data.written import read_written
from ft_magics.errors import DataError
from ft_magics.evaluation.joining import joint

__all__ = ["Place", "Text", "place_of", "places_of_words", "repairs", "text_of", "whole_number"]

_NUMBERS = re.compile(r"\s*[\[(]?\s*(\d{1,9})\s*[-,:;\s]\s*(\d{1,9})\s*[\])]?\s*")
_STARTS = ("start", "start_offset", "begin", "from", "startoffset", "beginoffset", "char_start")
_ENDS = ("end", "end_offset", "to", "stop", "endoffset", "char_end")
_TEXTS = ("text", "name", "word", "mention", "value")
_FIRST_UNSPACED = 0x0E00  # Thai; above it are most scripts without spaces, below it Latin to Indic
_SHORT = 3  # letters
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
        moved: Whether its words are elsewhere than the source says, in one place of the text, and are marked there.
        pieces: In how many pieces it stands; what is between them is marked too.
    """

    mark: Mark
    kind: str = ""
    times: int = 1
    moved: bool = False
    pieces: int = 1


def text_of(cell: Any, *, by_token: bool) -> Text:
    """A cell as a text.

    Args:
        cell: A text, or a list of tokens.
        by_token: Whether places are counted in tokens, which are what white space parts in a text.

    Raises:
        DataError: It is no text.
    """
    if is_list(cell):
        odd = next(((at, token) for at, token in enumerate(cell) if not isinstance(token, (str, int, float))), None)
        if odd is not None:
            raise DataError(f"token {odd[0]} (counted from 0) of the text is {show(odd[1])}; expected a text")
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


def place_of(name: str, given: Sequence[Any], text: Text, *, last_included: bool, start: Any = None) -> Place:
    """Where an entity is.

    Args:
        name: `e1` or `e2`, for messages.
        given: Its start and end; or one thing: both in a list or a text, a record with them, or its words.
        text: Of the example.
        last_included: Whether the end is the last character or token.
        start: Where its words begin, where a cell beside them says that.

    Raises:
        DataError: It is not said, or is none in this text.
    """
    cell: Any = None
    if len(given) == 2:
        ends, kind = _two(given), ""
    elif (begin := whole_number(start)) is not None and isinstance(given[0], str) and (words := given[0].strip()):
        ends, kind = (begin, begin + (len(words.split()) if text.tokens else len(words)) - last_included), ""
        cell = {"text": words}
    else:
        cell = read_written(given[0])
        if cell is not given[0] and _ends(cell) is None and not _words(cell):
            cell = given[0]
        if not is_list(cell) and is_missing(cell):
            raise DataError(f"{name} is missing; say where the entity is, such as `[4, 9]`")
        kind = _of_record(cell, _TYPES) if isinstance(cell, Mapping) else ""
        ends = (_of_indices(cell, last_included=last_included) if text.tokens else None) or _ends(cell)
        if ends is None and (words := _words(cell)):
            return _found(name, words, text, kind)
    if ends is None:
        shown = show(list(given) if len(given) > 1 else given[0])
        raise DataError(
            f"{name} is {shown}; expected where the entity is, such as `[4, 9]` or `{{start: 4, end: 9}}`, or its words"
        )
    start, end = ends[0], ends[1] + last_included
    record = cell if len(given) == 1 and isinstance(cell, Mapping) else {}
    pieces = len(_pieces(record)) or 1
    if not text.tokens:
        return _verified(name, Place((start, end), kind, pieces=pieces), record.get("text"), text.text)
    if not 0 <= start < end <= len(text.tokens):
        raise DataError(
            f"{name} is at tokens {start} to {end}, and the text has {len(text.tokens):,} tokens; expected places "
            "within the text, counted from 0, the end not included"
        )
    mark = text.tokens[start][0], text.tokens[end - 1][1]
    return _verified(name, Place(mark, kind, pieces=pieces), record.get("text"), text.text)


def _verified(name: str, place: Place, said: Any, text: str) -> Place:
    """A place whose words are those that its source has beside it; the only other place that has them.

    Args:
        name: Of the entity, for messages.
        place: As the source says.
        said: Its words; None, or anything but a text, where the source has none.
        text: Of the example.

    Raises:
        DataError: The words are others, and not in one place of the text.
    """
    pieces = [each for each in said if isinstance(each, str)] if is_list(said) else [said]
    words = " ".join(each for each in pieces if isinstance(each, str)).strip()
    start, end = place.mark
    if not words:
        return place
    there = text[max(0, start) : max(0, end)].strip()
    wanted, found = ("".join(each.split()).casefold() for each in (words, there))
    ends = words.split()[0].casefold(), words.split()[-1].casefold()
    in_pieces = len(found) > len(wanted) and found.startswith(ends[0]) and found.endswith(ends[1])
    if wanted == found or in_pieces or place.pieces > 1:
        return place
    places = places_of_words(text, words)
    if len(places) != 1 and not 0 <= start < end <= len(text):
        return place  # which is refused for that
    if len(places) != 1:
        raise DataError(
            f"{name} is at {start} to {end}, where the text has `{quoted(there)}`, and its words `{quoted(words)}` are "
            f"{f'in {len(places)} places' if places else 'not'} in the text; correct its offsets"
        )
    return Place(places[0], place.kind, moved=True)


def repairs(moved: int, pieces: int) -> list[str]:
    """What was mended and chosen, in sentences.

    Args:
        moved: How many entities were.
        pieces: How many stand in pieces.
    """
    said = []
    if moved:
        said.append(f"{moved:,} entities are not where their offsets say, and are marked where alone their words are")
    if pieces:
        said.append(f"{pieces:,} entities stand in several pieces, and what is between them is marked too")
    return said


def places_of_words(text: str, words: str, *, any_case: bool = False) -> list[Mark]:
    """Where words are in a text: as whole words, where they are so anywhere.

    Args:
        text: Of the example.
        words: Of the entity.
        any_case: Whether letters of another case will do where there are none of this one. Short words such as `IT`
            would be found in others that mean something else.
    """
    marks = [(found.start(), found.end()) for found in re.finditer(re.escape(words), text)] if words else []
    if any_case and len(words) > _SHORT and not marks:
        marks = [(found.start(), found.end()) for found in re.finditer(re.escape(words), text, re.IGNORECASE)]
    whole = [mark for mark in marks if not _within_word(text, mark)]
    return whole or marks


def _within_word(text: str, mark: Mark) -> bool:
    """Whether a place begins or ends inside a word; ideographs and the like are words of their own."""
    start, end = mark
    return any(0 < at < len(text) and _spaced(text[at - 1]) and _spaced(text[at]) for at in (start, end))


def _spaced(letter: str) -> bool:
    """Whether it is a letter of a script that parts words by white space."""
    return letter.isalnum() and ord(letter) < _FIRST_UNSPACED


def _two(given: Sequence[Any]) -> tuple[int, int] | None:
    numbers = [whole_number(item) for item in given]
    return None if None in numbers else (numbers[0] or 0, numbers[1] or 0)


def whole_number(item: Any) -> int | None:
    """A whole number, as a table may write it; None for anything else."""
    if isinstance(item, str):
        return int(item) if item.strip().isascii() and item.strip().isdecimal() and len(item) < 10 else None
    if isinstance(item, float) and item.is_integer():
        return int(item)
    return index_of(item)


def _ends(cell: Any) -> tuple[int, int] | None:
    """Start and end in one cell; of a list of tokens, the first, and the one behind the last."""
    if isinstance(cell, Mapping):
        return _ends_of_record(cell)
    if isinstance(cell, str):
        found = _NUMBERS.fullmatch(cell)
        return (int(found[1]), int(found[2])) if found else None
    if not is_list(cell):
        return None
    items = list(cell)
    if len(items) == 3 and is_list(items[2]):  # FewRel: name, id, lists of the tokens of each mention
        return _tokens(items[2] if len(items[2]) and is_list(items[2][0]) else [items[2]])
    return _two(items) if len(items) == 2 else None


def _of_indices(cell: Any, *, last_included: bool) -> tuple[int, int] | None:
    """Start and end of the first mention of FewRel's records on the hub, whose `indices` are all tokens of each."""
    mentions = cell.get("indices") if isinstance(cell, Mapping) else None
    found = _tokens(mentions)
    if found is None or mentions is None or found[1] - found[0] != len(mentions[0]):
        return None
    return found[0], found[1] - last_included


def _tokens(mentions: Any) -> tuple[int, int] | None:
    """Start and end of the first of some mentions, each a list of all its tokens; None where it is no such list."""
    if not is_list(mentions) or not len(mentions) or not is_list(mentions[0]):
        return None
    known = [token for token in map(whole_number, mentions[0]) if token is not None]
    return (known[0], known[-1] + 1) if known and len(known) == len(mentions[0]) else None


def _ends_of_record(cell: Mapping[str, Any]) -> tuple[int, int] | None:
    """Start and end of a record; of several pieces, of all of them."""
    if pieces := _pieces(cell):
        ends = [_ends(piece) for piece in pieces]
        known = [each for each in ends if each is not None]
        return (min(known)[0], max(each[1] for each in known)) if len(known) == len(ends) else None
    if "length" in cell:
        start, length = whole_number(cell.get("offset", cell.get("start"))), whole_number(cell["length"])
        return None if start is None or length is None else (start, start + length)
    return _two([next((cell[name] for name in names if name in cell), None) for names in (_STARTS, _ENDS)])


def _pieces(cell: Mapping[str, Any]) -> list[Any]:
    """The places in one field of a record: most have one."""
    found: Any = next((cell[name] for name in ("pos", "span", "offsets", "position") if name in cell), None)
    if found is None:
        return []
    return list(found) if is_list(found) and len(found) and is_list(found[0]) else [found]


def _of_record(cell: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((str(cell[name]) for name in names if isinstance(cell.get(name), str)), "")


def _words(cell: Any) -> str:
    if isinstance(cell, Mapping):
        return _of_record(cell, _TEXTS)
    return cell.strip() if isinstance(cell, str) else ""


def _found(name: str, words: str, text: Text, kind: str) -> Place:
    """The first place of an entity's words."""
    marks = places_of_words(text.text, words, any_case=True)
    if not marks:
        raise DataError(
            f"{name} is `{quoted(words)}`, which is not in the text; expected words of the text, or where "
            "they are, such as `[4, 9]`"
        )
    return Place(marks[0], kind, len(marks))
