"""One copy of a base in memory for all models that were tuned from it and are loaded now.

Each model has modules of its own, and parameters of its own that training changed. Those that it shares are frozen in
all of them, and hold, number by number, what the others' do: each is compared before it is shared, whatever a method
did to the model. Where the last of the models goes, the shared weights go too.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

import torch
from torch import nn

__all__ = ["SharedBase", "share_base"]


class SharedBase:
    """The weights of a base, which several models read and none changes, and its tokenizer.

    Attributes:
        tensors: By name in a plain model.
        encoding: Held by who uses the tokenizer: a call leaves its settings in it.
    """

    def __init__(self) -> None:
        self.tensors: dict[str, torch.Tensor] = {}
        self.encoding = Lock()
        self._tokenizers: dict[tuple[str, ...], Any] = {}

    def one_tokenizer(self, tokenizer: Any) -> Any:
        """The tokenizer of the base, which takes 10 MB and more: the one that is given, or one that was before.

        One that has tokens of its task beside the base's is another one.
        """
        return self._tokenizers.setdefault(tuple(tokenizer.get_added_vocab()), tokenizer)

    def give(self, model: nn.Module, names: Mapping[str, str]) -> None:
        """Let parameters of a model be the shared ones where they are the same; those that are new are shared now.

        Args:
            model: Whose parameters are.
            names: In a plain model, by those in this one, of parameters that nothing will change.
        """
        for name, parameter in model.named_parameters():
            plain = names.get(name)
            if plain is None or parameter.requires_grad:
                continue
            own = parameter.data
            kept = self.tensors.setdefault(plain, own)
            if kept is not own and _same(kept, own):
                parameter.data = kept

    def take_back(self, model: nn.Module) -> None:
        """Give a model its own copies of what it shares, so that it may be changed."""
        shared = {tensor.data_ptr() for tensor in self.tensors.values()}
        for parameter in model.parameters():
            if parameter.data_ptr() in shared:
                parameter.data = parameter.data.clone()


_held: WeakValueDictionary[tuple[str, str], SharedBase] = WeakValueDictionary()
_holding = Lock()


def share_base(model: nn.Module, names: Mapping[str, str], *, sha256: str, device: str) -> SharedBase:
    """Let a model share the weights of its base with the others that are in memory.

    Args:
        model: It is moved to the device.
        names: Of the base's parameters that nothing will change: those in a plain model, by those in this one.
        sha256: Of the base's files.
        device: Where the model computes.

    Returns:
        What is shared; the model's owner keeps it for as long as the model is used.
    """
    model.to(device)
    with _holding:
        base = _held.get((sha256, device)) or SharedBase()
        _held[sha256, device] = base
        base.give(model, names)
    return base


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.dtype == other.dtype and one.device == other.device and torch.equal(one, other)
