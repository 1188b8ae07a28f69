"""An embedding of which only some rows are trained: those that the training data ask for.

V rows of the vocabulary, U of them used, D numbers each. A row that no batch asks for has a gradient of zero, and an
optimiser that looks at each number alone moves it by its weight decay and by nothing else. So gradient and moments are
needed of U rows; the others are multiplied by what each step decays, all at once, before anybody looks at them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

__all__ = ["CompactEmbedding", "weight_bytes"]

_WHOLE, _PLACES = "whole_weight", "place_of_row"  # buffers of the embedding, so that they move to its device with it
_MOST_WAITING = 64  # decays that wait: applied now and then, the end of a long training is no long wait
_BLOCK = 1 << 16  # numbers that stay in a core's cache while all decays are applied to them


def weight_bytes(model: Any) -> int:
    """Bytes of a model's weights: its parameters, and embedding rows that are none now."""
    held = (*model.parameters(), *model.get_input_embeddings().buffers())
    return sum(item.numel() * item.element_size() for item in held)


class CompactEmbedding:
    """An embedding whose parameter is its used rows alone.

    The other rows are multiplied once for each step, and not by the product of all: what float32 rounds away of a
    number times 1 - 1e-7 is the same at each step and adds up, and the rows are to be those of a plain training.

    Args:
        embedding: A plain one, whose weight no other module has.
        rows: Ids of those that are used, ascending, each once. Shape (U,).
    """

    def __init__(self, embedding: nn.Embedding, rows: torch.Tensor) -> None:
        self._embedding = embedding
        self._rows = rows
        self._is_used = torch.zeros(embedding.num_embeddings, dtype=torch.bool)
        self._is_used[rows] = True
        self._of_rows: nn.Parameter | None = None  # while it is compact
        self._plain: nn.Parameter = embedding.get_parameter("weight")
        self._padding = embedding.padding_idx
        self._waiting: list[float] = []
        self._is_compact = False

    @property
    def used(self) -> int:
        """How many rows are used, U."""
        return len(self._rows)

    @property
    def all(self) -> int:
        """How many there are, V."""
        return self._embedding.num_embeddings

    @property
    def weight(self) -> nn.Parameter:
        """The parameter of the used rows. Shape (U, D).

        Raises:
            RuntimeError: The embedding is not compact now.
        """
        if self._of_rows is None:
            raise RuntimeError("the embedding is whole: there is no parameter of its used rows")
        return self._of_rows

    @contextmanager
    def compact(self) -> Iterator[None]:
        """In the block the used rows are the embedding's parameter; after it the whole is again, brought up to date."""
        embedding, plain = self._embedding, self._plain
        places = torch.full((self.all,), -1)
        places[self._rows] = torch.arange(self.used)
        embedding.register_buffer(_WHOLE, plain.data, persistent=False)
        embedding.register_buffer(_PLACES, places.to(plain.device), persistent=False)
        plain.data = self._whole.new_empty(0)  # it would keep what is moved to another device a second time
        self._of_rows = nn.Parameter(self._whole[self._on_device()], requires_grad=plain.requires_grad)
        hook = embedding.register_forward_pre_hook(self._placed, with_kwargs=True)
        self._make(compact=True)
        try:
            yield
        finally:
            hook.remove()
            self._bring_up_to_date()
            plain.data = self._whole
            plain.requires_grad_(self._of_rows.requires_grad)
            self._make(compact=False)
            self._of_rows = None
            del embedding._buffers[_WHOLE], embedding._buffers[_PLACES]  # noqa: SLF001  # there is no public way

    @contextmanager
    def whole(self) -> Iterator[None]:
        """In the block the embedding has all rows, up to date, to be evaluated, saved or read into.

        The used rows are taken from it after the block. Where it is whole already, this does nothing.
        """
        if not self._is_compact:
            yield
            return
        of_rows = self.weight
        self._bring_up_to_date()
        self._plain.data = self._whole
        self._plain.requires_grad_(of_rows.requires_grad)
        self._make(compact=False)
        try:
            yield
        finally:
            setattr(self._embedding, _WHOLE, self._plain.data)
            self._plain.data = self._whole.new_empty(0)
            with torch.no_grad():
                of_rows.copy_(self._whole[self._on_device()])
            self._make(compact=True)

    def decay(self, share: float) -> None:
        """A step was done in which weights decayed by a share of themselves."""
        if not share:
            return
        self._waiting.append(1 - share)
        if len(self._waiting) >= _MOST_WAITING:
            self._decay_all()

    def fault(self, ids: torch.Tensor) -> int | None:
        """An id that is not of the used rows; None where all are.

        Args:
            ids: Of a batch, on the CPU.
        """
        odd = ids[~self._is_used[ids]]
        return int(odd[0]) if len(odd) else None

    @property
    def _whole(self) -> torch.Tensor:
        found: torch.Tensor = getattr(self._embedding, _WHOLE)
        return found

    def _on_device(self) -> torch.Tensor:
        return self._rows.to(self._whole.device)

    def _placed(self, _: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, dict[str, Any]] | None:
        """Before the embedding: ids of the vocabulary → places among the used rows; of others -1, which is refused."""
        if not self._is_compact:
            return None
        ids = args[0] if args else named["input"]
        return (getattr(self._embedding, _PLACES)[ids],), {}

    def _make(self, *, compact: bool) -> None:
        embedding, padding = self._embedding, self._padding
        embedding.weight = self.weight if compact else self._plain
        if padding is not None:
            embedding.padding_idx = int(torch.searchsorted(self._rows, padding)) if compact else padding
        self._is_compact = compact

    def _bring_up_to_date(self) -> None:
        self._decay_all()
        with torch.no_grad():
            self._whole[self._on_device()] = self.weight.detach()

    def _decay_all(self) -> None:
        with torch.no_grad():
            for block in self._blocks():
                for factor in self._waiting:
                    block.mul_(factor)
        self._waiting.clear()

    def _blocks(self) -> Sequence[torch.Tensor]:
        """Parts that a core's cache holds; of a GPU all at once."""
        whole = self._whole
        rows = max(1, _BLOCK // whole.shape[1]) if whole.device.type == "cpu" else self.all
        return torch.split(whole, rows)
