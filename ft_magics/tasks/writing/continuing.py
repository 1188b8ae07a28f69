"""Prompts of any length → what a causal model writes after each: sorted by length, padded on the left, cached keys.

Random numbers are drawn from a seed of their own, so that a training goes on as if nothing had been written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ft_magics.tasks.writing.pieces import Prompt

__all__ = ["write_after"]

_ROWS = 32
_SEED = 0


def write_after(model: Any, prompts: Sequence[Prompt], *, options: Mapping[str, Any]) -> list[list[int]]:
    """What the model writes after each prompt, up to the first end token, which is left out.

    Args:
        model: A causal one.
        prompts: All of one tokenizer, with the same end.
        options: Of `generate` of transformers.
    """
    import torch  # noqa: PLC0415  # a cell is read and answered without it

    end = prompts[0].end
    order = sorted(range(len(prompts)), key=lambda at: (-len(prompts[at].ids), at))
    found: list[list[int]] = [[] for _ in prompts]
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(_SEED)
        for begin in range(0, len(order), _ROWS):
            chosen = order[begin : begin + _ROWS]
            longest = len(prompts[chosen[0]].ids)
            ids = torch.full((len(chosen), longest), end[0], dtype=torch.long)
            seen = torch.zeros_like(ids)
            for row, at in enumerate(chosen):
                size = len(prompts[at].ids)
                ids[row, longest - size :] = torch.tensor(prompts[at].ids)
                seen[row, longest - size :] = 1
            written = model.generate(
                input_ids=ids.to(model.device),
                attention_mask=seen.to(model.device),
                eos_token_id=list(end),
                pad_token_id=end[0],
                **options,
            )
            for at, row in zip(chosen, written[:, longest:].tolist(), strict=True):
                stop = next((place for place, token in enumerate(row) if token in end), len(row))
                found[at] = row[:stop]
    return found
