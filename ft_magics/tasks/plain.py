"""A run in plain Python: what a task gives to a script that needs no ft_magics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Plain", "Reading"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One way of reading a split.

    Args:
        function: Called with the file's path; gives the examples.
        options: What else it is called with: plain values by name.
        needs: The package that it needs beside the standard library; empty for none.
    """

    function: Callable[..., list[dict[str, Any]]]
    options: Mapping[str, Any] = field(default_factory=dict)
    needs: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """The task's part of a script, whose examples and features are plain dicts.

    The functions are copied as they are written, with all that they use; they may read constants, which then stand at
    the head of the script. T tokens, C labels.

    Args:
        constants: Name → plain value.
        record: An example as a dict.
        readings: Split → ways to read its file, in the order in which they are tried; one is right when it gives the
            examples that the run has. Without a right one the script reads a JSONL file of them.
        encode: `(examples, tokenizer)` → features, each with `input_ids` and the index of its `example`.
        collate: `(features, tokenizer)` → a batch of tensors, with `labels`.
        loss: `(outputs, labels, num_items_in_batch)` → the loss of a batch.
        keep: `(logits, features)` → what is kept of a batch: an item a feature.
        decode: `(examples, features, kept)` → a prediction an example.
        score: `(examples, predictions)` → numbers by name, the headline first.
        tune: `(examples, features, kept)` → nothing; chooses on dev what `decode` uses. None where nothing is chosen.
    """

    constants: Mapping[str, Any]
    record: Callable[[Any], dict[str, Any]]
    readings: Mapping[str, Sequence[Reading]]
    encode: Callable[..., Any]
    collate: Callable[..., Any]
    loss: Callable[..., Any]
    keep: Callable[..., Any]
    decode: Callable[..., Any]
    score: Callable[..., Any]
    tune: Callable[..., Any] | None = None
