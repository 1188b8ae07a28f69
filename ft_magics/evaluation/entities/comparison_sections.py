"""`Comparison` → sections: differences with their significance, and the sentences that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ft_magics.evaluation.cells import p_cell, signed_cell, signed_interval_text
from ft_magics.evaluation.entities.cards import sentence_card
from ft_magics.evaluation.score_tables import count_cell, share_cell
from ft_magics.sections import Cell, Examples, Row, Section, Table

if TYPE_CHECKING:
    from ft_magics.evaluation.entities.comparison import Comparison, Contrast, TypeContrast

__all__ = ["comparison_sections"]

_SIDES = {"gained": "Sentences with fewer mistakes", "lost": "Sentences with more mistakes"}
_OPEN_SYSTEMS = 3  # of more, the first table alone stands open


def comparison_sections(comparison: Comparison) -> list[Section]:
    """All systems at a glance, then each against the baseline."""
    parts: list[Section] = [_overview(comparison)]
    for at, item in enumerate(comparison.others):
        open_ = len(comparison.others) <= _OPEN_SYSTEMS
        parts += [_system(item, open_=open_), *_changed(comparison, at, item)]
    return parts


def _overview(comparison: Comparison) -> Table:
    baseline = Row(cells=[Cell(text=comparison.baseline), share_cell(comparison.baseline_f1), *[Cell(text="")] * 5])
    rows = [
        Row(
            cells=[
                Cell(text=item.title),
                share_cell(item.overall.f1),
                *_difference(item.overall),
                count_cell(len(item.gained), {"other": str(at), "side": "gained"}),
                count_cell(len(item.lost), {"other": str(at), "side": "lost"}),
            ]
        )
        for at, item in enumerate(comparison.others)
    ]
    return Table(
        title="Systems",
        columns=("system", "micro F1", "difference", "95 %", "p", "sentences gained", "sentences lost"),
        rows=[baseline, *rows],
        note=f"paired bootstrap, {comparison.resamples} resamples; *: p < 0.05",
    )


def _difference(line: TypeContrast) -> list[Cell]:
    ends = line.interval
    low = None if ends is None else ends[0]
    return [signed_cell(line.difference), Cell(text=signed_interval_text(ends), value=low), p_cell(line.p)]


def _system(item: Contrast, *, open_: bool) -> Table:
    return Table(
        title=item.title,
        columns=("entity type", "baseline F1", "F1", "difference", "95 %", "p", "support"),
        rows=[
            *(_line(line, label=line.type) for line in item.per_type),
            _line(item.overall, strong=True),
            _line(item.macro, strong=True),
        ],
        open=open_,
    )


def _line(line: TypeContrast, *, label: str = "", strong: bool = False) -> Row:
    shares = share_cell(line.baseline_f1), share_cell(line.f1)
    cells = [Cell(text=line.type, label=label), *shares, *_difference(line), count_cell(line.support)]
    return Row(cells=cells, strong=strong)


def _changed(comparison: Comparison, at: int, item: Contrast) -> list[Section]:
    """The sentences that changed; some are sent along, of the others the kernel has them."""
    parts: list[Section] = []
    for side, title in _SIDES.items():
        found = comparison.some_sentences(at, side)
        total = len(getattr(item, side))
        cards = [sentence_card(sentence, comparison.baseline, item.title) for sentence in found]
        if total:
            where = {"other": str(at), "side": side}
            parts.append(Examples(title=f"{title} in {item.title}", cards=cards, total=total, filter=where))
    return parts
