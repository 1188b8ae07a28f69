"""Pairs of texts → tensors of an encoder-decoder.

The decoder's inputs are made here and not left to the model: the Trainer takes the labels out of a batch before the
model sees it, and BART then reads the shifted source for them without a word. Shapes: B batch, T tokens of a source, U
tokens of a target.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ft_magics.tasks.seq2seq.examples import TextPair
from ft_magics.tasks.task import IGNORE_INDEX, Spec

if TYPE_CHECKING:
    import torch

__all__ = ["Feature", "collate", "encode_pairs", "end_token", "longest_target"]

_AT_ONCE = 1000
_MOST_TARGET_TOKENS = 512


@dataclass(frozen=True, slots=True)
class Feature:
    """One pair, ready to be batched.

    Args:
        example: Index of the example.
        input_ids: Of the source, with special tokens. Length T.
        labels: Of the target, with its end token and without the token that the decoder begins with; empty for a new
            source. Length U.
        cut_source: Whether the source is longer than this.
        cut_target: Whether the target is.
    """

    example: int
    input_ids: array[int]
    labels: array[int]
    cut_source: bool = False
    cut_target: bool = False

    @property
    def tokens(self) -> int:
        """T + U."""
        return len(self.input_ids) + len(self.labels)


def longest_target(config: Any, asked: int | None) -> int:
    """Most tokens of a target: as the cell says, and no more than the decoder has positions for."""
    decoder = getattr(config, "decoder", None) if config.model_type == "encoder-decoder" else config
    positions = getattr(decoder, "max_position_embeddings", None) or _MOST_TARGET_TOKENS
    if getattr(decoder, "model_type", "") in ("camembert", "roberta", "xlm-roberta"):
        positions -= (decoder.pad_token_id or 0) + 1  # type: ignore[union-attr]  # a config of that kind
    return int(min(asked or _MOST_TARGET_TOKENS, positions))


def encode_pairs(
    examples: Sequence[TextPair], spec: Spec, *, prefix: str = "", most_target_tokens: int | None = None
) -> list[Feature]:
    """Features of all examples, in order.

    Args:
        examples: With or without references.
        spec: Of the model.
        prefix: Put before each source.
        most_target_tokens: What a target is cut to; None for what the decoder takes.
    """
    most = longest_target(spec.config, most_target_tokens)
    features: list[Feature] = []
    for begin in range(0, len(examples), _AT_ONCE):
        chunk = examples[begin : begin + _AT_ONCE]
        sources = _ids([prefix + example.text for example in chunk], spec.tokenizer, spec.max_length_tokens)
        targets = _targets(chunk, spec, most)
        features += [
            Feature(begin + at, array("i", ids), array("i", labels), cut_source, cut_target)
            for at, ((ids, cut_source), (labels, cut_target)) in enumerate(zip(sources, targets, strict=True))
        ]
    return features


def _ids(texts: Sequence[str], tokenizer: Any, most: int, *, target: bool = False) -> list[tuple[list[int], bool]]:
    """Tokens of each text, and whether it was cut to so many."""
    options = {"return_attention_mask": False, "return_token_type_ids": False, "verbose": False}

    def tokens(chosen: Sequence[str], **more: Any) -> list[list[int]]:
        given = {"text_target": list(chosen)} if target else {"text": list(chosen)}
        found: list[list[int]] = tokenizer(**given, **options, **more)["input_ids"]
        return found

    whole = tokens(texts)
    long = [at for at, ids in enumerate(whole) if len(ids) > most]
    cut = tokens([texts[at] for at in long], truncation=True, max_length=most) if long else []
    by_place = dict(zip(long, cut, strict=True))
    return [(by_place.get(at, ids), at in by_place) for at, ids in enumerate(whole)]


def _targets(examples: Sequence[TextPair], spec: Spec, most: int) -> list[tuple[list[int], bool]]:
    start, end = spec.config.decoder_start_token_id, end_token(spec.tokenizer)
    found = []
    for example, (ids, cut) in zip(
        examples, _ids([example.target for example in examples], spec.tokenizer, most, target=True), strict=True
    ):
        labels = ids[1:] if ids and ids[0] == start else ids
        if labels and end is not None and end not in labels[-2:]:  # GPT-2's tokenizers write none; mBART's, a language
            labels = [*labels[: most - 1], end]
        found.append((labels if example.references else [], cut))
    return found


def end_token(tokenizer: Any) -> int | None:
    """The token that a text ends with: in tokenizers of encoders that which parts two texts."""
    end: int | None = tokenizer.eos_token_id if tokenizer.eos_token_id is not None else tokenizer.sep_token_id
    return end


def collate(features: Sequence[Feature], spec: Spec) -> dict[str, torch.Tensor]:
    """Pad at the end: (B, T) of the sources, (B, U) of the decoder's inputs and of the labels."""
    import torch  # noqa: PLC0415  # a cell is read and answered without it

    pad = spec.tokenizer.pad_token_id
    shape = (len(features), spec.width(max(len(feature.input_ids) for feature in features)))
    batch = {
        "input_ids": torch.full(shape, pad, dtype=torch.long),
        "attention_mask": torch.zeros(shape, dtype=torch.long),
    }
    longest = max(len(feature.labels) for feature in features)
    width = spec.width(longest, longest_target(spec.config, None)) if longest else 1
    inputs = torch.full((len(features), width), pad, dtype=torch.long)
    labels = torch.full((len(features), width), IGNORE_INDEX, dtype=torch.long)
    for row, feature in enumerate(features):
        length, written = len(feature.input_ids), len(feature.labels)
        batch["input_ids"][row, :length] = torch.tensor(feature.input_ids)
        batch["attention_mask"][row, :length] = 1
        inputs[row, 0] = _start(feature, spec.config)
        if written:
            ids = torch.tensor(feature.labels)
            labels[row, :written] = ids
            inputs[row, 1:written] = ids[:-1]
    return {**batch, "decoder_input_ids": inputs, "labels": labels}


def _start(feature: Feature, config: Any) -> int:
    """What the decoder begins with: in mBART the last token of the target, which names its language."""
    if config.model_type == "mbart" and feature.labels:
        return feature.labels[-1]
    start: int = config.decoder_start_token_id
    return start
