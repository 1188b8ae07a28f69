"""events.jsonl, read: in a stream, once, in bounded memory, whatever it holds."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from io import BufferedReader
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ft_magics.errors import RunError
from ft_magics.events import EVENT_KINDS, Notice, RunEvent, RunResumed, RunStarted, StepDone, drop_superseded
from ft_magics.runs.event_upgrade import upgrade_event
from ft_magics.runs.files import open_to_read

__all__ = ["event_from_json", "read_events"]

_MOST_LINE_BYTES = 1 << 22  # 4 MB; a line holds a run's settings, or scores by label
_MOST_STEPS = 20_000  # a curve of more points looks the same; above, every second one is left out
_MOST_OTHERS = 20_000  # evaluations, checkpoints, notices
_MOST_OTHER_BYTES = 1 << 26
_LATEST_S = 4_102_444_800.0  # the year 2100
_LARGEST = 1 << 62
_STEP_MARK = b'{"kind": "step"'
_MAY_BE_INFINITE = ("loss", "grad_norm")  # a training that diverges
_SHOWN_AS_IT_IS = ("config", "check", "samples")  # plain data that nothing computes with
_MOST_NESTED = 32


class _NotJsonError(ValueError):
    """What is left of a line may be this."""


@dataclass(slots=True)
class _Log:
    """What was read so far.

    Attributes:
        every: Of so many steps one is kept.
        skipped: The newest step that was not kept, unread: number and line.
        cut_off: A line that is not JSON, where the process may have died: number, fault, and whether it has its end.
        last: The newest event beyond what is kept.
    """

    events: list[RunEvent] = field(default_factory=list)
    steps: int = 0
    every: int = 1
    skipped: tuple[int, bytes] | None = None
    others: int = 0
    other_bytes: int = 0
    unread: int = 0
    first_unread: tuple[int, str] = (0, "")
    cut_off: tuple[int, str, bool] | None = None
    left_out: int = 0
    last: RunEvent | None = None

    def add_line(self, number: int, line: bytes, *, whole: bool) -> None:
        is_step = line.startswith(_STEP_MARK)
        if is_step and whole and (self.steps + 1) % self.every:
            self.steps += 1
            self.skipped = (number, line)
            self._settle(resumed=False)
            return
        try:
            event = event_from_json(_record(line))
        except _NotJsonError as error:
            self._settle(resumed=False)
            self.cut_off = (number, str(error), whole)
            return
        except ValueError as error:
            self._settle(resumed=False)
            self._count(number, str(error))
            return
        self._settle(resumed=isinstance(event, RunResumed))
        self._add(event, len(line))

    def finish(self) -> None:
        self._add_skipped()
        if self.cut_off is not None and self.cut_off[2]:
            self._settle(resumed=False)
        if self.last is not None:
            self.events.append(self.last)

    def _settle(self, *, resumed: bool) -> None:
        """A line that was cut off is to be expected where a run was resumed after its process had died."""
        if self.cut_off is not None and not resumed:
            self._count(*self.cut_off[:2])
        self.cut_off = None

    def _count(self, number: int, fault: str) -> None:
        self.unread += 1
        if self.unread == 1:
            self.first_unread = (number, fault)

    def _add(self, event: RunEvent, size: int) -> None:
        if isinstance(event, StepDone):
            self.steps += 1
            self.skipped = None
            self.events.append(event)
            if len(self.events) - self.others > _MOST_STEPS:
                self._thin()
            return
        self._add_skipped()
        if self.last is None and self.others < _MOST_OTHERS and self.other_bytes + size < _MOST_OTHER_BYTES:
            self.others += 1
            self.other_bytes += size
            self.events.append(event)
        else:
            self.left_out += self.last is not None
            self.last = event

    def _add_skipped(self) -> None:
        """Keep the step before another event, and the last."""
        if self.skipped is not None and len(self.events) - self.others <= _MOST_STEPS + _MOST_OTHERS:
            number, line = self.skipped
            try:
                self.events.append(event_from_json(_record(line)))
            except ValueError as error:
                self._count(number, str(error))
        self.skipped = None

    def _thin(self) -> None:
        """Keep every second step."""
        self.every *= 2
        kept: list[RunEvent] = []
        keep = False
        for event in self.events:
            if isinstance(event, StepDone):
                keep = not keep
                if not keep:
                    continue
            kept.append(event)
        self.events = kept


def read_events(path: Path) -> list[RunEvent]:
    """The events of a run that no resumption made void; empty without a file.

    A line that a crash cut off is left out: the last of the file, or the last before the run was resumed.
    Other lines that cannot be read are counted, and a notice says so. Of very many steps every second, fourth, … is
    kept.

    Raises:
        RunError: The file cannot be opened.
    """
    log = _Log()
    try:
        with open_to_read(path) as raw:
            for number, (line, whole) in enumerate(_lines(BufferedReader(raw)), 1):
                if line.strip():
                    log.add_line(number, line, whole=whole)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}") from error
    log.finish()
    events = drop_superseded(log.events)
    notice = _notice(path.name, log)
    if notice and events:
        after = int(isinstance(events[0], RunStarted))
        events.insert(after, Notice(time=events[0].time, level="warning", text=notice))
    return events


def _lines(stream: BufferedReader) -> Iterator[tuple[bytes, bool]]:
    """Lines, and whether each has its end; of one that is too long the beginning."""
    while line := stream.readline(_MOST_LINE_BYTES):
        whole = line.endswith(b"\n")
        if not whole and len(line) == _MOST_LINE_BYTES:
            while rest := stream.readline(_MOST_LINE_BYTES):
                if rest.endswith(b"\n"):
                    whole = True
                    break
        yield line, whole


def event_from_json(record: Any) -> RunEvent:
    """The event that a JSON object describes; one of an older version has today's fields.

    Fields that this version does not know are left out, so that older versions read newer runs.

    Raises:
        ValueError: It is no event that this version knows; with the reason.
    """
    if not isinstance(record, Mapping):
        raise ValueError("it is no event")  # noqa: TRY004  # a file's content, not a caller's mistake
    kind = record.get("kind")
    if not isinstance(kind, str) or kind not in EVENT_KINDS:
        raise ValueError(f"this version knows no event of kind {kind!r:.40}")
    record = upgrade_event(record)
    _check_time(record.get("time"))
    names = [name for name in EVENT_KINDS[kind].__dataclass_fields__ if name in record]
    for name in names:
        _check_numbers(name, record[name])
    try:
        text = json.dumps({name: record[name] for name in names})  # as JSON: objects are what there may be, no more
        event: RunEvent = _schema(kind).validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"{where}: {first['msg']}"[:120]) from error
    except (TypeError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}"[:120]) from error
    return event


@cache
def _schema(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(EVENT_KINDS[kind])


def _record(line: bytes) -> Any:
    try:
        record = json.loads(line)
        if b"\\u" in line:  # half a surrogate could not be shown
            record = json.loads(json.dumps(record, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError):  # no JSON, no UTF-8, a number of thousands of digits, brackets without end
        raise _NotJsonError("it is not JSON") from None
    return record


def _check_time(when: Any) -> None:
    if isinstance(when, bool) or not isinstance(when, (int, float)) or not 0 <= when < _LATEST_S:
        raise ValueError("time: not between 1970 and 2100")


def _check_numbers(name: str, value: Any, depth: int = 0) -> None:
    """See that every number of a field, wherever in it, can be computed with and shown."""
    if depth > _MOST_NESTED:
        raise ValueError(f"{name:.40}: nested too deeply")
    if isinstance(value, (Mapping, list)):
        for inside in value.values() if isinstance(value, Mapping) else value:
            _check_numbers(name, inside, depth + 1)
        return
    if name in _SHOWN_AS_IT_IS:
        return
    odd = isinstance(value, float) and not math.isfinite(value) and name not in _MAY_BE_INFINITE
    if odd or (isinstance(value, int) and abs(value) >= _LARGEST):
        raise ValueError(f"{name:.40}: a number out of range")


def _notice(name: str, log: _Log) -> str:
    parts = []
    if log.unread:
        number, fault = log.first_unread
        lines = "1 line" if log.unread == 1 else f"{log.unread} lines"
        parts.append(f"{name}: {lines} cannot be read and are left out; the first is line {number}: {fault}")
    if log.left_out:
        parts.append(f"{name}: {log.left_out} entries after the first {log.others} are not shown")
    return ". ".join(parts)
