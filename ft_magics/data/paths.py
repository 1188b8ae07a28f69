"""A text → the file that it names, or why there is none."""

from __future__ import annotations

import re
from pathlib import Path

from ft_magics import demo
from ft_magics.data.faults import printable, quoted
from ft_magics.errors import DataError, did_you_mean

__all__ = ["find_file", "read_file"]

_DEMO = "demo:"
_ADDRESS = re.compile(r"[a-z]\w*://", re.IGNORECASE)
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?%")
_LONG_PATH = 200  # letters of a path that is not there, for the case that it is a whole text


def read_file(source: str) -> tuple[Path, bytes]:
    """Where a file is, and what is in it.

    Args:
        source: A path, or `demo:en/train.conll` for a file of the demo corpus.

    Raises:
        DataError: There is no such file, or it cannot be read.
    """
    path = find_file(source)
    try:
        return path, path.read_bytes()
    except OSError as error:
        raise DataError(f"{printable(source)}: the file cannot be read: {error.strerror}") from error


def find_file(source: str) -> Path:
    """The file that a text names.

    Args:
        source: As in `read_file`.

    Raises:
        DataError: There is none; the message says what is there, and the nearest name.
    """
    if source.startswith(_DEMO):
        try:
            return demo.path(source.removeprefix(_DEMO))
        except FileNotFoundError as error:
            raise DataError(printable(f"{error}.{_nearest_demo(source.removeprefix(_DEMO))}")) from error
    if not source.strip():
        raise DataError("an empty text is no path; name a file")
    try:
        path = Path(source).expanduser()
        if path.is_file():
            return path
        raise DataError(_why_not(source, path))
    except OSError as error:  # a folder that may not be looked into, a name that is too long
        raise DataError(f"{source:.80}: the file cannot be read: {error.strerror}") from error
    except (RuntimeError, ValueError) as error:  # ~name, and no such user; or a name that holds a zero byte
        raise DataError(f"{quoted(source)}: {str(error)[:1].lower()}{str(error)[1:]}") from error


def _nearest_demo(name: str) -> str:
    """The file of the demo corpus that was most likely meant, with a leading space."""
    known = demo.names()
    same = [item for item in known if Path(item).name == Path(name).name]
    if same:
        return f" Did you mean `{same[0]}`?"
    return did_you_mean(name if "/" in name else f"en/{name}", known)


def _why_not(source: str, path: Path) -> str:
    """Why there is no file to read at a path, and what to do."""
    source = source if len(source) <= _LONG_PATH else f"{source[:_LONG_PATH]}…"
    source = printable(source)
    if path.is_dir():
        names = sorted(entry.name for entry in path.iterdir() if entry.is_file())
        return f"{source} is a folder; name a file in it: {', '.join(names[:8]) or 'it holds no files'}"
    if path.is_symlink() and not path.exists():
        return f"{source} is a symbolic link that leads to no file; give the path of the file itself"
    if path.exists():
        return f"{source} is no file with lines to read (a device or a pipe)"
    if no_path := _no_path(source):
        return no_path
    folder = path.parent
    if not folder.is_dir():
        hub = "; a data set of the hub is loaded with `datasets.load_dataset(…)` first and named as `$name` here"
        like_hub = source.count("/") == 1 and not path.suffix and source[0] not in ".~/"
        return f"{source}: there is no folder {folder} (looked from {Path.cwd()}){hub if like_hub else ''}"
    near = did_you_mean(path.name, [entry.name for entry in folder.iterdir() if entry.name != path.name])
    return f"{source}: there is no such file (looked in {folder.resolve()}).{near}{_reference_hint(source)}"


def _no_path(source: str) -> str | None:
    """What a text is that was never meant to be the path of a file, or not in these letters."""
    if found := _PERCENT.fullmatch(source):
        return f"{source} is no file; a share of train is written `{{fraction: {float(found[1]) / 100:g}}}`"
    if "\t" in source or "\n" in source:
        return (
            f"{source!r}: there is no such file. Within double quotation marks `\\t` is a tab and `\\n` a line feed; "
            "write the path with `/`, or in single quotation marks"
        )
    if _ADDRESS.match(source):
        return f"{source} is an address; download the file and give its path"
    return None


def _reference_hint(source: str) -> str:
    if source.isidentifier():
        return f" An object of the notebook is `${source}`."
    if "$" in source:
        return " `$name` stands for an object when it is the whole value; nothing else is filled in."
    return ""
