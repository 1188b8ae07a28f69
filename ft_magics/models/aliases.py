"""Short names of models."""

from __future__ import annotations

__all__ = ["ALIASES"]

ALIASES = {"minilm": "sentence-transformers/all-MiniLM-L6-v2"}
