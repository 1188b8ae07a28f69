"""A folder → a model with a head, and its tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer

from ft_magics.errors import ModelError
from ft_magics.models.asked_head import compute_where_asked
from ft_magics.models.configs import backbone_first, build_config, check_sizes, not_theirs, read_config
from ft_magics.models.faults import plain_errors
from ft_magics.models.heads import Head
from ft_magics.models.memory import free_bytes
from ft_magics.models.quiet import quiet_transformers
from ft_magics.models.tokenizer_files import tokenizer_files
from ft_magics.models.weight_files import Weights, open_weights, read_json

__all__ = ["Tuned", "check_together", "load_model", "load_tokenizer"]

_OF_PAIRS = ("seq_relationship.", "sop_classifier.", ".pooler.")  # names of a head for pairs in transformers' models
_SPECIAL_TOKENS = (
    *("decoder_start_token_id", "bos_token_id", "eos_token_id", "pad_token_id"),
    *("forced_bos_token_id", "forced_eos_token_id"),
)
Check = Callable[[Any], None]


def load_tokenizer(
    source: str, *, writes: bool = False, verbatim: bool = False, say: Callable[[str], None] = lambda _: None
) -> Any:
    """A fast tokenizer that takes single words.

    Args:
        source: What `find_weights` gave.
        writes: Whether it is of a model that writes. Another special token ends a text where there is no end token
            then, and the end token pads where there is none for that, as is usual of GPT-2.
        verbatim: Whether a text is taken to the letter, without a space before its first word.
        say: Takes a sentence on a token that has one of these uses now.

    Raises:
        ModelError: There is none, or it has no words.
    """
    folder = Path(source)
    with plain_errors(source, "its tokenizer"), quiet_transformers(), tokenizer_files(folder) as files:
        tokenizer = AutoTokenizer.from_pretrained(files, trust_remote_code=False)
        if not verbatim and tokenizer.is_fast and "ByteLevel" in repr(tokenizer.backend_tokenizer.pre_tokenizer):
            tokenizer = AutoTokenizer.from_pretrained(files, add_prefix_space=True, trust_remote_code=False)
        words = len(tokenizer) - len(tokenizer.all_special_ids)
    if words <= 0:  # what transformers makes of a folder without its files
        raise ModelError(
            f"model: {source} holds no tokenizer; put one beside the weights: `tokenizer.save_pretrained(folder)`"
        )
    if not tokenizer.is_fast:
        raise ModelError(f"model: {source} has no fast tokenizer, which is needed to know which token is of which word")
    if writes:
        _end_and_pad(tokenizer, say)
    if tokenizer.pad_token_id is None:
        raise ModelError(
            f"model: the tokenizer of {source} has no padding token; set `tokenizer.pad_token` and save it again"
        )
    tokenizer.name_or_path = tokenizer.init_kwargs["name_or_path"] = source
    return tokenizer


def _end_and_pad(tokenizer: Any, say: Callable[[str], None]) -> None:
    """Let a tokenizer have an end and a padding token, where another special token can be either."""
    usual = (tokenizer.sep_token, tokenizer.pad_token, tokenizer.bos_token, tokenizer.cls_token)
    end = next((token for token in usual if token is not None), None)
    if tokenizer.eos_token_id is None and end is not None:
        tokenizer.eos_token = end
        say(f"its tokenizer has no end token; {end} ends a text, and is saved as that")
    if tokenizer.pad_token_id is None and tokenizer.eos_token_id is not None:
        tokenizer.pad_token = tokenizer.eos_token
        say(f"its tokenizer has no padding token; the end token {tokenizer.eos_token} pads, and is saved as that")


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a tuned model keeps beside its base.

    Args:
        folder: With its config.json.
        head: Gives the tensors of its head, by their names in a model, which has no weights yet.
    """

    folder: Path
    head: Callable[[Any], Mapping[str, torch.Tensor]]


def load_model(
    source: str,
    head: Head,
    *,
    fresh: bool = True,
    tuned: Tuned | None = None,
    adjust: Check = lambda _: None,
    check: Check = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> Any:
    """An encoder with a head.

    Its config and weights are read and compared here; transformers sees neither the folder nor its other files.

    Args:
        source: What `find_weights` gave.
        head: Which.
        fresh: Whether the head is a new one; a saved model keeps its labels and its head.
        tuned: Where config and head are, of a model whose other weights are its base's.
        adjust: Takes the config, and may change what does not change which weights there are.
        check: Takes the model without weights, and may raise; before any weight is read.
        say: Takes a sentence on what of the model is new, where one might think that it is trained.

    Raises:
        ModelError: It is no encoder, cannot be loaded, or its weights are not those of its config.
    """
    folder = Path(source)
    described = tuned.folder if tuned else folder
    with plain_errors(source), quiet_transformers():
        raw = read_config(described, head)
        weights = open_weights(folder)
        config = build_config(described, raw, weights, head, fresh=fresh)
        adjust(config)
        outline = check_sizes(source, config, weights, head)
    outline.head_is_pretrained = head.reads_forwards and _has_head(outline, weights)
    check(outline)
    with plain_errors(source), quiet_transformers():
        _check_memory(source, weights)
        model, loading = head.model_classes()[type(config)].from_pretrained(
            None,
            config=config,
            state_dict=weights.tensors() | dict(tuned.head(outline) if tuned else {}),
            dtype=torch.float32,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
    model.head_is_pretrained = outline.head_is_pretrained
    backbone_first(model).config.name_or_path = model.name_or_path = source
    if head.reads_and_writes:
        _set_special_tokens(model, folder)
    if head.predicts_tokens:
        compute_where_asked(model)
    if fresh and (head.predicts_tokens or head.only is not None):  # else a head is always a new one
        for sentence in _new_pretrained_head(source, model, loading, head):
            say(sentence)
    _check_weights(source, model, loading, None if fresh else head)
    return model


def _has_head(model: Any, weights: Weights) -> bool:
    """Whether the weights have all parameters of a model that are not its backbone's."""
    prefix = f"{model.base_model_prefix}."
    return all(name in weights.shapes for name, _ in model.named_parameters() if not name.startswith(prefix))


def _set_special_tokens(model: Any, folder: Path) -> None:
    """Let a model generate with the tokens that its folder names beside config.json, and know how a text begins."""
    path, found, config = folder / "generation_config.json", model.generation_config, model.config
    said = read_json(path) if path.is_file() else {}
    for name in _SPECIAL_TOKENS:
        value = said.get(name, getattr(found, name, None))
        if isinstance(value, int) and not isinstance(value, bool):
            setattr(found, name, value)
    if isinstance(said.get("bad_words_ids"), list):
        found.bad_words_ids = said["bad_words_ids"]
    if getattr(config, "vocab_size", None) is None:
        config.vocab_size = config.decoder.vocab_size
    start = found.decoder_start_token_id
    start = getattr(config, "decoder_start_token_id", None) if start is None else start
    start = found.bos_token_id if start is None else start
    if start is None or found.eos_token_id is None:
        raise ModelError(
            f"model: {folder} does not say which token a text that it writes begins or ends with; set "
            "`model.generation_config.decoder_start_token_id` and `eos_token_id` and save it again"
        )
    config.decoder_start_token_id = found.decoder_start_token_id = start


def check_together(source: str, model: Any, tokenizer: Any) -> None:
    """See that the model has an embedding for every token that the tokenizer can give, and takes what it gives.

    Raises:
        ModelError: It has not, or does not.
    """
    embeddings = model.get_input_embeddings().num_embeddings
    with plain_errors(source, "its tokenizer"):
        ids = tokenizer("a")["input_ids"]
        highest = max(*tokenizer.get_vocab().values(), *ids, tokenizer.pad_token_id)
    if highest >= embeddings:
        raise ModelError(
            f"model: {source}: its tokenizer gives the token {highest}, and the model knows tokens up to "
            f"{embeddings - 1}; the two do not belong together"
        )
    with plain_errors(source), torch.inference_mode():
        inputs = {"input_ids": torch.tensor([ids])}
        if model.config.is_encoder_decoder:
            inputs["decoder_input_ids"] = inputs["input_ids"][:, :1]
        model(**inputs)[0].shape  # noqa: B018  # what it cannot compute is said now


def _new_pretrained_head(source: str, model: Any, loading: Mapping[str, Any], head: Head) -> list[str]:
    """A sentence on a head that is pre-trained with the model, where the weights have none; one on that for pairs."""
    parameters = dict(model.named_parameters())
    missing = [name for name in loading["missing_keys"] if name in parameters]
    of_pairs = [name for name in missing if any(part in name for part in _OF_PAIRS)]
    said = []
    if of_pairs:
        count = sum(parameters[name].numel() for name in of_pairs)
        said.append(
            f"a new head for pairs of segments: {Path(source).name} has none; {count:,} parameters begin at random "
            "values"
        )
    new = [name for name in missing if name not in of_pairs]
    if not new:
        return said
    count = sum(parameters[name].numel() for name in new)
    if not head.predicts_tokens:
        return [f"a new head: {Path(source).name} has none for {head.use}; {count:,} parameters begin at random values"]
    output, embeddings = model.get_output_embeddings(), model.get_input_embeddings()
    tied = output is not None and output.weight is embeddings.weight
    how = "its output embeddings are the input's (tied)" if tied else "its output embeddings are new too"
    text = (
        f"a new head: {Path(source).name} has none for a language model; {how}, and {count:,} parameters begin at "
        "random values"
    )
    return [text, *said]


def _check_memory(source: str, weights: Weights) -> None:
    needed, free = 4 * weights.elements, free_bytes("cpu")
    if needed > free:
        raise ModelError(
            f"model: {source} needs {needed / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free; choose a smaller "
            "model, or end other kernels"
        )


def _check_weights(source: str, model: Any, loading: Mapping[str, Any], head: Head | None) -> None:
    """See that nothing but a fresh head is made of random numbers; transformers only logs that.

    Args:
        source: Of the model.
        model: As it was loaded.
        loading: What transformers says of that.
        head: That a saved model should have; None for a fresh one.
    """
    mismatched = {key for key, *_ in loading["mismatched_keys"]}
    random = {*loading["missing_keys"], *mismatched} & {name for name, _ in model.named_parameters()}
    if head is None:  # a language model has no pooler: it is part of a new head then
        random = {key for key in random if ".pooler." not in key}
    random -= set(model._keys_to_ignore_on_save or ())  # noqa: SLF001  # positions that are computed: Marian's
    whole = model.config.is_encoder_decoder  # nothing of it is a new head
    wrong = sorted(key for key in random if whole or key.startswith(f"{model.base_model_prefix}."))
    if wrong:
        raise not_theirs(source, wrong)
    if random & mismatched and head is not None:
        rows = model.config.num_labels
        raise ModelError(
            f"model: {source}: `id2label` in config.json has {rows} labels, and the head is made for another number "
            f"({', '.join(sorted(random & mismatched))}); name one label for each of its rows"
        )
    if random and head is not None:
        raise ModelError(
            f"model: {source} has no trained head for {head.use} ({', '.join(sorted(random))} are missing); train "
            "one with `%%finetune`"
        )
