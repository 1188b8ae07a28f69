"""A run in plain Python: what a task gives to a script that needs no ft_magics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Plain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """The task's part of a script.

    The functions stand in modules of plain Python and are copied as they are written there. Together they define
    `encode(examples, tokenizer)`, `collate(features, tokenizer)`, `loss(outputs, labels, num_items_in_batch=None)`,
    `predict(outputs, features)`, `decode(examples, features, raw)` and `score(examples, predictions)`, whose first
    number is the headline.

    Args:
        functions: To copy, in order; imports of their modules are copied as far as they are used.
        constants: Name → plain value: what those functions read from the head of the script.
        readers: Functions that read a split each, to try in order.
        records: An example as plain data, which the script works with.
    """

    functions: Sequence[Callable[..., Any]]
    constants: Mapping[str, Any] = field(default_factory=dict)
    readers: Sequence[Callable[..., Any]] = ()
    records: Callable[[Any], Mapping[str, Any]] = dict
