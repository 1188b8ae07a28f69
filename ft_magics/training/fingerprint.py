"""A hash of encoded examples, so that a run is not resumed or repeated with others unnoticed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from ft_magics.tasks.task import LazyFeatures, Task

__all__ = ["fingerprint"]


def fingerprint(task: Task[Any, Any, Any], features: Sequence[Any]) -> str:
    """Of what the model sees, as 64 hexadecimal digits: tokens and labels, in order.

    Args:
        task: That encoded the features.
        features: Of a split.
    """
    if isinstance(features, LazyFeatures):
        return hashlib.sha256(features.fingerprint).hexdigest()
    digest = hashlib.sha256()
    for feature in features:
        digest.update(task.fingerprint(feature))
    return digest.hexdigest()
