"""One colour for each label, wherever it comes up: scores, grids, examples, predictions, a run's scores by label.

Both sides have the colours from here: saved pages write them down, widgets get them with their data.

Source of the hues: Okabe and Ito 2008, black left out; of the contrast: WCAG 2.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ft_magics.sections import Grid, Section, Table

__all__ = ["CYCLE", "GREY", "INKS", "TINT", "colors_of", "contrast", "labels_of", "named_by", "tint_of"]

_HUES = ("#0072B2", "#D55E00", "#009E73", "#56B4E9", "#E69F00", "#CC79A7", "#F0E442")  # neighbours far apart
_LIGHTER, _DARKER = 0.5, 0.45  # how far the second and the third round go towards white and towards black
TINT = 0.25  # opacity of a colour behind text: light and dark grounds keep their own text readable


_TAG = re.compile(r"^[BI]-")


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _towards(color: str, end: int, share: float) -> str:
    return "#" + "".join(f"{round(value + (end - value) * share):02X}" for value in _channels(color))


def _luminance(color: str) -> float:
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in _shares(color)]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _shares(color: str) -> list[float]:
    return [value / 255 for value in _channels(color)]


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21.

    Args:
        one: Such as `#0072B2`.
        other: The same.
    """
    dark, light = sorted(map(_luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


CYCLE = (
    *_HUES,
    *(_towards(color, 255, _LIGHTER) for color in _HUES),
    *(_towards(color, 0, _DARKER) for color in _HUES),
)


GREY = "#888888"  # of what has no label

# Of text on a colour: black or white, whichever is read better.
INKS = {
    fill: "#000000" if contrast("#000000", fill) > contrast("#FFFFFF", fill) else "#FFFFFF" for fill in (*CYCLE, GREY)
}


def tint_of(fill: str) -> str:
    """A colour for behind a text that keeps the host's own."""
    return f"rgba({','.join(map(str, _channels(fill)))},{TINT})"


def labels_of(sections: Sequence[Section]) -> list[str]:
    """The labels that tables name, or without any the rows of grids, in the order in which they come up."""
    tables = (cell.label for part in sections if isinstance(part, Table) for row in part.rows for cell in row.cells)
    grids = (name for part in sections if isinstance(part, Grid) for name in part.rows)
    return list(dict.fromkeys(filter(None, tables))) or list(dict.fromkeys(grids))


def named_by(labels: Sequence[str]) -> tuple[str, ...]:
    """What a model's labels name: of tags such as `B-PER` their types, else the labels."""
    return tuple(dict.fromkeys(_TAG.sub("", label) for label in labels)) if "O" in labels else tuple(labels)


def colors_of(labels: Iterable[str], model: Iterable[str] = ()) -> dict[str, str]:
    """A colour for each label, such as `#0072B2`, by its place in the alphabet, whatever order a page has.

    Of more labels than the cycle has, several share a colour, and their names tell them apart. Text on a colour is in
    that of `INKS`.

    Args:
        labels: That the page shows.
        model: That the model knows. They come first, so that a label has one colour on every page of a run, whichever
            labels a split has or lacks.
    """
    first = set(model) - {"O"}
    order = [*sorted(first), *sorted(set(labels) - first)]
    return {label: CYCLE[at % len(CYCLE)] for at, label in enumerate(order)}
