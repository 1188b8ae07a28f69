"""Special tokens that a model gets for a task: each begins as the mean of the words that describe it.

They are made in the same way whenever the base is loaded, so a method that keeps what it trains need not keep them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import torch
from tokenizers import AddedToken

from ft_magics.models.own_random_numbers import OwnRandomNumbers

__all__ = ["add_markers"]

_NOISE = 0.1  # of the spread of all embeddings: two markers whose words a vocabulary lacks still differ


def add_markers(model: Any, tokenizer: Any, described: Mapping[str, str]) -> list[str]:
    """Give a model and its tokenizer special tokens; those that are there already stay as they are.

    Args:
        model: Is changed: its embeddings (V, D) get a row for each token, unless there are rows to spare.
        tokenizer: Is changed too.
        described: Words by token, such as `{"[E1]": "first entity"}`, whose pieces' embeddings it begins as.

    Returns:
        The tokens that are new.
    """
    known = tokenizer.get_vocab()
    fresh = [token for token in described if token not in known]
    if not fresh:
        return []
    pieces = {token: tokenizer(described[token], add_special_tokens=False)["input_ids"] for token in fresh}
    tokenizer.add_tokens([AddedToken(token, special=True, normalized=False) for token in fresh], special_tokens=True)
    ids = tokenizer.convert_tokens_to_ids(fresh)
    if max(ids) >= model.get_input_embeddings().num_embeddings:
        with OwnRandomNumbers(0):  # for rows that are written over
            model.resize_token_embeddings(max(ids) + 1, mean_resizing=False)
    weight = model.get_input_embeddings().weight
    with torch.no_grad():
        spread = float(weight[: min(ids)].std())
        for token, at in zip(fresh, ids, strict=True):
            seed = int.from_bytes(hashlib.blake2b(token.encode(), digest_size=6).digest(), "big")
            noise = torch.randn(weight.shape[1], generator=torch.Generator().manual_seed(seed))
            mean = weight[pieces[token] or [tokenizer.pad_token_id]].mean(dim=0)
            weight[at] = mean + _NOISE * spread * noise.to(weight)
    return fresh
