"""The frozen bottom of a model: what lies below all that is trained, and so gives the same for a row in every epoch.

It is the whole backbone, where the head alone is trained, or the embeddings and the lowest layers. Nothing here knows
an architecture: a bottom is what has no gradient, and it is taken only where the rest of the model, given what the
bottom gave before, answers as it did. Shapes: B batch, T tokens, D hidden.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Literal

import torch
from torch import nn
from transformers.utils import ModelOutput

__all__ = ["KEPT", "FrozenBottom", "Kind", "find_frozen_bottom"]

KEPT = "kept."  # how the names of kept states begin in a batch
_OF_A_LAYER = "states"
_CLOSE = 1e-5

# What is kept of a tensor of the bottom: all tokens, the first token of a row, one vector a row, or nothing at all.
Kind = Literal["tokens", "first", "row", "unread"]


class _Enough(Exception):  # noqa: N818  # no error: the bottom is done, and the rest need not be computed
    """The bottom has given what is kept."""


class FrozenBottom:
    """A bottom, whose work can be left out where it was done before.

    Args:
        model: A `PreTrainedModel` with a head.
        parts: Modules that make up the bottom, in the order in which they compute: the backbone, or layers.
        quiet: Modules that make up the bottom with what lies below its parts, by name.
        like: What the last of the parts gave for a batch.
        title: What it is, in a few words.

    Attributes:
        title: As given.
        quiet_names: Names of the modules that run without dropout.
        kinds: What is kept of each tensor that the bottom gives.
    """

    def __init__(
        self, model: Any, parts: Sequence[nn.Module], quiet: Mapping[str, nn.Module], like: Any, *, title: str
    ) -> None:
        self._model, self._parts, self._quiet, self._like = model, list(parts), list(quiet.values()), like
        self.quiet_names = list(quiet)
        self._now: Mapping[str, torch.Tensor] | None = None
        self._asked = threading.local()  # whether this thread wants no more than the bottom, and what that gave
        self._shape = (0, 0)
        self.title = title
        self.kinds: dict[str, Kind] = {
            name: "row" if item.dim() == 2 else "tokens"  # (B, D) or (B, T, D)
            for name, item in _tensors(like).items()
        }

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """In the block the bottom runs without dropout, and not at all for batches that hold what it gave before."""
        with ExitStack() as stack:
            for part in self._parts:
                stack.enter_context(_with(part, "forward", partial(self._forward, part.forward)))
            for module in self._quiet:
                stack.callback(self._as_model, module)
                stack.enter_context(_with(module.eval(), "train", partial(_stays_quiet, module)))
            hook = self._model.register_forward_pre_hook(self._take, with_kwargs=True)
            stack.callback(hook.remove)
            stack.callback(self._parts[-1].register_forward_hook(self._note).remove)
            try:
                yield
            finally:
                self._now = None

    def bytes_for(self, *, rows: int, tokens: int) -> int:
        """What is kept of so many rows takes at most.

        Args:
            rows: How many.
            tokens: Of all of them.
        """
        given = _tensors(self._like)
        counts = {"tokens": tokens, "first": rows, "row": rows, "unread": 0}
        return sum(counts[self.kinds[name]] * item.shape[-1] * item.element_size() for name, item in given.items())

    def run(self, batch: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """What the bottom gives for a batch, without what the model does not read; it is in use.

        Several threads may do this at once.

        Args:
            batch: As the model takes it, on its device.

        Returns:
            Each (B, T, D), (B, D) where one vector a row is kept.
        """
        self._asked.found = {}
        try:
            with torch.no_grad():
                self._model(**batch)
        except _Enough:
            pass
        found = self._asked.__dict__.pop("found")
        cut = {name: item[:, 0] if self.kinds[name] == "first" else item for name, item in found.items()}
        return {name: item for name, item in cut.items() if self.kinds[name] != "unread"}

    def look(self, batch: Mapping[str, torch.Tensor]) -> str:
        """See whether the rest of the model can do with what was kept, and what of it it reads.

        A number that is read turns what is computed of it into NaN, if it is one itself; so NaN where it changes
        nothing says that it is not read.

        Args:
            batch: For which the bottom gave `like`.

        Returns:
            Why it cannot be used; empty where it can.
        """
        given = _tensors(self._like)
        shape = tuple(batch["attention_mask"].shape)
        if not all(item.shape[: item.dim() - 1] == shape[: item.dim() - 1] for item in given.values()):
            return "its states are no rows of tokens"
        at_left = bool(batch["attention_mask"][:, 0].all())  # the first token is at the left, and not padding
        plain = self._answer(batch, {})
        with self.in_use():
            same = self._answer(batch, given)
            if len(plain) != len(same) or not all(
                torch.allclose(one, other, atol=_CLOSE) for one, other in zip(plain, same, strict=True)
            ):
                return "what is trained looks at more of it than its output"
            for name, item in given.items():
                if len(self._parts) > 1 or not isinstance(self._like, ModelOutput):
                    break  # layers above read all tokens
                nothing = torch.full_like(item, torch.nan)
                first = nothing.clone()
                first[:, 0] = item[:, 0]
                if _equal(same, self._answer(batch, {**given, name: nothing})):
                    self.kinds[name] = "unread"
                elif (
                    at_left
                    and self.kinds[name] == "tokens"
                    and _equal(same, self._answer(batch, {**given, name: first}))
                ):
                    self.kinds[name] = "first"
        return "nothing of it is read" if set(self.kinds.values()) == {"unread"} else ""

    def _answer(self, batch: Mapping[str, torch.Tensor], given: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
        with torch.no_grad():
            outputs = self._model(**batch, **{KEPT + name: item for name, item in given.items()})
        return [item for item in outputs.values() if isinstance(item, torch.Tensor)]

    def _take(self, _: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Before the model: what was kept is for the bottom, not for the model."""
        kept = {name.removeprefix(KEPT): item for name, item in named.items() if name.startswith(KEPT)}
        self._now = kept or None
        if kept:
            self._shape = tuple(named["attention_mask"].shape[:2])
        return args, {name: item for name, item in named.items() if not name.startswith(KEPT)}

    def _note(self, _: nn.Module, __: Any, output: Any) -> None:
        """After the last part: where no more is wanted, the rest of the model is not computed."""
        if hasattr(self._asked, "found"):
            self._asked.found.update(_tensors(output))
            raise _Enough

    def _as_model(self, module: nn.Module) -> None:
        module.train(self._model.training)

    def _forward(self, plain: Any, *args: Any, **named: Any) -> Any:
        if self._now is None:
            return plain(*args, **named)
        given = {name: self._whole(name, item) for name, item in _tensors(self._like).items()}
        if isinstance(self._like, ModelOutput):
            return type(self._like)(**given)
        return given[_OF_A_LAYER] if isinstance(self._like, torch.Tensor) else (given[_OF_A_LAYER], *self._like[1:])

    def _whole(self, name: str, like: torch.Tensor) -> torch.Tensor:
        """A tensor as the bottom gives it; what nobody reads is NaN, so that it would be seen if somebody did."""
        (rows, tokens), now, kind = self._shape, self._now or {}, self.kinds[name]
        if kind == "first" and now[name].dim() == 2:  # (B, D)
            return now[name][:, None].expand(-1, tokens, -1)
        if name in now:
            return now[name]
        some = next(iter(now.values()))
        shape = (rows, tokens)[: like.dim() - 1] + like.shape[-1:]
        return some.new_full((), torch.nan).expand(shape)


def find_frozen_bottom(
    model: Any, *, body: str, layers: Sequence[str], embeddings: Sequence[str], batch: Mapping[str, torch.Tensor]
) -> FrozenBottom | str:
    """The bottom of a model, as large as it can be.

    Args:
        model: A `PreTrainedModel` with a head; what is trained of it has `requires_grad`.
        body: The name of its backbone.
        layers: Names of the backbone's layers, each of which computes once; the lowest first.
        embeddings: Names of modules that lie below all layers.
        batch: Some rows, as the model takes them: `attention_mask` is (B, T).

    Returns:
        The bottom; or, where there is none, why, as a part of a sentence.
    """
    named = dict(model.named_modules())
    if batch["attention_mask"].dim() != 2 or body not in named or not all(name in named for name in layers):
        return "its layers are not known here"
    was_training = model.training
    model.eval()
    try:
        outputs = _outputs(model, [named[body], *(named[name] for name in layers)], batch)
        found: FrozenBottom | None = None
        if isinstance(outputs[0], ModelOutput) and _is_frozen(outputs[0]):
            found = FrozenBottom(model, [named[body]], {body: named[body]}, outputs[0], title="the whole encoder")
        depth = next((at for at, output in enumerate(outputs[1:]) if not _is_frozen(output)), len(layers))
        if found is None and depth:
            quiet = {name: module for name, module in named.items() if name in (*embeddings, *layers[:depth])}
            parts = [named[name] for name in layers[:depth]]
            title = "the embeddings and the lowest layer" if depth == 1 else f"the embeddings and {depth} layers"
            found = FrozenBottom(model, parts, quiet, outputs[depth], title=title)
        if found is None:
            return "something is trained in its lowest layer, or below"
        if any(part._forward_hooks or part._forward_pre_hooks for part in found._parts):  # noqa: SLF001  # torch's own have no public way
            return "something else changes what its layers give"
        return found.look(batch) or found
    finally:
        model.train(was_training)


def _outputs(model: nn.Module, modules: Sequence[nn.Module], batch: Mapping[str, torch.Tensor]) -> list[Any]:
    """What each of some modules gives for a batch, with its history, which says whether anything in it is trained."""
    found: list[Any] = [None] * len(modules)

    def note(at: int, _: nn.Module, __: Any, output: Any) -> None:
        found[at] = output

    hooks = [module.register_forward_hook(partial(note, at)) for at, module in enumerate(modules)]
    try:
        with torch.enable_grad():
            model(**batch)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _is_frozen(output: Any) -> bool:
    """Whether no parameter that is trained has a part in a module's output, and the output is of a kind known here."""
    tensors = _tensors(output).values()
    return bool(tensors) and not any(item.requires_grad for item in tensors)


def _tensors(output: Any) -> dict[str, torch.Tensor]:
    """The tensors of a module's output by name; none where there is something in it that could not be given again."""
    if isinstance(output, ModelOutput):
        items = dict(output.items())
        return items if all(isinstance(item, torch.Tensor) for item in items.values()) else {}
    first = output[0] if isinstance(output, tuple) and all(item is None for item in output[1:]) else output
    return {_OF_A_LAYER: first} if isinstance(first, torch.Tensor) else {}


def _equal(some: Sequence[torch.Tensor], others: Sequence[torch.Tensor]) -> bool:
    return all(torch.equal(one, other) for one, other in zip(some, others, strict=True))


def _stays_quiet(module: nn.Module, mode: bool = True) -> nn.Module:  # noqa: ARG001  # torch's name for it
    """What `train` does meanwhile."""
    return module


@contextmanager
def _with(module: nn.Module, name: str, value: Any) -> Iterator[None]:
    """In the block a method of one module is another one."""
    before = vars(module).get(name)
    setattr(module, name, value)
    try:
        yield
    finally:
        delattr(module, name)
        if before is not None:
            setattr(module, name, before)
