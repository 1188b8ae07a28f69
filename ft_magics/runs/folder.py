"""A run's folder: what is in it, and how it is written so that a crash at any byte leaves it readable.

config.yaml                 the resolved config
provenance.yaml             versions, hardware, data and model with their hashes, and the resolved config again
events.jsonl                what happened, a line each, append-only
model/                      the best model: weights, tokenizer, model card
checkpoints/                what a later run can resume from
predictions.<split>.jsonl   what the task wrote of each example: its gold and its prediction, a line each
predicted/                  answers to files, of `Run.predict_file`, with what each is of
report.json  report.html    the evaluation
facts.json                  what a report needs to know of the training data
test_looks.jsonl            when the test split was evaluated for someone, a line each
error.txt                   the whole traceback of a failed run
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from ft_magics.config.schema import DEFAULT_FOLDER
from ft_magics.config.tree import read_plain
from ft_magics.errors import CellError, RunError
from ft_magics.events import RunEvent
from ft_magics.runs.event_log import read_events
from ft_magics.runs.files import (
    move_aside,
    open_new,
    open_to_append,
    open_to_mend,
    open_to_read,
    read_text,
    remove_or_move_aside,
    to_disk,
)

__all__ = ["FolderGoneError", "RunFolder", "handle_of", "is_model_file", "shown_path"]

_MODEL_FILES = re.compile(
    r"(generator/)?"  # a second model that was trained with it
    r"((config|generation_config|ft_magics|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab)\.json"
    r"|model(-\d{5}-of-\d{5})?\.safetensors|model\.safetensors\.index\.json"
    r"|adapter_config\.json|(adapter_model|tuned)\.safetensors"
    r"|vocab\.txt|merges\.txt|bpe\.codes|[\w.]{1,40}\.model|chat_template\.jinja|README\.md(\.new)?)"
)
_MOST_LINE_CHARACTERS = 1 << 24  # 16 MB: a sentence has its words, tags and shares there
_MOST_FAULTS = 3
_OF_OLDER = (  # section, key and default of versions that did not write it down, and which configs it belongs to
    ("train", "fast_dropout", "false", re.compile("")),
    ("model", "shape", "gpt2", re.compile(r"^(?:task|objective):\s*\{?(?:generate|dialogue|clm)\b", re.MULTILINE)),
)


class FolderGoneError(RunError):
    """The folder of a run that trains was renamed or deleted."""


class RunFolder:
    """The files of one run.

    Args:
        path: The folder; see `create` for a new one.

    Attributes:
        moved_aside: Where an earlier run of this name went when this folder was made; None where there was none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path = path.absolute()  # the notebook may change its directory
        self._identity = _identity(path)
        self.moved_aside: Path | None = None
        self.model = path / "model"
        self.checkpoints = path / "checkpoints"
        self.report = path / "report.json"
        self.facts = path / "facts.json"
        self._surfaces = path / "surfaces.json"  # the facts of version 0.1
        self.html = path / "report.html"
        self.error = path / "error.txt"
        self.looks = path / "test_looks.jsonl"
        self.stop_file = path / "STOP"
        self.log = path / "events.jsonl"
        self._has_log = self.log.exists()
        self._config = path / "config.yaml"

    @classmethod
    @contextmanager
    def create(cls, path: Path) -> Iterator[RunFolder]:
        """A new, empty folder, for the block to write a run's beginning into.

        One that is there already moves aside and keeps its name with the time of its last change. If the block fails,
        all is as it was.

        Raises:
            RunError: The folder cannot be made, or the beginning cannot be written.
        """
        try:
            aside = move_aside(path) if os.path.lexists(path) else None
            try:
                path.mkdir(parents=True)
                try:
                    fresh = cls(path)
                    fresh.moved_aside = aside
                    yield fresh
                except BaseException:
                    shutil.rmtree(path, ignore_errors=True)
                    raise
            except BaseException:
                if aside:
                    aside.rename(path)
                raise
        except OSError as error:
            raise RunError(f"the run's folder {path} cannot be made: {error.strerror}") from error

    @property
    def is_there(self) -> bool:
        """Whether the folder is still the one that this object was made for, with the log that it had."""
        there = self._identity is not None and _identity(self.path) == self._identity
        return there and (self.log.exists() or not self._has_log)

    def check_there(self) -> None:
        """See that nothing is written into another folder.

        Raises:
            FolderGoneError: It was renamed or deleted since.
        """
        if not self.is_there:
            raise FolderGoneError(f"its folder {self.shown}, or what was in it, was renamed or deleted")

    @property
    def shown(self) -> Path:
        """The folder as a person calls it: from where the notebook is, if it lies there."""
        return shown_path(self.path)

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
        self._write_yaml(self._config, config)

    def write_provenance(self, provenance: Mapping[str, Any]) -> None:
        """Write provenance.yaml, for people; the log has the same."""
        self._write_yaml(self.path / "provenance.yaml", provenance)

    def _write_yaml(self, path: Path, record: Mapping[str, Any]) -> None:
        with self._replacing(path) as partial, open_new(partial) as stream:
            YAML(typ="safe", pure=True).dump(dict(record), stream)

    def config_text(self) -> str:
        """config.yaml as it stands; a `$name` in it stands for an object of the kernel that began the run.

        Of a run of an older version it says what the defaults were then: what is left out would mean those of now.

        Raises:
            RunError: It cannot be read.
        """
        text = read_text(self._config)
        for section, key, value, belongs in _OF_OLDER:
            if f"{key}:" not in text and belongs.search(text):
                text = re.sub(rf"^{section}: \{{", rf"\g<0>{key}: {value}, ", text, count=1, flags=re.MULTILINE)
                text = re.sub(rf"^{section}:\n( +)", rf"\g<0>{key}: {value}\n\1", text, count=1, flags=re.MULTILINE)
        return text

    def read_config(self) -> dict[str, Any]:
        """Read config.yaml; empty when there is none.

        Raises:
            RunError: It cannot be read.
        """
        if not self._config.is_file():
            return {}
        try:
            return read_plain(self.config_text())
        except CellError as error:
            faults = "; ".join(map(str, error.problems[:_MOST_FAULTS]))
            raise RunError(f"{self._config} cannot be read: {faults}") from error

    def append_event(self, event: RunEvent) -> None:
        """Add a line to events.jsonl, whole or not at all, and hand it to the operating system at once."""
        line = (json.dumps(event.to_json(), ensure_ascii=False) + "\n").encode(errors="backslashreplace")
        self.check_there()
        with open_to_append(self.log) as stream:
            self._has_log = True
            before = stream.seek(0, os.SEEK_END)
            try:
                while line:
                    line = line[stream.write(line) :]  # a disk that gets full takes a part
            except OSError:
                with suppress(OSError):  # what went wrong first is what is told
                    stream.truncate(before)
                raise

    def ask_to_stop(self) -> None:
        """Ask a training in another process to stop after its step.

        Raises:
            RunError: That cannot be written.
        """
        try:
            with suppress(FileExistsError):  # someone asked before
                open_new(self.stop_file).close()
        except OSError as error:
            raise RunError(f"{shown_path(self.stop_file)} cannot be written: {error.strerror}") from error

    def to_disk(self) -> None:
        """Wait until the log, the best model, and the names of all that lies here, are on the disk."""
        for path in (self.log, *self.model.rglob("*"), self.model, self.path, self.path.parent):
            to_disk(path)

    def mend_events(self) -> None:
        """End a line that a crash cut off, so that the next event begins one of its own."""
        if not self.log.is_file():
            return
        with open_to_mend(self.log) as stream:
            if stream.seek(0, 2) and (stream.seek(-1, 2), stream.read(1))[1] != b"\n":
                stream.write(b"\n")

    def read_events(self) -> list[RunEvent]:
        """See `event_log.read_events`."""
        return read_events(self.log)

    def write_json(self, path: Path, record: Mapping[str, Any]) -> None:
        """Write a JSON file, whole or not at all; a line for each key, since indenting is not done in C and slow."""
        lines = (f"{json.dumps(key)}: {json.dumps(item, ensure_ascii=False)}" for key, item in record.items())
        self.write_text(path, "{{\n{}\n}}".format(",\n".join(lines)))

    def write_lines(self, path: Path, records: Iterable[Mapping[str, Any]]) -> None:
        """Write a JSONL file, whole or not at all."""
        self.write_text(path, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))

    def read_lines(self, path: Path) -> list[Any]:
        """Read a JSONL file.

        Raises:
            RunError: It cannot be opened, or a line is not JSON; the message names it.
        """
        try:
            with open_to_read(path) as raw, io.TextIOWrapper(io.BufferedReader(raw), encoding="utf-8") as stream:
                lines = iter(lambda: stream.readline(_MOST_LINE_CHARACTERS), "")
                return [_json(line, f"{path}, line {number}") for number, line in enumerate(lines, 1)]
        except OSError as error:
            raise RunError(f"{path} cannot be read: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise RunError(f"{path} cannot be read: it is not UTF-8 ({error.reason}); was the file edited?") from error

    def read_facts(self) -> tuple[Path, dict[str, Any]]:
        """What the run keeps of its training data, with the file's path; empty for a run that kept nothing.

        Raises:
            RunError: It cannot be read.
        """
        if not self.facts.is_file() and self._surfaces.is_file():
            return self._surfaces, {"surfaces": _json(read_text(self._surfaces), str(self._surfaces))}
        if not self.facts.is_file():
            return self.facts, {}
        facts = _json(read_text(self.facts), str(self.facts))
        if not isinstance(facts, dict):
            raise RunError(f"{self.facts} holds no object; was the file edited?")
        return self.facts, facts

    def write_text(self, path: Path, text: str) -> None:
        """Write a text file, whole or not at all."""
        with self._replacing(path) as partial, open_new(partial) as stream:
            stream.write(text)

    def best_model(self) -> Path:
        """`model/`, or where a crash came between the two renames that put a new one there, the one before."""
        before = self.path / "model.old"
        return before if before.is_dir() and not self.model.is_dir() else self.model

    @contextmanager
    def new_model(self) -> Iterator[Path]:
        """A folder to write a model into; it takes the place of `model/` once it is whole, and goes if it cannot be."""
        self.check_there()
        fresh, old = self.path / "model.new", self.path / "model.old"
        for leftover in (fresh, old):
            remove_or_move_aside(leftover, is_model_file)
        try:
            fresh.mkdir()
            yield fresh  # not synced: that would cost seconds at each evaluation, and `to_disk` comes in time
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        if os.path.lexists(self.model):
            self.model.rename(old)
        fresh.rename(self.model)
        remove_or_move_aside(old, is_model_file)

    @contextmanager
    def _replacing(self, path: Path) -> Iterator[Path]:
        self.check_there()
        partial = path.with_name(path.name + ".new")
        partial.unlink(missing_ok=True)  # of a process that died; of a link, the link
        try:
            yield partial
            to_disk(partial)
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)  # its room is wanted
            raise


def is_model_file(path: str) -> bool:
    """Whether saving a model writes a file of this path in its folder."""
    return _MODEL_FILES.fullmatch(path) is not None


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise RunError(f"{where}: this is not JSON ({error.msg}); was the file edited?") from error
    except RecursionError as error:
        raise RunError(f"{where}: its brackets are too deep; was the file edited?") from error
    except ValueError as error:
        raise RunError(f"{where}: a number in it has thousands of digits; was the file edited?") from error


def handle_of(folder: Path) -> str:
    """What `%ft` knows a run by in any kernel: its name below `ft_runs`, elsewhere its folder."""
    return folder.name if shown_path(folder).parent == Path(DEFAULT_FOLDER) else str(folder)


def shown_path(path: Path) -> Path:
    """A path from where the notebook is, if it lies there; else as it is."""
    with suppress(OSError, ValueError):  # where the notebook is may be gone, too
        return path.absolute().relative_to(Path.cwd())
    return path
