"""The model that training begins with: an encoder-decoder as it is, or one made of an encoder, kept in the cache."""

from __future__ import annotations

import json
from pathlib import Path

from ft_magics.models.heads import Head
from ft_magics.tasks.language.new_model import SAID, key_of, made_once

__all__ = ["HEAD_KINDS", "begin_with_encoder"]

HEAD_KINDS = (  # of the models of transformers that read a text and write another; the others listen
    *("bart", "bigbird_pegasus", "blenderbot", "blenderbot-small", "encoder-decoder", "led", "longt5", "m2m_100"),
    *("marian", "mbart", "mt5", "mvp", "pegasus", "pegasus_x", "plbart", "prophetnet", "switch_transformers", "t5"),
    "umt5",
)


def begin_with_encoder(source: str, name: str, head: Head, *, seed: int) -> tuple[str, list[str]]:
    """The folder of an encoder-decoder, and sentences on how it was made; none for one that is there.

    Args:
        source: The folder of a model.
        name: As the cell names it.
        head: Which model is needed.
        seed: Of the weights that are new.

    Raises:
        ModelError: It is neither an encoder-decoder nor an encoder that one can be made of.
    """
    from ft_magics.models.base import base_of  # noqa: PLC0415  # torch only when asked
    from ft_magics.models.warm_start import is_encoder_decoder, make_encoder_decoder  # noqa: PLC0415  # the same

    if is_encoder_decoder(source, head):
        return source, []

    def make(folder: Path) -> None:
        from ft_magics.models.quiet import quiet_transformers  # noqa: PLC0415  # torch only when asked

        model, tokenizer, said = make_encoder_decoder(source, seed, name=name)
        with quiet_transformers():
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
        (folder / SAID).write_text(json.dumps(said), encoding="utf-8")

    folder = made_once(key_of("encoder-decoder", base_of(name, source).sha256, name, seed), make)
    said: list[str] = json.loads((folder / SAID).read_text(encoding="utf-8"))
    return str(folder), said
