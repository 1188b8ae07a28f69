"""One colour for each label, the same on the saved page and in the widget.

The widget has the cycle and the order from here: see `widgets/make_wire.py`. Source of the colours: Okabe and Ito 2008.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ft_magics.sections import Grid, Section, Table

__all__ = ["CYCLE", "colors_of", "labels_of"]

CYCLE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#B9A900", "#888888")


def labels_of(sections: Sequence[Section]) -> list[str]:
    """The labels that sections speak of, in the order in which they come up: tables first name theirs."""
    tables = (cell.label for part in sections if isinstance(part, Table) for row in part.rows for cell in row.cells)
    grids = (name for part in sections if isinstance(part, Grid) for name in part.rows)
    return list(dict.fromkeys(label for label in (*tables, *grids) if label))


def colors_of(labels: Sequence[str]) -> Mapping[str, str]:
    """A colour for each label; of more than the cycle has, several share one, and their names tell them apart."""
    return {label: CYCLE[at % len(CYCLE)] for at, label in enumerate(labels)}
