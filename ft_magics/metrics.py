"""What is measured, and which way is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["Metric"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One number that says how good predictions are.

    Args:
        name: Its key, such as `macro_f1`.
        label: What a person reads, such as `macro F1`.
        higher_is_better: Whether a greater value is a better one.
        unit: `share` for 0 to 1, shown in percent; `number` for anything else.
        by_label: What a person reads where it is broken down by label; the label where that is the same measure.
    """

    name: str
    label: str
    higher_is_better: bool = True
    unit: Literal["share", "number"] = "share"
    by_label: str = ""

    def gain(self, value: float, before: float) -> float:
        """How much better a value is than one before; negative if it is worse."""
        return value - before if self.higher_is_better else before - value

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        record = asdict(self)
        if not self.by_label:
            del record["by_label"]
        return record

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Metric:
        """The metric that `to_json` wrote.

        Raises:
            TypeError: It is no such record.
        """
        metric = cls(**record)
        texts = metric.name, metric.label, metric.by_label
        if not all(isinstance(text, str) for text in texts):
            raise TypeError(
                f"a metric's name and labels are text, not {' and '.join(f'{text!r:.80}' for text in texts)}"
            )
        if not isinstance(metric.higher_is_better, bool) or metric.unit not in ("share", "number"):
            raise TypeError(f"{metric.name}: no metric has {metric.higher_is_better!r:.80} and {metric.unit!r:.80}")
        return metric
