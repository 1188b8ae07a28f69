"""`DataCheck` → static HTML and text."""

from __future__ import annotations

from html import escape

from ft_magics.data.tagged.checks import DataCheck
from ft_magics.markup import details, element, row, table

__all__ = ["check_html", "check_text"]

_MOST_TYPES = 40


def check_html(check: DataCheck) -> str:
    """The data check, folded; its warnings stand outside the fold."""
    header = ("split", "sentences", "words", "longest", "entities", "scheme", "source")
    rows = [
        row(
            item.name,
            f"{item.sentences:,}",
            f"{item.words:,}",
            str(item.longest),
            f"{item.entities:,}",
            item.scheme,
            item.source,
        )
        for item in check.splits
    ]
    warnings = [element("div", "⚠ ", escape(text), dir="auto") for text in check.warnings]
    notes = [element("div", escape(text), dir="auto") for text in check.notes]
    summary = "Data: " + ", ".join(f"{item.name} {item.sentences:,} sentences" for item in check.splits)
    return element(
        "div",
        details(summary, table(header, rows), _types(check), *notes),
        *warnings,
        style="font-size:13px;line-height:1.5",
    )


def _types(check: DataCheck) -> str:
    types = _all_types(check)
    rows = [row(kind, *(f"{item.per_type.get(kind, 0):,}" for item in check.splits)) for kind in types[:_MOST_TYPES]]
    more = f"{len(types) - _MOST_TYPES} more types" if len(types) > _MOST_TYPES else ""
    return table(("entities of type", *(item.name for item in check.splits)), rows, caption=more)


def _all_types(check: DataCheck) -> list[str]:
    """Every type, the most frequent in train first."""
    train = check.splits[0].per_type
    return sorted(
        {kind for item in check.splits for kind in item.per_type}, key=lambda kind: (-train.get(kind, 0), kind)
    )


def check_text(check: DataCheck) -> str:
    """The data check as text."""
    lines = [
        f"{item.name:>5}: {item.sentences:,} sentences, {item.words:,} words (longest sentence {item.longest}), "
        f"{item.entities:,} entities, {item.scheme}, {item.source}"
        for item in check.splits
    ]
    types = _all_types(check)
    for item in check.splits:
        counts = ", ".join(f"{kind} {item.per_type.get(kind, 0)}" for kind in types[:_MOST_TYPES])
        more = f" and {len(types) - _MOST_TYPES} more types" if len(types) > _MOST_TYPES else ""
        lines.append(f"{item.name:>5}: {counts}{more}")
    lines += [f"note: {text}" for text in check.notes]
    lines += [f"warning: {text}" for text in check.warnings]
    return "\n".join(lines)
