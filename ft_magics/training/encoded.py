"""Features of the last runs of this kernel: the next run on the same examples need not encode them again."""

from __future__ import annotations

import hashlib
import pickle
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from ft_magics.errors import TaskError, type_name
from ft_magics.runs.predictor import TrainedModel
from ft_magics.tasks.registry import guarded

__all__ = ["encode"]

_MOST_KEPT, _MOST_ROWS = 6, 100_000  # splits, and the rows of one: beyond, memory is worth more than seconds
_OURS = "ft_magics."  # tasks that are being written in a notebook may encode otherwise each time
_kept: OrderedDict[str, list[Any]] = OrderedDict()


def encode(trained: TrainedModel, examples: Sequence[Any]) -> Sequence[Any]:
    """Features of all examples, as the task makes them.

    Those that were made of equal examples by an equal task of ours, tokenizer and config are taken instead of new ones.

    Raises:
        TaskError: The task does not give features.
    """
    task = trained.task
    key = _key(trained, examples)
    if key is not None and key in _kept:
        _kept.move_to_end(key)
        return list(_kept[key])
    features = guarded(task.name, "encode", lambda: task.encode(examples, trained.spec))
    if not isinstance(features, Sequence):
        raise TaskError(f"task `{task.name}`: `encode` gave {type_name(features)}; expected a sequence of features")
    if key is not None and isinstance(features, list) and len(features) <= _MOST_ROWS:
        _kept[key] = list(features)
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return features


def _key(trained: TrainedModel, examples: Sequence[Any]) -> str | None:
    """A hash of all that features depend on; None where that cannot be told."""
    if len(examples) > _MOST_ROWS or not type(trained.task).__module__.startswith(_OURS):
        return None
    spec = trained.spec
    tokenizer = spec.tokenizer  # its folder may be a new one each time, so it is told by what it does
    sides = (type(tokenizer), tokenizer.special_tokens_map, tokenizer.padding_side, tokenizer.truncation_side)
    try:
        parts = (
            pickle.dumps(trained.task),
            pickle.dumps(list(examples)),
            tokenizer.backend_tokenizer.to_str().encode(),
            repr((sides, tokenizer.chat_template, spec.max_length_tokens, spec.virtual_tokens)).encode(),
            spec.config.to_json_string(use_diff=False).encode(),
        )
    except Exception:  # noqa: BLE001  # a third party's task or examples that cannot be pickled: nothing is lost
        return None
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "little") + part)
    return found.hexdigest()
