"""Examples as a table that a person takes along: CSV for a spreadsheet, JSON lines or a DataFrame for a program.

Made of the cards that a report shows, so that every kind of report has it, one of another package too.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from ft_magics.errors import DataError
from ft_magics.evaluation.joining import join_words
from ft_magics.evaluation.report import Evidence, Report
from ft_magics.sections import Card, Examples

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ENCODING", "ExampleRows", "errors_of", "file_name", "predictions_of", "rows_of"]

ENCODING = "utf-8-sig"  # Excel takes a file without the mark for the system's old encoding, and Chinese for noise
_FORMULA = re.compile(r"[=+\-@\t\r\uFF0B\uFF0D\uFF1D\uFF20]")  # full-width signs begin one too
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_AT_ONCE = 200  # the most that a page has

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, repr=False)
class ExampleRows(Sequence[Row]):
    """Examples, a dict each.

    A dict has `row` (where the example stands, such as `test.csv, line 12`), `outcome`, `text`, `gold`, `predicted`,
    `confidence`, and what else its kind has.

    Args:
        rows: In order.
    """

    rows: tuple[Row, ...]

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> ExampleRows: ...
    def __getitem__(self, at: int | slice) -> Row | ExampleRows:
        """A row, or some of them."""
        return ExampleRows(self.rows[at]) if isinstance(at, slice) else self.rows[at]

    def __repr__(self) -> str:
        return f"<{len(self):,} examples with {', '.join(self.columns)}: .to_pandas(), .to_csv(path), .to_jsonl(path)>"

    @property
    def columns(self) -> list[str]:
        """Their names, in the order in which they come up."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def to_pandas(self) -> pd.DataFrame:
        """A row per example."""
        import pandas as pd  # noqa: PLC0415  # a kernel that only trains need not wait for it

        return pd.DataFrame(list(self.rows), columns=self.columns)

    @overload
    def to_csv(self, path: None = None) -> str: ...
    @overload
    def to_csv(self, path: str | Path) -> None: ...
    def to_csv(self, path: str | Path | None = None) -> str | None:
        """The rows as CSV (RFC 4180), in UTF-8 with a mark that Excel knows it by.

        A cell that a spreadsheet would run as a formula begins with an apostrophe, which makes it a text there; JSON
        lines and DataFrames have every text as it is.

        Args:
            path: Where to write them; None to have the text.

        Returns:
            The text, without the mark; None where it was written, so that a cell does not show all of it.

        Source: OWASP, CSV Injection.
        """
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        names = self.columns
        writer.writerow(names)
        writer.writerows([_cell(row.get(name)) for name in names] for row in self.rows)
        return _written(out.getvalue(), path, ENCODING)

    @overload
    def to_jsonl(self, path: None = None) -> str: ...
    @overload
    def to_jsonl(self, path: str | Path) -> None: ...
    def to_jsonl(self, path: str | Path | None = None) -> str | None:
        """The rows as JSON, a line each, in UTF-8.

        Args:
            path: Where to write them, and None is returned; without one, the text.
        """
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in self.rows)
        return _written("".join(lines), path, "utf-8")


def _written(text: str, path: str | Path | None, encoding: str) -> str | None:
    """A text that any encoding takes, and in a file where one is named."""
    text = text.encode("utf-8", errors="replace").decode("utf-8")  # a half of a surrogate pair is no character
    if path is None:
        return text
    Path(path).write_text(text, encoding=encoding, newline="")
    return None


def _cell(value: Any) -> Any:
    """A value as a spreadsheet takes it and does nothing with it."""
    if not isinstance(value, str):
        return "" if value is None else value
    harmless = not _FORMULA.match(value.lstrip(" ")) or _NUMBER.fullmatch(value)
    return value if harmless else f"'{value}"


def file_name(title: str, suffix: str) -> str:
    """A name for a file of examples that every system takes, such as `intents_test.csv` for `intents · test`."""
    plain = re.sub(r"[^\w-]+", "_", title).strip("_")
    return f"{plain[:80] or 'examples'}.{suffix}"


def errors_of(report: Report) -> ExampleRows:
    """Every mistake of a report.

    Raises:
        DataError: It was read from a file, which keeps no examples.
    """
    first = next((part for part in report.sections() if isinstance(part, Examples)), None)
    return ExampleRows(()) if first is None else rows_of(_evidence(report), {"filter": first.filter})


def predictions_of(report: Report) -> ExampleRows:
    """Every example of a report, right or wrong.

    Raises:
        DataError: It was read from a file, which keeps no examples.
    """
    return rows_of(_evidence(report), {})


def _evidence(report: Report) -> Evidence:
    if report.evidence is None:
        raise DataError(
            f"the report of {report.title} was read from a file, which keeps no examples; ask the run for it "
            "(`NAME.report()`), or read predictions.<split>.jsonl in the run's folder"
        )
    return report.evidence


def rows_of(evidence: Evidence, request: Mapping[str, Any], *, most: int | None = None) -> ExampleRows:
    """The examples that a request finds.

    Args:
        evidence: Whatever answers for pages.
        request: `filter` and `sort`, as `Evidence.page` takes them.
        most: How many may be found; None for any number.

    Raises:
        DataError: It finds more than `most`.
    """
    total = int(evidence.page({**request, "offset": 0, "limit": 0})["total"])
    if most is not None and total > most:
        raise DataError(f"{total:,} examples are more than the {most:,} that a page can save")
    return ExampleRows(tuple(_row(card) for card in _cards(evidence, request, total)))


def _cards(evidence: Evidence, request: Mapping[str, Any], total: int) -> Iterator[Card]:
    for offset in range(0, total, _AT_ONCE):
        cards: Iterable[Any] = evidence.page({**request, "offset": offset, "limit": _AT_ONCE})["cards"]
        for card in cards:
            yield Card(**card) if isinstance(card, Mapping) else card


def _row(card: Card) -> Row:
    data = card.data
    row: dict[str, Any] = {"row": card.row}
    if data.get("badge"):
        row["outcome"] = data["badge"]
    row |= {"spans": _spans, "labels": _labels, "relation": _relation, "texts": _texts, "answer": _answer}[card.kind](
        data
    )
    row |= {"confidence": data["confidence"]} if "confidence" in data else {}
    return row | ({"note": data["note"]} if data.get("note") else {})


def _spans(data: Mapping[str, Any]) -> dict[str, Any]:
    """Of a pair the two spans; of a sentence all its spans, such as `PER: Ada Lovelace; LOC: London`."""
    spaces = bool(data.get("spaces", True))
    cut = ["… " if data.get("before") else "", " …" if data.get("after") else ""]
    row: dict[str, Any] = {"text": join_words(data["words"], spaces=spaces).join(cut)}

    def said(start: int, end: int) -> str:
        return join_words(data["words"][max(start, 0) : max(end, 0)], spaces=spaces)

    if "own" in data:
        for side in ("gold", "predicted"):
            start, end, kind = next(iter(data["own"][side]), (0, 0, ""))
            row |= {side: kind, f"{side}_text": said(start, end)}
        return row
    for name, spans in _sides(data):
        row[name] = "; ".join(f"{kind}: {said(start, end)}" for start, end, kind in spans)
    return row


def _labels(data: Mapping[str, Any]) -> dict[str, Any]:
    row = {"text": data["text"]} | ({"text_pair": data["pair"]} if "pair" in data else {})
    return row | {name: "; ".join(labels) for name, labels in _sides(data)}


def _answer(data: Mapping[str, Any]) -> dict[str, Any]:
    context = " … ".join(part["text"] for part in data.get("parts", ()))
    row = {"question": data["question"], "context": context}
    return row | {name: "; ".join(texts) for name, texts in _sides(data)}


def _relation(data: Mapping[str, Any]) -> dict[str, Any]:
    row = _labels(data)
    ends = {name: data["text"][slice(*data[name])] for name in ("e1", "e2")}
    return {"text": row.pop("text"), **ends, **row}


def _sides(data: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[Any]]]:
    """Gold, and what was predicted by each system."""
    if "gold" in data:
        yield "gold", data["gold"]
    if "versions" not in data:
        yield "predicted", data.get("predicted", ())
    for version in data.get("versions", ()):
        yield f"predicted by {version['name']}", version["predicted"]


def _texts(data: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): text for name, text in data["texts"]}
