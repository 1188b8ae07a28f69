"""The notebooks that come with ft_magics, as links that open where they can be reached."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

from ft_magics.display.pages import Bundle
from ft_magics.markup import MUTED, element, heading, terminal_line

__all__ = ["ExampleNotebook", "examples_bundle", "find_notebooks"]

_PACKAGE = Path(__file__).parents[1]
_PLACES = (_PACKAGE / "demo_notebooks", _PACKAGE.parent / "demo_notebooks")  # of a wheel, of a checkout
_SENTENCES = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class ExampleNotebook:
    """A notebook, and what it shows in a sentence or two: its own first words."""

    path: Path
    shows: str


def find_notebooks() -> list[ExampleNotebook]:
    """The notebooks of this installation, in order; of one that was copied into this folder the copy."""
    folder = next((place for place in _PLACES if place.is_dir()), None)
    found = [] if folder is None else sorted(folder.glob("*.ipynb"))
    here = {path: Path.cwd() / path.name for path in found}
    return [ExampleNotebook(copy if copy.is_file() else path, _shows(path)) for path, copy in here.items()]


def examples_bundle(notebooks: Sequence[ExampleNotebook]) -> Bundle:
    """A line each, for `display(…, raw=True)`: a link where the notebook is below this folder, else how to get it."""
    lines = [
        f"{_place(notebook.path)}\n    {terminal_line(notebook.shows)}\n    {_way(notebook.path)}".rstrip()
        for notebook in notebooks
    ]
    html = element("div", heading("Example notebooks"), *map(_html, notebooks), style="font-size:13px;line-height:1.5")
    return {"text/html": html, "text/plain": "\n".join(lines)}


def _shows(path: Path) -> str:
    """The heading and the first two sentences of a notebook's first words."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        words = next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    except (OSError, ValueError, KeyError, StopIteration):
        return "It cannot be read."
    title, _, rest = words.strip().partition("\n")
    first = " ".join(rest.strip().partition("\n\n")[0].split())
    return f"{title.lstrip('# ')} – {' '.join(_SENTENCES.split(first)[:2])}".strip()


def _link(path: Path) -> str | None:
    """The address of a notebook from the one that shows it; None where a front end could not open it."""
    try:
        return quote(path.resolve().relative_to(Path.cwd().resolve()).as_posix())
    except (OSError, ValueError):
        return None


def _place(path: Path) -> str:
    return os.path.relpath(path) if _link(path) else str(path)


def _way(path: Path) -> str:
    return "" if _link(path) else f"`%ft examples {path.stem}` puts a copy here"


def _html(notebook: ExampleNotebook) -> str:
    address, name = _link(notebook.path), escape(notebook.path.stem)
    shown = element("a", name, href=address) if address else element("strong", name)
    way = element("div", element("code", escape(f"%ft examples {notebook.path.stem}")), " puts a copy here that opens")
    return element(
        "div",
        shown,
        element("div", escape(notebook.shows), style=MUTED, dir="auto"),
        "" if address else way,
        style="margin:6px 0;overflow-wrap:anywhere",
    )
