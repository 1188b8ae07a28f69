"""A run's folder: what is in it, and how it is written so that a crash at any byte leaves it readable.

config.yaml                 the resolved config
events.jsonl                what happened, a line each, append-only
model/                      the best model: weights, tokenizer, model card
checkpoints/                what a later run can go on from
predictions.<split>.jsonl   words, gold and predicted tags, a line each sentence
report.json  report.html    the evaluation
surfaces.json               the entities of the training data, for what the report says of seen and unseen ones
error.txt                   the whole traceback of a failed run
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from safetensors import SafetensorError

from ft_magics.config.schema import DEFAULT_FOLDER
from ft_magics.errors import RunError
from ft_magics.events import RunEvent, event_from_json, still_true

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # it has nothing of the kind

__all__ = ["RunFolder", "handle_of", "how_full", "is_disk_full", "making_way", "to_disk"]

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_ROOM_IN_WORDS = (
    *("no space left", "not enough space", "quota exceeded", "file too large"),  # safetensors, with the system's words
    *("pytorchstreamwriter failed", "unexpected pos", "iostream error"),  # torch.save, which does not know why
)
_NEXT_TO_NOTHING_BYTES = 1 << 20


class RunFolder:
    """The files of one run.

    Args:
        path: The folder; see `create` for a new one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.model = path / "model"
        self.checkpoints = path / "checkpoints"
        self.report = path / "report.json"
        self.surfaces = path / "surfaces.json"
        self.html = path / "report.html"
        self.error = path / "error.txt"
        self.stop_file = path / "STOP"
        self._events = path / "events.jsonl"
        self._config = path / "config.yaml"

    @classmethod
    @contextmanager
    def create(cls, path: Path) -> Iterator[RunFolder]:
        """A new, empty folder, for the block to write a run's beginning into.

        One that is there already moves aside and keeps its name with the time it began. If the block fails, all is as
        it was.

        Raises:
            RunError: The folder cannot be made, or the beginning cannot be written.
        """
        try:
            with making_way(path):
                path.mkdir(parents=True)
                yield cls(path)
        except OSError as error:
            raise RunError(f"the run's folder {path} cannot be made: {error.strerror}") from error

    @property
    def handle(self) -> str:
        """What `%ft` knows the run by in any kernel; see `handle_of`."""
        return handle_of(self.path)

    def predictions(self, split: str) -> Path:
        """The file of a split's predictions."""
        return self.path / f"predictions.{split}.jsonl"

    def splits(self) -> list[str]:
        """Splits with predictions, test last."""
        return [split for split in ("dev", "test") if self.predictions(split).is_file()]

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Write config.yaml."""
        with self._replacing(self._config) as partial, partial.open("w", encoding="utf-8") as stream:
            YAML(typ="safe", pure=True).dump(dict(config), stream)

    def config_text(self) -> str:
        """config.yaml as it stands; a `$name` in it stands for an object of the kernel that began the run."""
        try:
            return self._config.read_text(encoding="utf-8")
        except OSError as error:
            raise RunError(f"{self._config} cannot be read: {error.strerror}") from error

    def read_config(self) -> dict[str, Any]:
        """Read config.yaml; empty when there is none."""
        if not self._config.is_file():
            return {}
        config: dict[str, Any] = YAML(typ="safe", pure=True).load(self._config.read_text(encoding="utf-8"))
        return config

    def append_event(self, event: RunEvent) -> None:
        """Add a line to events.jsonl, whole or not at all, and hand it to the operating system at once."""
        line = (json.dumps(event.to_json(), ensure_ascii=False) + "\n").encode(errors="backslashreplace")
        with self._events.open("ab", buffering=0) as stream:
            before = stream.seek(0, os.SEEK_END)
            try:
                while line:
                    line = line[stream.write(line) :]  # a disk that gets full takes a part
            except OSError:
                with suppress(OSError):  # what went wrong first is what is told
                    stream.truncate(before)
                raise

    def to_disk(self) -> None:
        """Wait until the log, the best model, and the names of all that lies here, are on the disk."""
        for path in (self._events, *self.model.rglob("*"), self.model, self.path, self.path.parent):
            to_disk(path)

    def mend_events(self) -> None:
        """End a line that a crash cut off, so that the next event begins one of its own."""
        if not self._events.is_file():
            return
        with self._events.open("rb+") as stream:
            if stream.seek(0, 2) and (stream.seek(-1, 2), stream.read(1))[1] != b"\n":
                stream.write(b"\n")

    def read_events(self) -> list[RunEvent]:
        """All events that can be read and that no resumption made void; a torn line is left out."""
        if not self._events.is_file():
            return []
        return still_true(_parse_events(self._events.read_text(encoding="utf-8", errors="replace").split("\n")))

    def write_json(self, path: Path, record: Mapping[str, Any]) -> None:
        """Write a JSON file, whole or not at all."""
        self.write_text(path, json.dumps(record, ensure_ascii=False, indent=1))

    def write_lines(self, path: Path, records: Iterable[Mapping[str, Any]]) -> None:
        """Write a JSONL file, whole or not at all."""
        self.write_text(path, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))

    def read_lines(self, path: Path) -> list[dict[str, Any]]:
        """Read a JSONL file.

        Raises:
            RunError: A line is no JSON; the message names it.
        """
        rows: list[dict[str, Any]] = []
        with path.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                try:
                    rows.append(json.loads(line))
                except json.JSONDecodeError as error:
                    raise RunError(
                        f"{path}, line {number}: this is no JSON ({error.msg}); was the file edited?"
                    ) from error
        return rows

    def read_surfaces(self) -> dict[str, dict[str, int]] | None:
        """The entities of the training data, or None for a run that did not keep them."""
        if not self.surfaces.is_file():
            return None
        surfaces: dict[str, dict[str, int]] = json.loads(self.surfaces.read_text(encoding="utf-8"))
        return surfaces

    def write_text(self, path: Path, text: str) -> None:
        """Write a text file, whole or not at all."""
        with self._replacing(path) as partial:
            partial.write_text(
                text, encoding="utf-8", errors="backslashreplace"
            )  # half a surrogate is no reason to fail

    def best_model(self) -> Path:
        """`model/`, or where a crash came between the two renames that put a new one there, the one before."""
        before = self.path / "model.old"
        return before if before.is_dir() and not self.model.is_dir() else self.model

    @contextmanager
    def new_model(self) -> Iterator[Path]:
        """A folder to write a model into; it takes the place of `model/` once it is whole, and goes if it cannot be."""
        fresh, old = self.path / "model.new", self.path / "model.old"
        for leftover in (fresh, old):
            shutil.rmtree(leftover, ignore_errors=True)
        try:
            fresh.mkdir()
            yield fresh  # not synced: that would cost seconds at each evaluation, and `to_disk` comes in time
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        if self.model.exists():
            self.model.rename(old)
        fresh.rename(self.model)
        shutil.rmtree(old, ignore_errors=True)

    @contextmanager
    def _replacing(self, path: Path) -> Iterator[Path]:
        partial = path.with_name(path.name + ".new")
        try:
            yield partial
            to_disk(partial)
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)  # its room is wanted
            raise


def handle_of(folder: Path) -> str:
    """What `%ft` knows a run by in any kernel: its name below `ft_runs`, elsewhere its folder."""
    return folder.name if folder.parent == Path(DEFAULT_FOLDER) else str(folder)


def to_disk(path: Path) -> None:
    """Wait until a file or folder is on the disk, so that a power cut cannot take it back.

    Raises:
        OSError: The disk is full or broken.
    """
    handle = _open_to_sync(path)
    if handle is None:
        return
    try:
        os.fsync(handle)
        if hasattr(fcntl, "F_FULLFSYNC"):  # macOS, where fsync leaves it in the drive's cache
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
    except OSError as error:
        if error.errno == errno.EIO or is_disk_full(error):
            raise
    finally:
        os.close(handle)


def _open_to_sync(path: Path) -> int | None:
    """Open for writing, which Windows asks of those who sync; a folder, for reading; None where that cannot be done."""
    for flags in (os.O_RDWR, os.O_RDONLY):
        with suppress(OSError):
            return os.open(path, flags)
    return None


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says that the disk takes no more: it is full, a quota is used up, a file may not be so large."""
    if getattr(error, "errno", None) in _NO_ROOM:
        return True
    # tokenizers raises a bare Exception; of other kinds the words mean something else: a server's quota, a length
    speaks = isinstance(error, (OSError, RuntimeError, SafetensorError)) or type(error) is Exception
    return speaks and any(sign in str(error).lower() for sign in _NO_ROOM_IN_WORDS)


def how_full(error: BaseException, path: Path) -> str:
    """What an error for which `is_disk_full` holds says of the disk, as the end of a sentence about it.

    Call it before anything is removed: torch does not say why it cannot write, but the disk has no room then.
    """
    full = getattr(error, "errno", None) == errno.ENOSPC or "no space left" in str(error).lower()
    if full or shutil.disk_usage(path).free < _NEXT_TO_NOTHING_BYTES:
        return "is full"
    return f"takes no more ({getattr(error, 'strerror', None) or error})"


@contextmanager
def making_way(path: Path) -> Iterator[Path | None]:
    """Move aside what is at a path, if anything is, and say where to; if the block fails, it is moved back."""
    aside = _name_aside(path) if path.exists() else None
    if aside:
        path.rename(aside)
    try:
        yield aside
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        if aside:
            aside.rename(path)
        raise


def _name_aside(path: Path) -> Path:
    began = time.strftime("%Y-%m-%dT%H-%M-%S", time.localtime(path.stat().st_ctime))
    aside = path.with_name(f"{path.name}@{began}")
    count = 2
    while aside.exists():
        aside = path.with_name(f"{path.name}@{began}-{count}")
        count += 1
    return aside


def _parse_events(lines: Iterable[str]) -> Iterator[RunEvent]:
    for line in lines:
        try:
            event = event_from_json(json.loads(line))
        except (json.JSONDecodeError, TypeError):
            continue
        if event is not None:
            yield event
