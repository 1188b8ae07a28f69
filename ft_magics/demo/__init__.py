"""The demo corpora, English and Chinese, written for this project: a small one for each family of tasks."""

from __future__ import annotations

from pathlib import Path

__all__ = ["names", "path"]

_HERE = Path(__file__).parent


def names() -> list[str]:
    """The files of the corpora, such as `en/train.conll`."""
    return sorted(str(found.relative_to(_HERE).as_posix()) for found in _HERE.glob("[a-z]*/*.*"))


def path(name: str) -> Path:
    """A file of the corpus.

    Args:
        name: Such as `en/train.conll`.

    Raises:
        FileNotFoundError: There is no such file; the message lists those that are there.
    """
    file = _HERE / name
    there = names()
    if name not in there:
        raise FileNotFoundError(f"the demo corpus has no `{name}`; it has {', '.join(there)}")
    return file
