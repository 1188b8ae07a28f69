"""Examples as files: what a live view saves, and the links of a page that has no kernel."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from html import escape
from typing import Any

from ft_magics.errors import DataError
from ft_magics.evaluation.example_rows import ENCODING, ExampleRows, errors_of, file_name, rows_of
from ft_magics.evaluation.report import Evidence, Report
from ft_magics.markup import MUTED, element

__all__ = ["examples_file", "links_html"]

_MOST_ROWS = 100_000  # of a file that a live view saves: it goes through the kernel's connection
_MOST_CHARACTERS = 30_000_000
_MOST_LINKED_ROWS = 5_000
_BYTES_IN_NOTEBOOK, _BYTES_IN_PAGE = 30_000, 1_000_000  # a link holds its whole file


def examples_file(title: str, evidence: Evidence, request: Mapping[str, Any]) -> dict[str, str]:
    """All examples that a request finds, as a file.

    Args:
        title: Of the report.
        evidence: Whatever answers for pages.
        request: `filter`, `sort`, and `format`: `csv` or `jsonl`.

    Returns:
        Its `name`, its `mime` type and its `text`.

    Raises:
        DataError: It would be too large to be sent to a page.
    """
    suffix = "jsonl" if request.get("format") == "jsonl" else "csv"
    asked = {name: request[name] for name in ("filter", "sort") if request.get(name)}
    found = rows_of(evidence, asked, most=_MOST_ROWS)
    text = found.to_jsonl() if suffix == "jsonl" else f"\ufeff{found.to_csv()}"
    if len(text) > _MOST_CHARACTERS:
        raise DataError(
            f"these {len(found):,} examples are {len(text) / 1e6:.0f} MB, more than a page can save; in a cell, "
            "`.errors.to_csv(path)` and `.predictions.to_jsonl(path)` of a report write any number"
        )
    mime = "application/x-ndjson" if suffix == "jsonl" else "text/csv"
    return {"name": file_name(title, suffix), "mime": mime, "text": text}


def links_html(report: Report, *, predictions: str = "") -> str:
    """A line below a report that hands out its mistakes; empty where nothing is known of its examples.

    Args:
        report: Whose.
        predictions: Name of the file beside the page that has every prediction; empty for a page in a notebook.
    """
    if report.evidence is None:
        return ""
    most = _BYTES_IN_PAGE if predictions else _BYTES_IN_NOTEBOOK
    parts = _file_links(report, most)
    if predictions:
        beside = [element("a", escape(name), href=name) for name in (predictions,)]
        parts.append(f"every prediction: {beside[0]} in {element('a', 'the folder of the run', href='./')}")
    parts.append(f"in a cell: {element('code', '.report().errors.to_csv(&quot;mistakes.csv&quot;)')}")
    return element("div", "Take along: ", " · ".join(parts), style=f"{MUTED};margin-top:6px")


def _file_links(report: Report, most: int) -> list[str]:
    """Links that hold their files; none where they would be large."""
    total = int(report.evidence.page({"limit": 0})["total"]) if report.evidence is not None else 0
    if total > _MOST_LINKED_ROWS:
        return []
    found = errors_of(report)
    if not found:
        return []
    files = {"csv": found.to_csv().encode(ENCODING), "jsonl": found.to_jsonl().encode()}
    if sum(map(len, files.values())) > most:
        return []
    return [_link(report, found, suffix, content) for suffix, content in files.items()]


def _link(report: Report, found: ExampleRows, suffix: str, content: bytes) -> str:
    kind = {"csv": "text/csv", "jsonl": "application/x-ndjson"}[suffix]
    url = f"data:{kind};charset=utf-8;base64,{b64encode(content).decode()}"
    words = f"the {len(found):,} mistakes as {suffix.upper()}"
    return element("a", escape(words), href=url, download=file_name(report.title, suffix))
