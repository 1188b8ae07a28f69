"""Texts in which two entities are marked, and how a marked text is written: `<e1>…</e1>` and `<e2>…</e2>`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ft_magics.errors import DataError

__all__ = ["TAGS", "Mark", "MarkedText", "check_mark", "check_marks", "parse_tags"]

Mark = tuple[int, int]  # character offsets, end not included

TAGS = re.compile(r"<(/?)(e[12])>", re.IGNORECASE)
_NAMES = ("e1", "e2")


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A text with two entities.

    Args:
        text: Without tags.
        e1: Where the first entity is, in characters, end not included. It may stand behind the second.
        e2: Where the second is.
        label: The relation, such as `Cause-Effect(e1,e2)`; None without gold.
        types: Of both entities, such as `PERSON`; empty texts where they are not known.
        id: Where it stands, such as `train.jsonl, line 12`.
    """

    text: str
    e1: Mark
    e2: Mark
    label: str | None = None
    types: tuple[str, str] = ("", "")
    id: str = ""

    @property
    def entities(self) -> tuple[str, str]:
        """The words of both."""
        return self.text[slice(*self.e1)], self.text[slice(*self.e2)]


def parse_tags(marked: str) -> tuple[str, Mark, Mark]:
    """The text of one with tags, such as `The <e1>audits</e1> were about <e2>waste</e2>`, and where its entities are.

    Raises:
        DataError: A tag is missing, stands twice, or within the other entity.
    """
    places: dict[str, int] = {}
    text, at = "", 0
    for found in TAGS.finditer(marked):
        closing, name = bool(found[1]), found[2].lower()
        key = f"</{name}>" if closing else f"<{name}>"
        text += marked[at : found.start()]
        at = found.end()
        if key in places:
            raise DataError(f"the tag `{key}` stands there twice; mark one entity with `<e1>` and one with `<e2>`")
        places[key] = len(text)
    text += marked[at:]
    missing = [key for name in _NAMES for key in (f"<{name}>", f"</{name}>") if key not in places]
    if missing:
        raise DataError(
            f"the tag `{missing[0]}` is missing; mark both entities: `<e1>…</e1>` and `<e2>…</e2>`"
            if len(missing) < 4
            else "no entity is marked; mark both: `<e1>…</e1>` and `<e2>…</e2>`"
        )
    first, second = (_trimmed(text, name, places[f"<{name}>"], places[f"</{name}>"]) for name in _NAMES)
    return text, first, second


def _trimmed(text: str, name: str, start: int, end: int) -> Mark:
    """A mark without the white space at its ends."""
    if end < start:
        raise DataError(f"the tag `</{name}>` stands before `<{name}>`; mark an entity with `<{name}>…</{name}>`")
    inner = text[start:end]
    begin = start + len(inner) - len(inner.lstrip())
    return begin, max(begin, start + len(inner.rstrip()))


def check_mark(text: str, name: str, mark: Mark) -> str:
    """What is wrong with one mark, in a sentence; empty for nothing."""
    start, end = mark
    if not 0 <= start <= end <= len(text):
        return (
            f"{name} is at {start} to {end}, and the text has {len(text):,} characters; expected offsets within the "
            "text, the end not included"
        )
    if not text[start:end].strip():
        return f"{name} is at {start} to {end}, where there is no word; expected the place of an entity"
    return ""


def check_marks(text: str, e1: Mark, e2: Mark) -> str:
    """What is wrong with two marks, in a sentence; empty for nothing."""
    if wrong := check_mark(text, "e1", e1) or check_mark(text, "e2", e2):
        return wrong
    if max(e1[0], e2[0]) < min(e1[1], e2[1]):
        return (
            f"the two marked entities overlap (e1 at {e1[0]} to {e1[1]}, e2 at {e2[0]} to {e2[1]}); mark two that "
            "stand apart"
        )
    return ""
