"""Where the names of dots stand in a chart, so that none lies on another, on a dot, or outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["LINE_HEIGHT", "Box", "Place", "place_names", "shortened", "width_of"]

_NARROW, _WIDE = 6.3, 11.5  # pixels of a letter, at 11 pixels of height; CJK is wide
_FIRST_WIDE = 0x2E80
_MOST_LETTERS = 24
_UP, LINE_HEIGHT = 9.0, 13.0  # of a text above its base line, and in all
_GAP = 5.0
_RINGS = 12  # lines of text that a name may be moved away from its dot

Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name stands; `far` from its dot a line leads to it, which ends in (`x`, `y` of the text's middle)."""

    x: float
    y: float
    anchor: Literal["start", "middle", "end"]
    far: bool = False


def shortened(name: str) -> str:
    """A name that fits into a chart."""
    return name if len(name) <= _MOST_LETTERS else f"{name[: _MOST_LETTERS - 1]}…"


def width_of(text: str) -> float:
    """About how many pixels a text takes."""
    return sum(_WIDE if ord(letter) >= _FIRST_WIDE else _NARROW for letter in text)


def place_names(
    dots: Sequence[tuple[float, float]], names: Sequence[str], inside: Box, taken: Sequence[Box] = ()
) -> list[Place | None]:
    """A place for each name beside its dot, or else at the end of a short line.

    Args:
        dots: Centres. Length N.
        names: Shown as they are. Length N.
        inside: Where names may stand.
        taken: What they may not lie on, beside the dots.

    Returns:
        A place for each, in the order of the dots; None where there is no room. Length N.
    """
    boxes = [*taken, *((x - 3.5, y - 3.5, x + 3.5, y + 3.5) for x, y in dots)]
    found: list[Place | None] = [None] * len(dots)
    for at in sorted(range(len(dots)), key=lambda index: (dots[index][1], -dots[index][0])):
        wide = width_of(names[at])
        for place in _candidates(*dots[at]):
            box = _box(place, wide)
            if _is_within(box, inside) and not any(_overlap(box, other) for other in boxes):
                found[at] = place
                boxes.append(box)
                break
    return found


def _candidates(x: float, y: float) -> Iterator[Place]:
    """Right, left, above, below; then further and further away."""
    middle = y + _UP / 2 - 0.5
    yield Place(x + _GAP, middle, "start")
    yield Place(x - _GAP, middle, "end")
    yield Place(x, y - _GAP - 1, "middle")
    yield Place(x, y + _GAP + _UP, "middle")
    for ring in range(1, _RINGS + 1):
        for way in (-1, 1):
            moved = middle + way * ring * LINE_HEIGHT * 0.75
            aside = _GAP + 4 * min(ring, 4)
            yield Place(x + aside, moved, "start", far=ring > 1)
            yield Place(x - aside, moved, "end", far=ring > 1)


def _box(place: Place, wide: float) -> Box:
    left = place.x - {"start": 0.0, "middle": wide / 2, "end": wide}[place.anchor]
    return left - 1, place.y - _UP, left + wide + 1, place.y - _UP + LINE_HEIGHT


def _is_within(box: Box, inside: Box) -> bool:
    return box[0] >= inside[0] and box[1] >= inside[1] and box[2] <= inside[2] and box[3] <= inside[3]


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
