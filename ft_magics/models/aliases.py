"""Short names of models."""

from __future__ import annotations

__all__ = ["ALIASES", "EMBEDDED", "short_names"]

ALIASES = {"minilm": "sentence-transformers/all-MiniLM-L6-v2"}
EMBEDDED = "ft-tiny"  # its files come with this package


def short_names() -> list[str]:
    """Those that a cell may have: of models on the hub, and of the one that is always here."""
    return [*ALIASES, EMBEDDED]
