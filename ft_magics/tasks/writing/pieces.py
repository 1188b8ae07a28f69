"""Pieces of text that a causal model is trained on, one to a row or packed several to a row.

Packed pieces do not see each other: the attention of a row is blocked by piece, and positions begin again with each, so
that every logit is what it is with the piece alone.

Shapes: B rows, T tokens of a row, P pieces.
Source: Krell et al. 2021, “Efficient Sequence Packing without Cross-contamination”.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.tasks.task import IGNORE_INDEX, Spec

if TYPE_CHECKING:
    import torch

__all__ = ["TAKE_POSITIONS", "Pack", "Piece", "Prompt", "collate_packs", "pack", "takes_packs", "with_prompts"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A text, or a part of one, that is seen by itself.

    Args:
        example: Index of the example that it is of.
        ids: Length T.
        asked: Which of them are to be predicted from those before; never the first. Length T.
        cut: Whether some of what was to be predicted is not in it, for want of room.
    """

    example: int
    ids: NDArray[np.int32]
    asked: NDArray[np.bool_]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text that the model is to continue when it is evaluated, or asked.

    Args:
        example: Index of the example that it is of.
        ids: At least one.
        end: The tokens that end what is written.
    """

    example: int
    ids: tuple[int, ...]
    end: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """One row: one piece, or several.

    Args:
        pieces: At least one.
        prompts: That are continued when the row is evaluated; they are no part of it.
    """

    pieces: tuple[Piece, ...]
    prompts: tuple[Prompt, ...] = ()

    @property
    def example(self) -> int:
        """That of the first piece."""
        return self.pieces[0].example

    @property
    def tokens(self) -> int:
        """T."""
        return sum(len(piece.ids) for piece in self.pieces)

    @property
    def targets(self) -> NDArray[np.int64]:
        """The tokens asked for, in order."""
        return np.concatenate([piece.ids[piece.asked] for piece in self.pieces]).astype(np.int64)

    @property
    def counts(self) -> list[int]:
        """How many tokens each piece asks for. Length P."""
        return [int(piece.asked.sum()) for piece in self.pieces]

    def fingerprint(self) -> bytes:
        """What the model sees of it."""
        return b"".join(piece.ids.tobytes() + piece.asked.tobytes() for piece in self.pieces)


def pack(pieces: Sequence[Piece], *, longest: int) -> list[Pack]:
    """Put pieces into rows: the longest first, each into the fullest row that it fits into, or a new one.

    The rows are in the order of their first pieces, and the pieces of a row in theirs.

    Args:
        pieces: None longer than a row.
        longest: Most tokens of a row.
    """
    order = sorted(range(len(pieces)), key=lambda at: (-len(pieces[at].ids), at))
    rows: list[list[int]] = []
    with_room: dict[int, list[int]] = {}  # free tokens → rows that have so many
    for at in order:
        size = len(pieces[at].ids)
        room = next((free for free in range(size, longest + 1) if with_room.get(free)), None)
        if room is None:
            rows.append([])
            row, room = len(rows) - 1, longest
        else:
            row = with_room[room].pop()
        rows[row].append(at)
        with_room.setdefault(room - size, []).append(row)
    return [Pack(tuple(pieces[at] for at in sorted(row))) for row in sorted(rows, key=min)]


def with_prompts(packs: Sequence[Pack], prompts: Sequence[Prompt]) -> list[Pack]:
    """Rows with prompts, each at the first row that has a piece of its example."""
    of_example: dict[int, list[Prompt]] = {}
    for prompt in prompts:
        of_example.setdefault(prompt.example, []).append(prompt)
    found = []
    for item in packs:
        own = [prompt for piece in item.pieces for prompt in of_example.pop(piece.example, ())]
        found.append(replace(item, prompts=tuple(own)) if own else item)
    return found


def takes_packs(config: Any, *, longest: int) -> bool:
    """Whether a model can be told positions and which token sees which: else it sees one piece a row.

    Args:
        config: Of the model.
        longest: Most tokens of a row. A model that looks back so many tokens and no more would be told to look further.
    """
    window = getattr(config, "sliding_window", None)
    return config.model_type in TAKE_POSITIONS and (window is None or longest <= window)


# They take `position_ids`, and a mask of four dimensions as it is: tried with each, see benchmarks/packing.py.
TAKE_POSITIONS = frozenset(
    (
        *("gemma", "gpt2", "gpt_bigcode", "gpt_neox", "granite", "llama", "mistral", "olmo", "olmo2", "opt", "phi"),
        *("phi3", "qwen2", "qwen3", "smollm3", "stablelm", "starcoder2"),
    )
)


def collate_packs(packs: Sequence[Pack], spec: Spec) -> dict[str, torch.Tensor]:
    """A batch, padded at the end of each row: ids, mask, labels, and which places are asked for, (B, T) each.

    The labels are the tokens themselves where they are asked for; who computes a loss shifts them. With several pieces
    in a row the mask is (B, 1, T, T), zero where a token sees another, very small elsewhere, and there are positions.

    Args:
        packs: The rows.
        spec: Of the model.
    """
    import torch  # noqa: PLC0415  # a cell is read and answered without it

    from ft_magics.models.asked_head import ASKED  # noqa: PLC0415  # the same

    shape = (len(packs), spec.width(max(item.tokens for item in packs)))
    ids = np.full(shape, spec.tokenizer.pad_token_id, dtype=np.int64)
    labels = np.full(shape, IGNORE_INDEX, dtype=np.int64)
    piece_of, positions = np.full(shape, -1, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for row, item in enumerate(packs):
        begin = 0
        for number, piece in enumerate(item.pieces):
            span = slice(begin, begin + len(piece.ids))
            ids[row, span] = piece.ids
            labels[row, span][piece.asked] = piece.ids[piece.asked]
            piece_of[row, span] = number
            positions[row, span] = np.arange(len(piece.ids))
            begin = span.stop
    asked = np.zeros(shape, dtype=np.bool_)
    asked[:, :-1] = labels[:, 1:] != IGNORE_INDEX
    found = {"input_ids": ids, ASKED: asked, "labels": labels}
    if all(len(item.pieces) == 1 for item in packs):
        found["attention_mask"] = (piece_of >= 0).astype(np.int64)
        return {name: torch.from_numpy(item) for name, item in found.items()}
    same = piece_of[:, :, None] == piece_of[:, None, :]
    seen = torch.from_numpy(same & np.tri(shape[1], dtype=np.bool_)[None])[:, None]
    mask = torch.zeros(seen.shape).masked_fill(~seen, torch.finfo(torch.float32).min)
    found["position_ids"] = positions
    return {**{name: torch.from_numpy(item) for name, item in found.items()}, "attention_mask": mask}
