"""Predictions of a file that may be larger than memory, written line by line, so that a kill loses one window of rows.

What is written lies in `NAME.partial` until it is whole, and `NAME.about.json` says of which file and of which model it
is: the same call continues after the last whole line, and refuses to mix two files or two models.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from ft_magics.data.faults import printable
from ft_magics.data.paths import find_file
from ft_magics.data.streams import StreamedRow, stream_rows
from ft_magics.errors import DataError, FineTuneError, RunError, type_name
from ft_magics.models.base import sha256_of_file, sha256_of_model
from ft_magics.runs.files import open_new, open_to_append, open_to_mend, read_text, to_disk
from ft_magics.runs.folder import shown_path
from ft_magics.runs.row_progress import RowProgress
from ft_magics.tasks.file_inputs import COLUMN_NAMES, FileInputs
from ft_magics.tasks.optional import WritesTexts
from ft_magics.tasks.registry import guarded

if TYPE_CHECKING:
    from ft_magics.runs.predictor import TrainedModel

__all__ = ["FileJob", "HowToRead", "predict_file", "usual_output"]

_BATCHES = 32  # in a window, within which rows are sorted by length
_WRITING_BATCHES = 2  # where a batch takes minutes
_MOST_CHARACTERS = 4_000_000  # in a window
_PART_BYTES = 1 << 20
_OWN_PLACE = re.compile(r"^\w+\[0\]:?")  # by which `parse` names the first input of a list


@dataclass(frozen=True, slots=True, kw_only=True)
class HowToRead:
    """What a caller says of a file; see `Run.predict_file`."""

    column: str | int | Sequence[str | int] | None = None
    format: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    header: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileJob:
    """Predictions of one file by one model.

    Args:
        source: A path.
        how: To read it.
        data: The run's `data:` section; None where nobody knows it.
        model: Its folder.
        output: What is written.
        overwrite: Whether predictions of another file or model that have this name are replaced.
    """

    source: str
    how: HowToRead
    data: Any
    model: Path
    output: Path
    overwrite: bool = False

    @property
    def partial(self) -> Path:
        """What is there of it."""
        return self.output.with_name(self.output.name + ".partial")

    @property
    def about(self) -> Path:
        """What it is of."""
        return self.output.with_name(self.output.name + ".about.json")


def usual_output(home: Path, source: str) -> Path:
    """Where the answers to a file go in a run's folder.

    Raises:
        DataError: There is no such file.
    """
    return home / "predicted" / f"{find_file(source).name}.jsonl"


def predict_file(trained: TrainedModel, job: FileJob, *, progress: bool = False) -> Path:
    """Write a line for each row of a file; see `Run.predict_file`.

    Args:
        trained: The model.
        job: What is predicted, and where that goes.
        progress: Whether to print how many rows are done.

    Returns:
        The file with all lines.

    Raises:
        DataError: The file cannot be read, or a row is not what the task takes; the message has its line.
        RunError: What is there is of another file or model, or the output cannot be written.
    """
    with _one_writer(job):
        inputs = _Inputs(trained, job)
        if progress:
            print("".join(f"{note}\n" for note in inputs.rows.notes), end="")
        rows = _agreed(job, inputs, progress=progress)
        if job.output.exists():
            return job.output
        try:
            done = _whole_lines(job.partial)
            with open_to_append(job.partial) as stream, RowProgress(inputs.rows.name, done, rows, on=progress) as shown:
                for window in inputs.windows(after=done):
                    text = "".join(map(_line, window, _answers(trained, window)))
                    _write(stream, text.encode(errors="backslashreplace"))  # half a surrogate becomes JSON's escape
                    done += len(window)
                    shown.show(done)
            inputs.rows.check_unchanged()
            if done != rows:
                raise RunError(f"{shown_path(job.partial)} has {done:,} lines for {rows:,} rows; remove it, and repeat")
            to_disk(job.partial)
            job.partial.replace(job.output)
        except OSError as error:
            raise RunError(f"{shown_path(job.partial)} cannot be written: {error.strerror or error}") from error
    return job.output


_Window = list[tuple[StreamedRow, Any]]  # rows with the examples that the task makes of them


class _Inputs:
    """The rows of a file as a task's examples, in windows that fit into memory."""

    def __init__(self, trained: TrainedModel, job: FileJob) -> None:
        how, self._task = job.how, trained.task
        named = [how.column] if isinstance(how.column, (str, int)) else how.column or ()
        self._job = job
        self.rows = stream_rows(
            job.source,
            format=how.format,
            delimiter=how.delimiter,
            encoding=how.encoding,
            header=how.header,
            known=COLUMN_NAMES.union(name for name in named if isinstance(name, str)),
        )
        batches = _WRITING_BATCHES if isinstance(self._task, WritesTexts) else _BATCHES
        self._most = batches * trained.batch_size

    def windows(self, after: int = 0) -> Iterator[_Window]:
        """Rows with their examples.

        Args:
            after: So many rows, which are left out.

        Raises:
            DataError: A row is not what the task takes; the message has its line.
        """
        inputs = FileInputs(self._task, column=self._job.how.column, data=self._job.data)
        rows: list[StreamedRow] = []
        given: list[Any] = []
        characters = 0
        for number, row in enumerate(self.rows):
            if number < after:
                continue
            with self._said_of(row):
                given.append(inputs.of(row))
            rows.append(row)
            characters += _characters(row.value)
            if len(rows) == self._most or characters > _MOST_CHARACTERS:
                yield self._parsed(rows, given)
                rows, given, characters = [], [], 0
        if rows:
            yield self._parsed(rows, given)

    def _parsed(self, rows: list[StreamedRow], given: list[Any]) -> _Window:
        parse, name = self._task.parse, self._task.name
        try:
            examples = guarded(name, "parse", lambda: parse(given))
        except DataError:
            for row, one in zip(rows, given, strict=True):
                with self._said_of(row):
                    parse([one])
            raise
        return list(zip(rows, examples, strict=True))

    @contextmanager
    def _said_of(self, row: StreamedRow) -> Iterator[None]:
        """Say of a fault which line of the file it is in.

        Raises:
            DataError: With the line.
        """
        try:
            yield
        except DataError as error:
            place, said = f"{self.rows.name}, line {row.line}", str(error)
            own = _OWN_PLACE.match(said)
            joined = f"{place}{':' * own[0].endswith(':')}{said[own.end() :]}" if own else f"{place}: {said}"
            raise DataError(joined) from error


def _characters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(map(_characters, value.values()))
    return sum(map(_characters, value)) if isinstance(value, list) else 1


def _answers(trained: TrainedModel, window: _Window) -> list[Any]:
    task = trained.task
    examples = [example for _, example in window]
    predictions = guarded(task.name, "predict", lambda: trained.predict(examples))
    return guarded(task.name, "answer", lambda: list(map(task.answer, examples, predictions)))


def _line(row: tuple[StreamedRow, Any], answer: Any) -> str:
    return json.dumps({"line": row[0].line, "answer": answer}, ensure_ascii=False, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    """What JSON has no form of: an answer with fields as an object, numbers and arrays of NumPy.

    Raises:
        RunError: It is something else.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise RunError(f"an answer of this task holds {type_name(value)}, which JSON has no form of; use `predict`")


def _agreed(job: FileJob, inputs: _Inputs, *, progress: bool) -> int:
    """How many rows there are, once what is there is known to be of this file and model.

    Before anything is predicted all rows are read, so that a fault in the last one is said at once.

    Raises:
        DataError: A row is not what the task takes.
        RunError: It is of another file or another model, or the model has no folder.
    """
    if not job.model.is_dir():
        raise RunError(f"the model is not in {shown_path(job.model)}; `save` the run, `load` that, and predict with it")
    facts = {
        "input": str(find_file(job.source).absolute()),
        "sha256": sha256_of_file(find_file(job.source)),
        "model_sha256": sha256_of_model(job.model),
        "read": {name: value for name, value in asdict(job.how).items() if value is not None},
    }
    there = [path for path in (job.output, job.partial) if os.path.lexists(path)]
    before = _read_about(job.about) if there else None
    if there and before is not None:
        other = _difference(facts, before)
        if not other:
            return int(before["rows"])
    if there and not job.overwrite:
        what = "nothing beside it says what it is of" if before is None else f"it is of {_difference(facts, before)}"
        raise RunError(
            f"{shown_path(there[0])} is there, and {what}; remove it, give another `output`, or say `overwrite=True`"
        )
    rows = 0
    for window in inputs.windows():
        rows += len(window)
        if progress:
            print(f"\r{inputs.rows.name}: {rows:,} rows read", end="", flush=True)
    try:
        job.output.parent.mkdir(parents=True, exist_ok=True)
        for path in (*there, job.about):
            path.unlink(missing_ok=True)
        with open_new(job.about) as stream:
            stream.write(json.dumps({**facts, "rows": rows}, ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        raise RunError(f"{shown_path(job.about)} cannot be written: {error.strerror or error}") from error
    return rows


def _read_about(path: Path) -> dict[str, Any] | None:
    with suppress(FineTuneError, ValueError, RecursionError):
        found = json.loads(read_text(path))
        if isinstance(found, dict) and isinstance(found.get("rows"), int):
            return found
    return None


def _difference(facts: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    """What is other now than when the first lines were written; empty for nothing."""
    name = printable(Path(facts["input"]).name)
    if before.get("input") == facts["input"] and before.get("sha256") != facts["sha256"]:
        return f"{name} as it was before it changed"
    if before.get("sha256") != facts["sha256"]:
        return f"another file, {printable(str(before.get('input')))}"
    if before.get("model_sha256") != facts["model_sha256"]:
        return "another model than the run has now"
    read = json.loads(json.dumps(facts["read"]))  # a tuple of columns is a list there
    return f"{name} as it is read with {before.get('read')}" if before.get("read") != read else ""


def _whole_lines(partial: Path) -> int:
    """How many whole lines there are; what a kill cut off behind them is removed."""
    if not os.path.lexists(partial):
        return 0
    count = end = offset = 0
    with open_to_mend(partial) as stream:
        while part := stream.read(_PART_BYTES):
            count += part.count(b"\n")
            last = part.rfind(b"\n")
            end = offset + last + 1 if last >= 0 else end
            offset += len(part)
        stream.truncate(end)
    return count


def _write(stream: Any, text: bytes) -> None:
    while text:
        text = text[stream.write(text) :]  # a disk that gets full takes a part


@contextmanager
def _one_writer(job: FileJob) -> Iterator[None]:
    """Keep a second process from writing the same file.

    Raises:
        RunError: One does, or its folder cannot be made.
    """
    lock = FileLock(job.output.with_name(f".{job.output.name}.lock"), thread_local=False, is_singleton=False)
    try:
        job.output.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise RunError(f"{shown_path(job.output)} is being written by another call; wait for it") from error
    except OSError as error:
        raise RunError(f"{shown_path(job.output)} cannot be written: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)
