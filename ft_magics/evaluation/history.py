"""Dev scores on the way through a training, whatever the task measures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ft_magics.errors import DataError
from ft_magics.evaluation.beside import as_list, is_number, shown
from ft_magics.markup import decimal, percent
from ft_magics.metrics import Metric
from ft_magics.sections import Cell, Chart, Row, Section, Series, Table

__all__ = ["history_sections", "read_epochs"]


def read_epochs(value: Any) -> list[dict[str, Any]]:
    """Entries of `epoch` and any number of scores, each a number or None; scores may stand under `metrics`.

    Entries with a `step` too are of evaluations every so many steps, and are named by it.

    A NaN or infinite score becomes None, which JSON can write.

    Raises:
        DataError: An entry is something else; the message names it.
    """
    found: list[dict[str, Any]] = []
    for at, entry in enumerate(as_list(value, "history", "dicts, one per evaluation")):
        place = f"history, entry {at} (counted from 0)"
        if not isinstance(entry, Mapping):
            raise DataError(f"{place}: found {shown(entry)}, expected a dict")
        within = entry.get("metrics")
        inner = within if isinstance(within, Mapping) else {}
        flat = {**{name: score for name, score in entry.items() if name != "metrics"}, **inner}
        kept = {str(name): score for name, score in flat.items() if not isinstance(score, (Mapping, list, tuple, str))}
        odd = next((name for name, score in kept.items() if not is_number(score)), None)
        if odd is not None or kept.get("epoch") is None:
            odd = odd or "epoch"
            raise DataError(f"{place}: `{odd}` is {shown(kept.get(odd))}, expected a number")
        found.append({name: _finite(score) if isinstance(score, float) else score for name, score in kept.items()})
    return found


def history_sections(history: Sequence[Mapping[str, Any]], metrics: Mapping[str, Metric]) -> list[Section]:
    """A table and a chart; nothing for a single evaluation, which is no curve.

    Args:
        history: What `read_epochs` gave.
        metrics: By name; scores of other names are shown as plain numbers.
    """
    if len(history) < 2:
        return []
    names = list(dict.fromkeys(name for entry in history for name in entry if name not in ("epoch", "step")))
    shares = [name for name in names if name in metrics and metrics[name].unit == "share"]
    unit = "step" if all(entry.get("step") is not None for entry in history) else "epoch"
    places = [float(entry[unit]) for entry in history]
    rows = [
        Row(
            cells=[
                Cell(text=f"{place:,.0f}" if unit == "step" else decimal(place), value=place),
                *(_cell(entry.get(name), is_share=name in shares) for name in names),
            ]
        )
        for place, entry in zip(places, history, strict=True)
    ]
    title = "Dev scores every so many steps" if unit == "step" else "Dev scores per epoch"
    columns = [unit, *(metrics[name].label if name in metrics else _said(name) for name in names)]
    parts: list[Section] = [Table(title=title, columns=columns, rows=rows, open=False)]
    drawn = shares or [name for name in names if name in metrics]
    if drawn:
        series = [
            Series(
                name=metrics[name].label,
                x=places,
                y=[_drawn(entry.get(name), is_share=name in shares) for entry in history],
            )
            for name in drawn
        ]
        parts.append(
            Chart(
                title=f"Dev scores over {unit}s",
                x_label=unit,
                y_label="score",
                series=series,
            )
        )
    return parts


def _said(name: str) -> str:
    return "dev loss" if name == "loss" else name.replace("_", " ")


def _drawn(value: float | None, *, is_share: bool) -> float | None:
    return 100 * value if is_share and value is not None else value


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _cell(value: float | None, *, is_share: bool) -> Cell:
    text = percent(value) if is_share or value is None else f"{value:#.4g}"
    return Cell(text=text, value=value)
