"""Lines of events.jsonl as version 0.1 wrote them → as they are written now. It knew one task, and three metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ft_magics.metrics import Metric

__all__ = ["upgrade_event"]

_METRICS = (Metric("f1", "F1"), Metric("precision", "precision"), Metric("recall", "recall"))
_RENAMED = {
    "run_started": {"sentences": "examples"},
    "evaluated": {"per_type_f1": "by_label"},
    "run_ended": {"best_f1": "best"},
}


def upgrade_event(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record whose fields have today's names; it may still hold anything. One of today's is given as it is.

    Args:
        record: A JSON object; its `kind` is a text.
    """
    kind = record["kind"]
    if kind not in _RENAMED or ("best" if kind == "run_ended" else "metrics") in record:
        return record
    names = _RENAMED[kind]
    now = {names.get(name, name): value for name, value in record.items()}
    if kind == "run_started":
        now["metrics"] = [metric.to_json() for metric in _METRICS]
    if kind == "evaluated" and all(metric.name in record for metric in _METRICS):
        now["metrics"] = {metric.name: record[metric.name] for metric in _METRICS}
    return now
