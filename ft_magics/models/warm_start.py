"""An encoder → an encoder-decoder whose both halves begin with its weights.

Only the cross-attention, through which the decoder sees what the encoder read, has no weights to begin with; and the
output head, where the encoder has none. What comes out is transformers' own `EncoderDecoderModel`.

Source: Rothe, Narayan & Severyn 2020, section 2 (BERT2BERT).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import EncoderDecoderConfig, EncoderDecoderModel

from ft_magics.errors import ModelError
from ft_magics.models.configs import build_config, check_sizes, not_theirs, not_two_parts, read_config
from ft_magics.models.faults import plain_errors
from ft_magics.models.heads import Head
from ft_magics.models.loading import load_tokenizer
from ft_magics.models.own_random_numbers import OwnRandomNumbers
from ft_magics.models.quiet import quiet_transformers
from ft_magics.models.weight_files import open_weights, read_json

__all__ = ["KINDS", "is_encoder_decoder", "make_encoder_decoder"]

KINDS = ("bert", "camembert", "electra", "roberta", "xlm-roberta")  # whose layers take a cross-attention
_ENCODER = Head(kind="AutoModelForMaskedLM", labels=("LABEL_0", "LABEL_1"), use="warm-starting an encoder-decoder")


def is_encoder_decoder(source: str, head: Head) -> bool:
    """Whether a folder holds an encoder-decoder; else it holds an encoder that one can be made of.

    Args:
        source: The folder.
        head: Which model is needed.

    Raises:
        ModelError: It is neither.
    """
    kind = read_json(Path(source) / "config.json").get("model_type")
    if isinstance(kind, str) and head.takes(kind):
        return True
    if kind in KINDS:
        return False
    raise not_two_parts(source, f"{kind!s:.80}" if kind else "nameless", head)


def make_encoder_decoder(source: str, seed: int, *, name: str = "") -> tuple[Any, Any, list[str]]:
    """An encoder-decoder, its tokenizer, and sentences on where its weights come from.

    Args:
        source: The folder of an encoder.
        seed: Of the weights that are new; torch's own generator is left alone.
        name: What the encoder is called; its folder's name without one.

    Raises:
        ModelError: It cannot be loaded, or is no encoder.
    """
    folder = Path(source)
    said: list[str] = []
    tokenizer = load_tokenizer(source, writes=True, say=said.append)
    with plain_errors(source), quiet_transformers():
        weights = open_weights(folder)
        config = build_config(folder, read_config(folder, _ENCODER), weights, _ENCODER, fresh=True)
        check_sizes(source, config, weights, _ENCODER)
        ends = _special_tokens(source, tokenizer)
        both = EncoderDecoderConfig(encoder=_part(config), decoder=_part(config, decodes=True), **ends)
        both.tie_word_embeddings = False  # of the two halves, each of which has its own embeddings
        with OwnRandomNumbers(seed):
            model = EncoderDecoderModel(both)
        model.config.vocab_size = config.vocab_size
        tensors = weights.tensors()
        missing = _fill(model.encoder, tensors, optional=(".pooler.", "pooler."))
        if missing:
            raise not_theirs(source, missing)
        new = _fill(model.decoder, tensors)
        model.generation_config.update(**ends)
    model.generation_config._from_model_config = False  # noqa: SLF001  # it says more than the config now
    return model, tokenizer, [_said(name or folder.name, model, new), *said]


def _part(config: Any, *, decodes: bool = False) -> dict[str, Any]:
    """The config of a half, as plain data."""
    found: dict[str, Any] = config.to_dict()
    for name in ("id2label", "label2id", "architectures", "problem_type"):
        found.pop(name, None)
    return found | ({"is_decoder": True, "add_cross_attention": True} if decodes else {})


def _special_tokens(source: str, tokenizer: Any) -> dict[str, int]:
    """The tokens that texts begin with, end with, and are filled up with."""
    begin = tokenizer.cls_token_id if tokenizer.cls_token_id is not None else tokenizer.bos_token_id
    end = tokenizer.sep_token_id if tokenizer.sep_token_id is not None else tokenizer.eos_token_id
    if begin is None or end is None:
        raise ModelError(
            f"model: the tokenizer of {source} has no tokens that a text begins and ends with, such as [CLS] and "
            "[SEP], and a decoder needs both; set `tokenizer.cls_token` and `tokenizer.sep_token` and save it again"
        )
    return {"decoder_start_token_id": begin, "eos_token_id": end, "pad_token_id": tokenizer.pad_token_id}


def _fill(part: Any, tensors: Mapping[str, torch.Tensor], *, optional: tuple[str, ...] = ()) -> list[str]:
    """Give a half the weights that the folder has for it.

    Returns:
        Names of its parameters that there are no weights for.
    """
    prefix = f"{part.base_model_prefix}."
    state, found = part.state_dict(), {}
    for name, now in state.items():
        there = next(
            (tensors[key] for key in (name, f"{prefix}{name}", name.removeprefix(prefix)) if key in tensors), None
        )
        if there is not None and there.shape == now.shape:
            found[name] = there
    part.load_state_dict(found, strict=False)
    part.tie_weights()
    missing = [name for name, _ in part.named_parameters() if name not in found]
    return [name for name in missing if not any(mark in name for mark in optional)]


def _said(name: str, model: Any, new: list[str]) -> str:
    sizes = {key: item.numel() for key, item in model.decoder.named_parameters()}
    cross = sum(sizes[key] for key in new if "crossattention" in key)
    rest = sum(sizes[key] for key in new) - cross
    head = f", and so are {rest:,} of its output head" if rest else ""
    return (
        f"{name} is an encoder: an encoder-decoder was made of it, both halves of which begin with its weights (Rothe "
        f"et al. 2020); {cross:,} parameters of the decoder's cross-attention are new{head}"
    )
