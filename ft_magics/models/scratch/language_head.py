"""A model that fills gaps, of a checkpoint that has no head for it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from ft_magics.models.heads import Head
from ft_magics.models.loading import load_model
from ft_magics.models.own_random_numbers import OwnRandomNumbers
from ft_magics.models.weight_files import open_weights

__all__ = ["fresh_head_names", "load_masked", "seed_fresh_head"]

_NO_LABELS = ("LABEL_0", "LABEL_1")  # transformers' own placeholders
_SPREAD = 0.02  # of BERT's initial weights


def load_masked(source: str, seed: int) -> tuple[Any, str]:
    """A model that fills gaps, and a sentence on what of it is not trained yet.

    Args:
        source: What `find_weights` gave.
        seed: Of what is fresh.

    Returns:
        `AutoModelForMaskedLM`, its output tied to its embeddings, and a sentence; empty where the checkpoint has all.

    Raises:
        ModelError: As `load_model`.
    """
    with OwnRandomNumbers(seed):
        model = load_model(source, Head(kind="AutoModelForMaskedLM", labels=_NO_LABELS, use="filling gaps"))
    fresh = fresh_head_names(model, open_weights(Path(source)).shapes)
    return model, seed_fresh_head(model, fresh, seed)


def fresh_head_names(model: Any, there: Iterable[str]) -> list[str]:
    """The parameters of a model's head that a checkpoint lacks; what is tied to another parameter is none.

    Args:
        model: As it was loaded.
        there: The names of the checkpoint's tensors.
    """
    names, prefix = set(there), f"{model.base_model_prefix}."
    tied = dict(getattr(model, "all_tied_weights_keys", None) or {})
    tied |= {there: here for here, there in tied.items()}
    return [
        name
        for name, _ in model.named_parameters()
        if not name.startswith(prefix) and name not in names and tied.get(name) not in names
    ]


def seed_fresh_head(model: Any, fresh: Iterable[str], seed: int) -> str:
    """Give the fresh parameters of a language model's head their first values, from a generator of their own.

    Maps are normal with the spread of the model's config, norms are ones, biases zeros; the output's map stays tied to
    the embeddings.

    Args:
        model: With a language model's head.
        fresh: Names of the parameters that the checkpoint lacks, as `fresh_head_names` gives them.
        seed: Of the generator; torch's own is left alone.

    Returns:
        A sentence on what is fresh; empty where nothing is.
    """
    parameters = dict(model.named_parameters())
    output, embeddings = model.get_output_embeddings(), model.get_input_embeddings()
    names = [name for name in fresh if parameters[name] is not embeddings.weight]
    if not names:
        return ""
    generator = torch.Generator().manual_seed(seed)
    spread = float(getattr(model.config, "initializer_range", _SPREAD))
    for name in names:
        parameter = parameters[name]
        with torch.no_grad():
            if parameter.dim() > 1:
                values = torch.empty(parameter.shape).normal_(0.0, spread, generator=generator)
                parameter.copy_(values.to(parameter))
            else:
                parameter.fill_(0.0 if name.endswith("bias") else 1.0)
    count = sum(parameters[name].numel() for name in names)
    output_is = "the output is tied to the embeddings, which are trained"
    if output is None or output.weight is not embeddings.weight:
        output_is = "the output is not tied to the embeddings"
    return (
        f"the checkpoint has no head that predicts tokens: {count:,} parameters of it are fresh "
        f"({_places(names)}; seed {seed}); {output_is}"
    )


def _places(names: list[str]) -> str:
    """What of the head the parameters belong to, in words."""
    inner = any("transform" in name or name.startswith(("head.", "lm_head.dense")) for name in names)
    bias = any(name.endswith(("decoder.bias", "predictions.bias", "lm_head.bias")) for name in names)
    said = ["its transform, random"] * inner + ["its bias, zeros"] * bias
    return ", ".join(said) or ", ".join(names[:3])
