"""A generator within an ELECTRA discriminator: it fills in what is masked, and the discriminator reads the result.

Hooks do it, so that the model that is saved is transformers' own class. They work within the model's forward pass, and
so in the precision that it computes in.

Shapes: B batch, T tokens, N masked tokens, V vocabulary.
Source: Clark et al. 2020 (ELECTRA), section 3.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import torch
from torch import nn
from transformers import ElectraForMaskedLM

from ft_magics.errors import ModelError
from ft_magics.models.asked_head import ASKED, compute_where_asked
from ft_magics.models.companions import hold_companion
from ft_magics.models.own_random_numbers import OwnRandomNumbers

__all__ = ["FILLED", "ORIGINAL", "UNIFORMS", "add_generator", "draw_tokens", "generator_config", "new_generator"]

ORIGINAL = "original"  # name in a batch of the (B, T) tokens of the text
UNIFORMS = "uniforms"  # name in a batch of (B, T) numbers from 0 to 1, by which tokens are drawn
FILLED = "filled"  # name in the outputs of the (B, T) tokens that the discriminator read
_NAME = "generator"
_HEAD_WIDTH = 64


def generator_config(
    config: Any,
    *,
    share: float,
    layers: int | None = None,
    hidden_size: int | None = None,
    heads: int | None = None,
    intermediate_size: int | None = None,
) -> Any:
    """The config of a generator for a discriminator: like it, but narrower, with embeddings of the same width.

    Args:
        config: The discriminator's.
        share: Of its width.
        layers: Of the generator; None for as many.
        hidden_size: Its width; None for the share.
        heads: Of the attention; None for one for each 64 of the width.
        intermediate_size: Of the feed-forward block; None for 4 times the width.

    Raises:
        ModelError: There is no model of these sizes.

    Source: Clark et al. 2020, section 3.2 and appendix A; the rule for heads is that of their code.
    """
    wanted = hidden_size or round(share * config.hidden_size)
    parts = heads or max(1, wanted // _HEAD_WIDTH)
    width = hidden_size or parts * max(1, round(wanted / parts))
    if width % parts:
        raise ModelError(
            f"objective: the generator's `hidden_size: {width}` cannot be shared out to `heads: {parts}`; take "
            f"`hidden_size: {width - width % parts or parts}`, or another number of heads"
        )
    found = deepcopy(config)
    found.hidden_size, found.num_attention_heads = width, parts
    found.num_hidden_layers = layers or config.num_hidden_layers
    found.intermediate_size = intermediate_size or 4 * width
    return found


def new_generator(config: Any, seed: int) -> Any:
    """A generator with random weights, from numbers of its own: torch's generator is left alone.

    Args:
        config: As `generator_config` gives it.
        seed: Of the numbers.
    """
    with OwnRandomNumbers(seed):
        return ElectraForMaskedLM(config)


def add_generator(model: Any, generator: Any | None) -> bool:
    """Let a discriminator take a batch with masked tokens: `asked`, `original` and `uniforms` beside `input_ids`.

    Its outputs then have `generator_logits` (N, V), `filled` (B, T), which it read in place of `input_ids`, and
    `replaced` (B, T), which of these are not the text's. Without these inputs it is as it was.

    Args:
        model: An `ElectraForPreTraining`.
        generator: An `ElectraForMaskedLM` of the same vocabulary, which becomes part of the model. None for no
            generator: then no token can be masked.

    Returns:
        Whether both have the same embeddings now, those of the discriminator: word, position and type, with their
        norm. They differ where their widths do.

    Source: Clark et al. 2020, section 3.2 (weight sharing).
    """
    shared = generator is not None and _share_embeddings(model, generator)
    if generator is not None:
        compute_where_asked(generator)
        hold_companion(model, generator, _NAME)
    filling = _Filling(generator)
    model.register_forward_pre_hook(filling.take, with_kwargs=True)
    model.base_model.register_forward_pre_hook(filling.fill, with_kwargs=True)
    model.register_forward_hook(filling.give)
    return shared


def _share_embeddings(model: Any, generator: Any) -> bool:
    mine, theirs = model.base_model.embeddings, generator.base_model.embeddings
    sizes = [{name: item.shape for name, item in each.named_parameters()} for each in (mine, theirs)]
    if sizes[0] != sizes[1]:
        return False
    generator.base_model.embeddings = mine
    generator.get_output_embeddings().weight = mine.word_embeddings.weight
    return True


def draw_tokens(logits: torch.Tensor, uniforms: torch.Tensor) -> torch.Tensor:
    """A token from each distribution, by one number of its own: the first whose cumulated probability exceeds it.

    Args:
        logits: (N, V).
        uniforms: From 0 to 1, without 1. (N,).

    Returns:
        Ids. (N,). The same number and the same logits give the same token, on whatever device.
    """
    with torch.no_grad():
        cumulated = logits.detach().float().softmax(dim=-1).cumsum(dim=-1)
        wanted = uniforms.to(cumulated) * cumulated[:, -1]
        found = torch.searchsorted(cumulated, wanted[:, None], right=True)[:, 0]
        return found.clamp(max=logits.shape[1] - 1)


class _Filling:
    """What is masked in the forward pass that is being done, and what the generator put there.

    Args:
        generator: None for none.
    """

    def __init__(self, generator: Any | None) -> None:
        self._generator = generator
        self._batch: dict[str, torch.Tensor] = {}
        self._found: dict[str, torch.Tensor] = {}

    def take(self, _: nn.Module, args: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Before the model: what is for the generator is not for the discriminator."""
        left = dict(named)
        self._batch = {name: left.pop(name) for name in (ASKED, ORIGINAL, UNIFORMS) if name in left}
        self._found = {}
        return args, left

    def fill(
        self, body: nn.Module, args: tuple[Any, ...], named: Mapping[str, Any]
    ) -> tuple[Any, Mapping[str, Any]] | None:
        """Before the discriminator's body: it gets what the generator filled in."""
        if not self._batch:
            return None
        ids, others = (args[0], args[1:]) if args else (named["input_ids"], ())
        asked, original = self._batch[ASKED], self._batch[ORIGINAL]
        if self._generator is None and bool(asked.any()):
            raise ModelError(
                "model: there is no generator beside this model (a folder `generator` in its own), so no token can be "
                "replaced to evaluate it; `predict` needs none, and a run of `objective: rtd` makes one"
            )
        filled = ids
        if self._generator is not None and (body.training or bool(asked.any())):
            logits = self._generator(input_ids=ids, attention_mask=named.get("attention_mask"), **{ASKED: asked})[
                "logits"
            ]
            filled = ids.masked_scatter(asked, draw_tokens(logits, self._batch[UNIFORMS][asked]))
        else:
            logits = torch.zeros((0, 1), device=ids.device)
        self._found = {"generator_logits": logits, FILLED: filled, "replaced": filled != original}
        if args:
            return (filled, *others), named
        return args, {**named, "input_ids": filled}

    def give(self, _: nn.Module, __: tuple[Any, ...], outputs: Any) -> Any:
        """After the model: what was found on the way is beside its outputs, and is not kept here.

        A plain dict: `DistributedDataParallel` makes a model's outputs again, and knows the fields of their class only.
        """
        found, self._batch, self._found = self._found, {}, {}
        return {**outputs, **found} if found else outputs
