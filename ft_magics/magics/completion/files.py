"""Files, folders and saved models that a cell may name. Looking is bounded, and what may not be seen is left out."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from ft_magics import demo
from ft_magics.magics.completion.choices import Choice
from ft_magics.models.aliases import ALIASES, EMBEDDED

__all__ = ["SAVED", "demo_files", "folders", "is_data", "known_models", "paths", "saved_models"]

_MOST_LOOKED_AT = 5000  # entries of a folder
_MOST_SHOWN = 200
_DATA = (
    *(".bio", ".bmes", ".conll", ".conllu", ".csv", ".iob", ".iob2", ".json", ".jsonl", ".ndjson", ".parquet"),
    *(".pq", ".tab", ".tsv", ".txt"),
)
SAVED = "saved model"
_KILO = 1024


def paths(typed: str) -> list[Choice]:
    """Files and folders that may follow in a path; data files first."""
    found = list(_entries(typed))
    return [choice for _, choice in sorted(found, key=lambda item: item[0])][:_MOST_SHOWN]


def folders(typed: str) -> list[Choice]:
    """Folders that may follow in a path."""
    return [choice for choice in paths(typed) if choice.text.endswith("/")]


def saved_models(typed: str) -> list[Choice]:
    """The same; those that hold a saved model are named as such."""
    shown = []
    for choice in folders(typed):
        here = Path(choice.text).expanduser() / "config.json"
        saved = False
        with suppress(OSError, RuntimeError):
            saved = here.is_file()
        shown.append(Choice(choice.text.rstrip("/"), SAVED) if saved else choice)
    return shown


def _entries(typed: str) -> Iterator[tuple[tuple[int, str], Choice]]:
    """Choices with what they are sorted by."""
    parent, beginning = typed.rpartition("/")[::2]
    above = f"{parent}/" if "/" in typed else ""
    with suppress(OSError, RuntimeError, ValueError), os.scandir(Path(above or ".").expanduser()) as entries:
        for count, entry in enumerate(entries):
            if count >= _MOST_LOOKED_AT:
                return
            hidden = entry.name.startswith(".") and not beginning.startswith(".")
            if hidden or entry.name == "__pycache__" or not entry.name.casefold().startswith(beginning.casefold()):
                continue
            yield _entry(entry, above)


def _entry(entry: os.DirEntry[str], above: str) -> tuple[tuple[int, str], Choice]:
    is_folder, size = False, 0
    with suppress(OSError):
        is_folder = entry.is_dir()
        size = 0 if is_folder else entry.stat().st_size
    text = f"{above}{entry.name}{'/' if is_folder else ''}"
    rank = 1 if is_folder else 0 if is_data(entry.name) else 2
    return (rank, entry.name), Choice(text, "folder" if is_folder else f"file, {_bytes(size)}")


def is_data(name: str) -> bool:
    """Whether a file's name is one of data."""
    return name.lower().endswith(_DATA)


def _bytes(size: int) -> str:
    for unit in ("bytes", "KB", "MB"):
        if size < _KILO:
            return f"{size:.0f} {unit}"
        size //= _KILO
    return f"{size:.0f} GB"


def demo_files(formats: Collection[str] = ()) -> list[Choice]:
    """The files of the demo corpora.

    Args:
        formats: What the task reads, such as `conll`; empty for any. A corpus in its first one goes before others.
    """
    order = list(formats)
    found = []
    for name in demo.names():
        suffix = name.rpartition(".")[2]
        if order and suffix not in order:
            continue
        found.append((order.index(suffix) if order else 0, Choice(f"demo:{name}", "demo corpus")))
    best = min((rank for rank, _ in found), default=0)
    return [choice for rank, choice in found if rank == best]


def known_models() -> list[Choice]:
    """Aliases, and the models of the hub that are in its cache here."""
    aliases = [Choice(name, f"alias of {target}") for name, target in ALIASES.items()]
    aliases.append(Choice(EMBEDDED, "small, English and Chinese; comes with ft_magics"))
    return [*aliases, *(Choice(name, "in the hub's cache") for name in _cached())]


def _cached() -> list[str]:
    """Names of models in the hub's cache, by its folders.

    Source: huggingface_hub, "Understand caching": `models--ORG--NAME`, its place in `HF_HUB_CACHE` or `HF_HOME`.
    """
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    cache = Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub").expanduser()
    found = []
    with suppress(OSError, RuntimeError):
        for count, entry in enumerate(os.scandir(cache)):
            if count >= _MOST_LOOKED_AT:
                break
            if entry.name.startswith("models--"):
                found.append(entry.name.removeprefix("models--").replace("--", "/"))
    return sorted(found)
