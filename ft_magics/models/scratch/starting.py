"""The model of a cell that says `model: {shape: …}`: from random numbers, or from another model's layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ft_magics.config.scratch import WRITING_SHAPES, NewModelSettings
from ft_magics.models.heads import Head
from ft_magics.models.loading import load_model, load_tokenizer
from ft_magics.models.own_random_numbers import OwnRandomNumbers
from ft_magics.models.scratch.copying import copy_model
from ft_magics.models.scratch.language_head import fresh_head_names
from ft_magics.models.scratch.new_model import describe_model, new_model, sizes_of
from ft_magics.models.weight_files import open_weights

__all__ = ["start_model"]

_NO_LABELS = ("LABEL_0", "LABEL_1")  # transformers' own placeholders


def start_model(
    settings: NewModelSettings, tokenizer: Any, head: str, seed: int, *, source: str | None = None
) -> tuple[Any, list[str]]:
    """A model as the cell says, and sentences on what it is and what of it is copied.

    Args:
        settings: What the cell says.
        tokenizer: Its tokens are those of the model.
        head: A class of transformers, such as `AutoModelForMaskedLM`.
        seed: Of all that is random; torch's own generator is left alone.
        source: The folder of the model in `init`, as `find_weights` gives it; None without `init`.

    Raises:
        ModelError: As `new_model` and `copy_model`, or the model in `init` cannot be loaded.
    """
    if source is None:
        model = new_model(settings, tokenizer, head, seed)
        return model, [f"from nothing: {describe_model(model)}"]
    kind = "AutoModelForCausalLM" if settings.shape in WRITING_SHAPES else "AutoModelForMaskedLM"
    with OwnRandomNumbers(seed):
        trained = load_model(source, Head(kind=kind, labels=_NO_LABELS, use="pre-training"))
    model = new_model(settings, tokenizer, head, seed, source=sizes_of(trained.config))
    copied = copy_model(
        model,
        tokenizer,
        trained,
        load_tokenizer(source),
        layers=settings.init.layers if settings.init else None,
        fresh_in_source=fresh_head_names(trained, open_weights(Path(source)).shapes),
    )
    return model, [describe_model(model), copied.said]
