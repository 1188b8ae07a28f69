"""Writes `settings.md`: every key of a cell, from the schema itself.

Run `python docs/make_settings.py` when a section of a cell has changed.
"""  # noqa: INP001  # a script, no package

from __future__ import annotations

from pathlib import Path

from ft_magics.magics.settings_pages import settings_markdown

__all__ = ["TARGET"]

TARGET = Path(__file__).parent / "settings.md"

if __name__ == "__main__":
    TARGET.write_text(settings_markdown(), encoding="utf-8")
