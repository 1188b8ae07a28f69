"""Prompts of any length → what a causal model writes after each: like lengths together, padded on the left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ft_magics.tasks.generating import Generation, generate
from ft_magics.tasks.writing.pieces import Prompt

__all__ = ["most_written", "room_before", "write_after"]

_ROWS = 32


def most_written(config: Any, asked: int, virtual_tokens: int = 0) -> int:
    """Most tokens that a model of so many positions writes: as the cell says, and no more than half of them.

    Args:
        config: Of the model.
        asked: What the cell says.
        virtual_tokens: That the model puts before each row; they take positions.
    """
    positions: int | None = getattr(config, "max_position_embeddings", None)
    room = positions - virtual_tokens if positions else 2 * asked
    return min(asked, room - room // 2)


def room_before(longest: int, asked: int) -> int:
    """Most tokens of a prompt, so that it and what `most_written` lets the model write have their positions.

    Args:
        longest: Tokens of a row.
        asked: Most tokens that are to be written.
    """
    return max(1, longest // 2, longest - asked)


def write_after(model: Any, prompts: Sequence[Prompt], how: Generation) -> list[list[int]]:
    """What the model writes after each prompt, up to the first end token, which is left out.

    Args:
        model: A causal one.
        prompts: All of one tokenizer, with the same end tokens.
        how: Settings.
    """
    import torch  # noqa: PLC0415  # a cell is read and answered without it

    pad, stops = prompts[0].end[0], set(how.stop)
    order = sorted(range(len(prompts)), key=lambda at: (-len(prompts[at].ids), at))
    found: list[list[int]] = [[] for _ in prompts]
    for begin in range(0, len(order), _ROWS):
        chosen = order[begin : begin + _ROWS]
        longest = len(prompts[chosen[0]].ids)
        ids = torch.full((len(chosen), longest), pad, dtype=torch.long)
        seen = torch.zeros_like(ids)
        for row, at in enumerate(chosen):
            ids[row, longest - len(prompts[at].ids) :] = torch.tensor(prompts[at].ids)
            seen[row, longest - len(prompts[at].ids) :] = 1
        inputs = {"input_ids": ids.to(model.device), "attention_mask": seen.to(model.device)}
        for at, written in zip(chosen, generate(model, inputs, how, pad=pad), strict=True):
            stop = next((place for place, token in enumerate(written) if token in stops), len(written))
            found[at] = written[:stop]
    return found
