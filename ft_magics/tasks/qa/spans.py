"""Where an answer is in its context: what a file says is checked, and mended where there is but one way to."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from ft_magics.evaluation.answers.answered import Gold, at_borders

__all__ = ["Found", "locate"]

_MOST_PLACES = 1000  # of a text in its context that are counted


@dataclass(frozen=True, slots=True)
class Found:
    """What became of an answer.

    Args:
        gold: With its place; without one where it has none.
        how: Empty where it stands as it was said; `moved` to the only place that has it; `respelled`: at that place,
            but for letter case or the form of its letters; `first`: no place was said, and of several the first was
            taken; `absent`: nowhere; `unclear`: not where it was said, and in several places.
        places: How many places have it.
    """

    gold: Gold
    how: str
    places: int = 1


def locate(context: str, text: str, start: int | None) -> Found:
    """The place of an answer.

    Args:
        context: Where it should be.
        text: Of the answer, not empty.
        start: Its first character there, as the data say; None where they do not.
    """
    bare = text.strip() or text
    said = None if start is None else start + text.index(bare)
    if said is not None and said >= 0 and context.startswith(bare, said):
        return Found(Gold(text, said, said + len(bare)), "")
    respelled = _respelled(context, bare) if said is not None and said >= 0 else []
    here = next((span for span in respelled if span[0] == said), None)
    if here is not None:
        return Found(Gold(text, *here), "respelled")
    exact = [(at, at + len(bare)) for at in _places(context, bare)]
    if exact:
        if len(exact) == 1 or start is None:
            how = "first" if len(exact) > 1 else "moved" if start is not None else ""
            return Found(Gold(text, *exact[0]), how, len(exact))
        return Found(Gold(text), "unclear", len(exact))
    respelled = respelled or _respelled(context, bare)
    if len(respelled) == 1:
        return Found(Gold(text, *respelled[0]), "respelled")
    return Found(Gold(text), "unclear" if respelled else "absent", len(respelled))


def _places(context: str, text: str) -> list[int]:
    found: list[int] = []
    at = context.find(text)
    while at >= 0 and len(found) < _MOST_PLACES:
        found.append(at)
        at = context.find(text, at + 1)
    return found


def _respelled(context: str, text: str) -> list[tuple[int, int]]:
    """Where a text is but for letter case, white space and the form of its letters (Unicode's NFKD)."""
    wanted, _ = _folded(text)
    folded, places = _folded(context)
    found = []
    for at in _places(folded, wanted) if wanted else []:
        start, last = places[at], places[at + len(wanted) - 1]
        found.append(at_borders(context, start, last + 1))
    return list(dict.fromkeys(found))


@lru_cache(maxsize=64)
def _folded(text: str) -> tuple[str, list[int]]:
    """A text in its plainest form, and which character of it each of that form is of."""
    letters: list[str] = []
    places: list[int] = []
    for at, letter in enumerate(text):
        plain = " " if letter.isspace() else unicodedata.normalize("NFKD", letter).casefold()
        letters.append(plain)
        places += [at] * len(plain)
    return "".join(letters), places
