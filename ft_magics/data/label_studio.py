"""Exports of Label Studio, as JSON or JSON-MIN → records of texts with spans, or with labels.

In JSON a task has `data` and, by annotator, `annotations` with a `result` of regions, choices and relations. In
JSON-MIN a record is one annotation, with the results under the names of their controls; a single choice is a text there
like those of the task.
Source: https://labelstud.io/guide/export and https://labelstud.io/guide/task_format
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ft_magics.data.faults import list_names
from ft_magics.errors import DataError

__all__ = ["is_export", "label_records", "span_records"]

_OF_JSON_MIN = ("annotation_id", "annotator")
_ABOUT = (*_OF_JSON_MIN, "agreement", "created_at", "id", "lead_time", "predictions", "updated_at")
_REGIONS = ("labels", "hypertextlabels")
_ANSWERS = ("choices", "rating", "number")

Located = tuple[str, dict[str, Any]]  # a place and the record that stands there


@dataclass(frozen=True, slots=True)
class _Result:
    """One thing that an annotator said.

    Args:
        kind: `labels`, `choices`, `relation`, …
        control: The name of the control it was said with.
        value: As the export has it.
    """

    kind: str
    control: str
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Annotation:
    """A task with what one annotator said of it; in JSON-MIN a single choice is among its data."""

    place: str
    data: Mapping[str, Any]
    results: Sequence[_Result]
    short: bool = False


@dataclass(slots=True)
class _Seen:
    """What was left out of an export, for its notes."""

    counts: Counter[str] = field(default_factory=Counter)

    def notes(self, name: str) -> list[str]:
        return [f"{name}: {count:,} {text}" for text, count in self.counts.items() if count]


def is_export(record: Any) -> bool:
    """Whether a record is one of an export, by its fields."""
    if not isinstance(record, Mapping):
        return False
    annotations = record.get("annotations", record.get("completions"))
    whole = isinstance(record.get("data"), Mapping) and isinstance(annotations, list)
    return whole or all(key in record for key in _OF_JSON_MIN)


def span_records(records: Iterable[tuple[str, Any]], name: str) -> tuple[list[Located], list[str]]:
    """Texts with spans, `{"text": …, "spans": […]}`, and notes about what was taken.

    Args:
        records: Pairs of place and record.
        name: Of the export, for messages.

    Raises:
        DataError: No task in it has an annotated text.
    """
    seen = _Seen()
    found: list[Located] = []
    for item in _annotations(records, name, seen):
        regions = [result for result in item.results if result.kind in _REGIONS]
        others = [result.kind for result in item.results if result.kind not in _REGIONS]
        seen.counts["relations between spans are not read"] += others.count("relation")
        seen.counts["results of other kinds than spans are not read"] += len(others) - others.count("relation")
        text = _text(item, regions)
        found.append((item.place, {"text": text, "spans": _spans(item.place, text, regions, seen)}))
    return found, seen.notes(name)


def label_records(records: Iterable[tuple[str, Any]], name: str) -> tuple[list[Located], list[str]]:
    """The tasks' own fields with the answers, `{"text": …, "label": …}`, and notes about what was taken.

    Args:
        records: Pairs of place and record.
        name: Of the export, for messages.

    Raises:
        DataError: No task in it has an answer.
    """
    seen = _Seen()
    items = list(_annotations(records, name, seen))
    controls = list(dict.fromkeys(item.control for each in items for item in each.results if item.kind in _ANSWERS))
    short = any(item.short for item in items)
    if not controls and not short:
        kinds = list_names(dict.fromkeys(result.kind for item in items for result in item.results))
        raise DataError(f"{name}: no task in this export of Label Studio has choices or a rating; it has {kinds}")
    alone = len(controls) == 1 and not short and not any("label" in item.data for item in items)
    columns = {control: "label" if alone else control for control in controls}
    found: list[Located] = []
    for item in items:
        answers = {columns[result.control]: _answer(result) for result in item.results if result.kind in _ANSWERS}
        seen.counts["results of other kinds than choices and ratings are not read"] += len(item.results) - len(answers)
        if answers or item.short:
            found.append((item.place, {**item.data, **answers}))
        else:
            seen.counts["tasks without an answer were left out"] += 1
    return found, seen.notes(name)


def _annotations(records: Iterable[tuple[str, Any]], name: str, seen: _Seen) -> Iterator[_Annotation]:
    """One annotation a task: that marked as ground truth, else the newest.

    Raises:
        DataError: A record is of another kind, or none is annotated.
    """
    tasks: dict[Any, list[tuple[str, Mapping[str, Any]]]] = {}
    for number, (place, record) in enumerate(records):
        if not is_export(record):
            raise DataError(f"{place}: this is no task as in the other records of this export of Label Studio")
        tasks.setdefault(record.get("id", ("", number)), []).append((place, record))
    annotated = False
    for rows in tasks.values():
        choices = [choice for place, record in rows for choice in _of_record(place, record)]
        if not choices:
            seen.counts["tasks without an annotation (or skipped by the annotator) were left out"] += 1
            continue
        annotated = True
        if len(choices) > 1:
            text = "tasks have several annotations; the one marked as ground truth was taken, else the newest"
            seen.counts[text] += 1
        yield max(choices, key=lambda choice: choice[0])[1]
    if not annotated:
        raise DataError(f"{name}: no task in this export of Label Studio is annotated")


def _of_record(place: str, record: Mapping[str, Any]) -> Iterator[tuple[tuple[bool, str], _Annotation]]:
    """The annotations of a record, each with what it is chosen by."""
    if all(key in record for key in _OF_JSON_MIN):
        yield _rank(record), _of_json_min(place, record)
        return
    for item in record.get("annotations", record.get("completions")) or []:
        if isinstance(item, Mapping) and isinstance(item.get("result"), list) and not item.get("was_cancelled"):
            results = [_result(result) for result in item["result"] if isinstance(result, Mapping)]
            yield _rank(item), _Annotation(place, record["data"], results)


def _rank(item: Mapping[str, Any]) -> tuple[bool, str]:
    return bool(item.get("ground_truth")), str(item.get("updated_at") or item.get("created_at") or "")


def _result(result: Mapping[str, Any]) -> _Result:
    value = result.get("value")
    return _Result(
        str(result.get("type")), str(result.get("from_name", "label")), value if isinstance(value, Mapping) else {}
    )


def _of_json_min(place: str, record: Mapping[str, Any]) -> _Annotation:
    data: dict[str, Any] = {}
    results: list[_Result] = []
    for key, value in record.items():
        regions = [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
        if regions and any(kind in regions[0] for kind in _REGIONS):
            results += [_Result(next(k for k in (*_REGIONS, "") if k in item or not k), key, item) for item in regions]
        elif isinstance(value, Mapping) and isinstance(value.get("choices"), list):
            results.append(_Result("choices", key, value))
        elif key not in _ABOUT:
            data[key] = value
    return _Annotation(place, data, results, short=True)


def _answer(result: _Result) -> Any:
    value = result.value.get(result.kind)
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _text(item: _Annotation, regions: Sequence[_Result]) -> str:
    """The field that the regions are of: the one whose parts are what they say."""
    texts = {key: value for key, value in item.data.items() if isinstance(value, str)}
    if not texts:
        raise DataError(f"{item.place}: the task has no text; its fields are {list_names(item.data)}")

    def fits(key: str) -> tuple[int, bool, int]:
        said = [(result.value, _offsets(texts[key], result.value)) for result in regions]
        right = sum(texts[key][start:end] == value.get("text", "") for value, (start, end) in said if end)
        return right, key == "text", len(texts[key])

    return texts[max(texts, key=fits)]


def _offsets(text: str, value: Mapping[str, Any]) -> tuple[int, int]:
    """Start and end in characters; the browser that wrote them counts a letter beyond U+FFFF as two."""
    place = value.get("globalOffsets") or value
    start, end = place.get("start"), place.get("end")
    if not isinstance(start, int) or not isinstance(end, int):
        return 0, 0
    said = value.get("text")
    if text[start:end] == said or text.isascii():
        return start, end
    units = text.encode("utf-16-le", errors="surrogatepass")
    before, inside = (
        units[2 * at : 2 * to].decode("utf-16-le", errors="replace") for at, to in ((0, start), (start, end))
    )
    return (len(before), len(before) + len(inside)) if inside == said else (start, end)


def _spans(place: str, text: str, regions: Sequence[_Result], seen: _Seen) -> list[dict[str, Any]]:
    """The spans that do not overlap a longer one, in order."""
    spans: list[dict[str, Any]] = []
    for region in regions:
        labels = region.value.get(region.kind) or []
        start, end = _offsets(text, region.value)
        if not labels:
            seen.counts["spans without a label were left out"] += 1
        elif not text[start:end].strip():
            raise DataError(f"{place}: the span {start}–{end} ({labels[0]}) is empty or outside the text")
        else:
            seen.counts["spans have several labels; the first was taken"] += len(labels) > 1
            spans.append({"start": start, "end": end, "label": str(labels[0])})
    kept: list[dict[str, Any]] = []
    for span in sorted(spans, key=lambda span: (span["start"] - span["end"], span["start"])):
        if any(span["start"] < other["end"] and other["start"] < span["end"] for other in kept):
            seen.counts["spans overlap a longer one, or one of the same length before them, and were left out"] += 1
        else:
            kept.append(span)
    return sorted(kept, key=lambda span: int(span["start"]))
