"""Writes `src/wire.ts`: what Python sends to the widgets, as TypeScript types, from the dataclasses themselves.

Run `python widgets/make_wire.py` when `ft_magics/sections.py`, `ft_magics/display/wire.py` or
`ft_magics/display/run_wire.py` has changed.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ft_magics import sections
from ft_magics.display import run_chart, run_wire
from ft_magics.display.wire import ReportWire
from ft_magics.evaluation import card_shown, drawing, grid_shape, label_colors, report, report_page, sentence_pieces

TARGET = Path(__file__).parent / "src" / "wire.ts"
RUN_TARGET = TARGET.with_name("run_wire.ts")
HEAD = """\
/** What the kernel sends, generated from the Python dataclasses by `python widgets/make_wire.py`. Do not edit. */
"""
_NAMED = (
    *(sentence_pieces.Cover, sentence_pieces.Tag, sentence_pieces.Piece, sentence_pieces.Sentence),
    *(card_shown.Side, card_shown.Arrow, card_shown.ShownScore, card_shown.ShownText, card_shown.ShownCard),
    *(sections.Cell, sections.Row, drawing.Rule, drawing.DrawnText, drawing.DrawnSeries, drawing.Drawing),
    *(grid_shape.GridShape, report.Figure),
)
_SECTIONS = (sections.Table, sections.Grid, sections.Chart, sections.Examples, sections.Lines)
_CHART = ("kind", "title", "note", "open")  # what is sent of a chart; its drawing stands beside it
_PLAIN: Mapping[Any, str] = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def wire() -> str:
    """The whole file."""
    parts = [HEAD, "export type Filter = Readonly<Record<string, unknown>>;\n"]
    parts += [_interface(each) for each in (*_NAMED, *_SECTIONS)]
    parts.append(f"export type Section = {' | '.join(each.__name__ for each in _SECTIONS)};\n")
    parts += [_interface(report_page.ReportPage), _interface(ReportWire)]
    inks = _table(label_colors.INKS)
    parts.append(f"/** Of text on the colour of a label. */\nexport const INKS: Record<string, string> = {inks};\n")
    return "\n".join(parts)


def run_page_wire() -> str:
    """The file about the page of a run."""
    named = (run_wire.Figure, run_wire.DevRow, run_wire.DevTable, run_wire.LabelRow, run_wire.LabelTable)
    parts = [HEAD, f"export type State = {' | '.join(map(json.dumps, get_args(run_wire.State)))};\n"]
    parts += [
        _interface(each)
        for each in (
            *named,
            card_shown.ShownText,
            run_wire.Curve,
            run_wire.Key,
            run_wire.RunChart,
            run_wire.Told,
            run_wire.RunPage,
        )
    ]
    constants = {"TRAIN_LOSS": run_chart.TRAIN_LOSS, "SMOOTHING": run_chart.SMOOTHING}
    parts += [f"export const {name} = {json.dumps(value)};" for name, value in constants.items()]
    return "\n".join([*parts, ""])


def _table(values: Mapping[str, str]) -> str:
    return "\n".join(["{", *(f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in values.items()), "}"])


def _interface(cls: Any) -> str:
    about = (cls.__doc__ or "").splitlines()[0]
    lines = [f"  readonly {name}: {kind};" for name, kind in _members(cls)]
    return "\n".join([f"/** {about} */", f"export interface {cls.__name__} {{", *lines, "}", ""])


def _members(cls: Any) -> list[tuple[str, str]]:
    """Names and types of what is sent of a dataclass."""
    hints = get_type_hints(cls)
    sent = [item.name for item in fields(cls) if cls is not sections.Chart or item.name in _CHART]
    return [(name, _type(hints[name])) for name in sent]


def _type(hint: Any) -> str:
    if hint in _PLAIN:
        return _PLAIN[hint]
    if hint == sections.Filter:
        return "Filter"
    origin = get_origin(hint)
    if origin is not None:
        return _ORIGINS[origin](get_args(hint))
    if hint is sections.Card:
        return card_shown.ShownCard.__name__
    if isinstance(hint, type):
        return hint.__name__
    raise TypeError(f"no TypeScript for {hint!r}")


def _union(inside: Sequence[Any]) -> str:
    return " | ".join(map(_type, inside))


def _list(inside: Sequence[Any]) -> str:
    name = _type(inside[0])
    listed = f"({name})" if "|" in name or name.startswith("readonly ") else name
    return f"readonly {listed}[]"


_ORIGINS: Mapping[Any, Callable[[Any], str]] = {
    Literal: lambda inside: " | ".join(map(json.dumps, inside)),
    Union: _union,
    types.UnionType: _union,
    tuple: lambda inside: f"readonly [{', '.join(map(_type, inside))}]",
    Sequence: _list,
    Mapping: lambda inside: f"Readonly<Record<{_type(inside[0])}, {_type(inside[1])}>>",
}


if __name__ == "__main__":
    TARGET.write_text(wire(), encoding="utf-8")
    RUN_TARGET.write_text(run_page_wire(), encoding="utf-8")
