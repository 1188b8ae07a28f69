"""The generator of a run: the one that is there, one that the cell names, or a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ft_magics.errors import ModelError
from ft_magics.models.heads import Head
from ft_magics.models.sources import find_weights
from ft_magics.tasks.replaced.config import GeneratorSettings

__all__ = ["FOLDER", "check_generator", "complete_with_generator"]

FOLDER = "generator"  # in the folder of a model
_DROPOUTS = ("hidden_dropout_prob", "attention_probs_dropout_prob")


def complete_with_generator(
    model: Any, folder: str, settings: GeneratorSettings, *, fresh: bool, seed: int
) -> list[str]:
    """Put a generator into a discriminator.

    Args:
        model: The discriminator.
        folder: Of it; a run's has the generator inside.
        settings: Of the cell.
        fresh: Whether it is going to be trained; else the generator is the one in the folder, or none.
        seed: Of a new one.

    Returns:
        A sentence on it.

    Raises:
        ModelError: It cannot be read, or does not go with the discriminator.
    """
    from ft_magics.models.generator import add_generator, generator_config, new_generator  # noqa: PLC0415  # torch

    source = _source(folder, settings, fresh=fresh)
    if source is None and not fresh:
        add_generator(model, None)
        return []
    if source is None:
        sizes = settings.model_dump(exclude={"model"}, exclude_none=True)
        generator, origin = new_generator(generator_config(model.config, **sizes), seed), "new, of random numbers"
    else:
        generator, origin = _loaded(source, model.config), f"from {source}"
    config = generator.config
    shared = add_generator(model, generator)
    known = {id(item) for item in model.base_model.parameters()}
    own = sum(item.numel() for item in generator.parameters() if id(item) not in known)
    embeddings = "shares the embeddings" if shared else "has embeddings of its own, which are of another size"
    said = (
        f"the generator is {origin}: {config.num_hidden_layers} layers, {config.hidden_size} wide, "
        f"{config.num_attention_heads} heads; it {embeddings}, and {own:,} parameters are its own"
    )
    return [said]


def check_generator(settings: GeneratorSettings) -> None:
    """See that the generator which a cell names is there.

    Raises:
        ModelError: It is not.
    """
    if settings.model is not None:
        try:
            find_weights(settings.model)
        except ModelError as error:
            raise ModelError(f"objective.rtd.generator.{error}") from error


def _source(folder: str, settings: GeneratorSettings, *, fresh: bool) -> str | None:
    if fresh and settings.model is not None:
        return find_weights(settings.model)
    there = Path(folder) / FOLDER
    kept = (there / "config.json").is_file() and not (fresh and settings.model_fields_set)
    return str(there) if kept else None


def _loaded(source: str, config: Any) -> Any:
    """A generator that is trained already.

    Args:
        source: Its folder.
        config: Of the discriminator.

    Raises:
        ModelError: It is none for this discriminator.
    """
    from ft_magics.models.loading import load_model  # noqa: PLC0415  # torch only where a model is loaded

    def drop_as_much(theirs: Any) -> None:
        for name in _DROPOUTS:
            setattr(theirs, name, getattr(config, name))

    head = Head(kind="AutoModelForMaskedLM", labels=(), use="filling in masked tokens")
    generator = load_model(source, head, fresh=False, adjust=drop_as_much)
    theirs = generator.config
    if theirs.model_type != config.model_type:
        raise ModelError(
            f"objective: the generator in {source} is a {theirs.model_type} model, and this objective needs one of the "
            f"kind {config.model_type}, such as `google/electra-small-generator`"
        )
    for key, enough in (("vocab_size", "another vocabulary"), ("max_position_embeddings", "fewer positions")):
        mine, own = getattr(config, key), getattr(theirs, key)
        if own < mine or (key == "vocab_size" and own != mine):
            raise ModelError(
                f"objective: the generator in {source} has {enough} than the model (`{key}: {own}`, not {mine}); take "
                "the one that was trained with it, or a new one: `generator: {share: 0.25}`"
            )
    return generator
