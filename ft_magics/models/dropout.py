"""Dropout that differs from what a model's config says: which of its settings are meant, and whether they do anything.

Every architecture has names of its own: `hidden_dropout_prob` is `dropout` in DistilBERT, and ModernBERT has two.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

import torch

__all__ = ["dropout_settings", "set_dropout", "unused_dropout"]

_NAMES = {
    "hidden": (
        *("hidden_dropout_prob", "hidden_dropout", "dropout", "mlp_dropout", "embedding_dropout"),
        *("resid_pdrop", "embd_pdrop", "dropout_rate"),
    ),
    "attention": ("attention_probs_dropout_prob", "attention_dropout", "attn_pdrop"),
    "classifier": ("classifier_dropout", "classifier_dropout_prob", "seq_classif_dropout", "cls_dropout"),
}
_UNDECLARED = {"deberta-v2": "cls_dropout"}  # its head asks for it, and its config does not name it
_MARK = 0.123456789  # a share that nobody sets


def dropout_settings(config: Any, shares: Mapping[str, float]) -> dict[str, float]:
    """The config's own names of some kinds of dropout, each with its share.

    Args:
        config: A `PreTrainedConfig`.
        shares: By kind: `hidden`, `attention`, `classifier`.
    """
    undeclared = _UNDECLARED.get(config.model_type)
    return {
        name: share
        for kind, share in shares.items()
        for name in _NAMES[kind]
        if hasattr(config, name) or name == undeclared
    }


def set_dropout(config: Any, shares: Mapping[str, float]) -> None:
    """Change a config before a model is built of it.

    Args:
        config: A `PreTrainedConfig`.
        shares: By kind.
    """
    for name, share in dropout_settings(config, shares).items():
        setattr(config, name, share)


def unused_dropout(model: Any, kinds: Iterable[str]) -> list[str]:
    """The kinds of dropout that a model has no place for.

    Args:
        model: It may be on the device `meta`.
        kinds: Of those that `set_dropout` knows.
    """
    return [kind for kind in kinds if not _is_used(model, kind)]


def _is_used(model: Any, kind: str) -> bool:
    config = copy.deepcopy(model.config)
    set_dropout(config, {kind: _MARK})
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        marked = type(model)(config)
    held = (value for module in marked.modules() for value in vars(module).values() if isinstance(value, float))
    return any(value == _MARK for value in held)
