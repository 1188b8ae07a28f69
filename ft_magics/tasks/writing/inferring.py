"""What is kept of a batch of rows: sums per piece, and what was written; never a split's logits.

Shapes: N tokens asked for, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ft_magics.evaluation.language.blanks import Blank
from ft_magics.evaluation.language.evaluate import Counted
from ft_magics.tasks.causal.loss import asked_logits
from ft_magics.tasks.writing.pieces import Pack, Prompt

if TYPE_CHECKING:
    import torch

__all__ = ["KeptRow", "Sums", "kept_rows", "sums_of"]

_AT_ONCE = 1024  # rows of logits whose shares are in memory together

Write = Callable[[Sequence[Prompt]], list[list[int]]]  # what the model writes after each


@dataclass(frozen=True, slots=True)
class KeptRow:
    """Of one row.

    Args:
        sums: Of each piece the tokens asked for, the sum of their losses in nats, how many are right.
        written: What the model wrote after each of the row's prompts.
    """

    sums: list[tuple[int, float, int]]
    written: list[list[int]]


def kept_rows(inputs: Mapping[str, torch.Tensor], outputs: Any, packs: Sequence[Pack], write: Write) -> list[KeptRow]:
    """What is kept of a batch.

    Args:
        inputs: As the task's collate made them.
        outputs: The model's.
        packs: The rows.
        write: Continues prompts.
    """
    import torch  # noqa: PLC0415  # a cell is read and answered without it

    from ft_magics.models.asked_head import ASKED  # noqa: PLC0415  # the same

    logits = asked_logits(outputs, inputs[ASKED][:, :-1])
    targets = torch.from_numpy(np.concatenate([item.targets for item in packs])).to(logits.device)
    losses, right = [np.zeros(0)], [np.zeros(0, dtype=np.bool_)]
    for begin in range(0, len(targets), _AT_ONCE):
        part, target = logits[begin : begin + _AT_ONCE], targets[begin : begin + _AT_ONCE]
        found = torch.logsumexp(part, dim=-1) - part.gather(1, target[:, None])[:, 0]
        losses.append(found.double().cpu().numpy())
        right.append((part.argmax(dim=-1) == target).cpu().numpy())
    loss, hit = np.concatenate(losses), np.concatenate(right)
    prompts = [prompt for item in packs for prompt in item.prompts]
    written = iter(write(prompts) if prompts else [])
    kept, at = [], 0
    for item in packs:
        sums = []
        for count in item.counts:
            span = slice(at, at + count)
            sums.append((count, float(loss[span].sum()), int(hit[span].sum())))
            at += count
        kept.append(KeptRow(sums, [next(written) for _ in item.prompts]))
    return kept


@dataclass(slots=True)
class Sums:
    """Of one example; `cut` holds the tokens that were asked for, where that is not all of what is to be learned."""

    asked: int = 0
    loss: float = 0.0
    right: int = 0
    written: list[list[int]] = field(default_factory=list)
    cut: list[int] = field(default_factory=list)

    def counted(self, learned: str, blanks: Sequence[Blank]) -> Counted:
        """The prediction of the example.

        Args:
            learned: The text that was asked for.
            blanks: What was written.
        """
        return Counted(
            asked=self.asked,
            loss=self.loss,
            right=self.right,
            tokens=self.asked,
            utf8_bytes=len(learned.encode(errors="surrogatepass")),
            blanks=tuple(blanks),
        )


def sums_of(count: int, packs: Sequence[Pack], kept: Sequence[KeptRow]) -> list[Sums]:
    """The sums of each example, and what was written of each, in order.

    Args:
        count: Of examples, S.
        packs: Their rows.
        kept: Of each row.
    """
    found = [Sums() for _ in range(count)]
    cut = {piece.example for item in packs for piece in item.pieces if piece.cut}
    for item, row in zip(packs, kept, strict=True):
        for piece, (asked, loss, right) in zip(item.pieces, row.sums, strict=True):
            own = found[piece.example]
            own.asked, own.loss, own.right = own.asked + asked, own.loss + loss, own.right + right
            if piece.example in cut:
                own.cut += piece.ids[piece.asked].tolist()
        for prompt, ids in zip(item.prompts, row.written, strict=True):
            own = found[prompt.example]
            own.written.append(ids)
    return found
