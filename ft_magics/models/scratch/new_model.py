"""A model from nothing: its config follows from the cell and the tokenizer, its weights from a seed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import torch
import transformers
from transformers import BertConfig, ElectraConfig, GPT2Config, LlamaConfig, ModernBertConfig

from ft_magics.config.scratch import WRITING_SHAPES, NewModelSettings, Sizes
from ft_magics.errors import ModelError
from ft_magics.models.memory import free_bytes
from ft_magics.models.own_random_numbers import OwnRandomNumbers
from ft_magics.models.quiet import quiet_transformers

__all__ = ["check_shape", "describe_model", "new_config", "new_model", "sizes_of"]

_TITLES = {
    "bert": "BERT",
    "modernbert": "ModernBERT",
    "electra": "ELECTRA",
    "gpt2": "GPT-2",
    "llama": "Llama",
}
_NARROW = 128  # embeddings of an ELECTRA as narrow as its published small one, or narrower
_BYTES = 4  # of a number in float32


def sizes_of(config: Any) -> Sizes:
    """The sizes of a model that is there, of any kind."""
    kind = config.model_type
    wide = getattr(config, "n_inner" if kind == "gpt2" else "intermediate_size", None)
    return Sizes(
        layers=config.num_hidden_layers,
        hidden_size=config.hidden_size,
        heads=config.num_attention_heads,
        intermediate_size=wide or 4 * config.hidden_size,
    )


def new_config(settings: NewModelSettings, tokenizer: Any, *, source: Sizes | None = None) -> Any:
    """The config of a model for a tokenizer.

    Args:
        settings: What the cell says.
        tokenizer: Its tokens are those of the model.
        source: The sizes of the model in `init`.

    Raises:
        ModelError: No model has these sizes, or the tokenizer lacks the special tokens of its shape.
    """
    settings = settings.shaped()
    shape, sizes = str(settings.shape), settings.sizes(source)
    fault = sizes.fault(shape)
    if fault:
        raise ModelError(f"model: {fault}")
    framed = ("cls_token", "sep_token", "mask_token", "pad_token")
    needed = ("eos_token", "pad_token") if shape in WRITING_SHAPES else framed
    missing = [role for role in needed if getattr(tokenizer, role) is None]
    if missing:
        raise ModelError(
            f"model: the tokenizer has no {missing[0].replace('_', ' ')}, which a model of the shape `{shape}` needs; "
            "one that has it is trained by `tokenizer: {vocab_size: 8000}`"
        )
    rows = max(len(tokenizer), 1 + max(tokenizer.get_vocab().values()))
    return _CONFIGS[shape](sizes, tokenizer, rows, settings)


def _bert(sizes: Sizes, tokenizer: Any, rows: int, settings: NewModelSettings) -> BertConfig:
    dropout = 0.1 if settings.dropout is None else settings.dropout
    return BertConfig(
        vocab_size=rows,
        hidden_size=sizes.hidden_size,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        intermediate_size=sizes.intermediate_size,
        max_position_embeddings=settings.max_length_tokens,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        pad_token_id=tokenizer.pad_token_id,
    )


def _electra(sizes: Sizes, tokenizer: Any, rows: int, settings: NewModelSettings) -> ElectraConfig:
    """Embeddings are 128 wide up to ELECTRA-small, and as wide as the model above it, as in Clark et al. 2020."""
    dropout = 0.1 if settings.dropout is None else settings.dropout
    return ElectraConfig(
        vocab_size=rows,
        embedding_size=min(sizes.hidden_size, _NARROW) if sizes.hidden_size <= 2 * _NARROW else sizes.hidden_size,
        hidden_size=sizes.hidden_size,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        intermediate_size=sizes.intermediate_size,
        max_position_embeddings=settings.max_length_tokens,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        pad_token_id=tokenizer.pad_token_id,
    )


def _modernbert(sizes: Sizes, tokenizer: Any, rows: int, settings: NewModelSettings) -> ModernBertConfig:
    dropout = settings.dropout or 0.0
    first, last = tokenizer.cls_token_id, tokenizer.sep_token_id
    return ModernBertConfig(
        vocab_size=rows,
        hidden_size=sizes.hidden_size,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        intermediate_size=sizes.intermediate_size,
        max_position_embeddings=settings.max_length_tokens,
        embedding_dropout=dropout,
        attention_dropout=dropout,
        mlp_dropout=dropout,
        pad_token_id=tokenizer.pad_token_id,
        cls_token_id=first,
        bos_token_id=first,
        sep_token_id=last,
        eos_token_id=last,
    )


def _gpt2(sizes: Sizes, tokenizer: Any, rows: int, settings: NewModelSettings) -> GPT2Config:
    dropout = 0.1 if settings.dropout is None else settings.dropout
    return GPT2Config(
        vocab_size=rows,
        n_embd=sizes.hidden_size,
        n_layer=sizes.layers,
        n_head=sizes.heads,
        n_inner=sizes.intermediate_size,
        n_positions=settings.max_length_tokens,
        embd_pdrop=dropout,
        attn_pdrop=dropout,
        resid_pdrop=dropout,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def _llama(sizes: Sizes, tokenizer: Any, rows: int, settings: NewModelSettings) -> LlamaConfig:
    """Embeddings are tied, as small ones are published (SmolLM, Allal et al. 2024); only attention has dropout."""
    return LlamaConfig(
        vocab_size=rows,
        hidden_size=sizes.hidden_size,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        num_key_value_heads=sizes.heads,
        intermediate_size=sizes.intermediate_size,
        max_position_embeddings=settings.max_length_tokens,
        tie_word_embeddings=True,
        attention_dropout=settings.dropout or 0.0,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


_CONFIGS = {"bert": _bert, "modernbert": _modernbert, "electra": _electra, "gpt2": _gpt2, "llama": _llama}


def new_model(settings: NewModelSettings, tokenizer: Any, head: str, seed: int, *, source: Sizes | None = None) -> Any:
    """A model with random weights, from a generator of its own: the same seed gives the same model.

    Args:
        settings: What the cell says.
        tokenizer: Its tokens are those of the model.
        head: A class of transformers: `AutoModelForMaskedLM`, `AutoModelForPreTraining`, `AutoModelForCausalLM`.
        seed: Of the generator; torch's own is left alone.
        source: The sizes of the model in `init`.

    Raises:
        ModelError: As `new_config`; the shape cannot have this head; or there is no memory for it.
    """
    shape = str(settings.shaped().shape)
    config = new_config(settings, tokenizer, source=source)
    kind: Any = getattr(transformers, head)
    check_shape(shape, head)
    with quiet_transformers():
        with torch.random.fork_rng(devices=[]), torch.device("meta"):
            needed = _BYTES * sum(item.numel() for item in kind.from_config(config).parameters())
        free = free_bytes("cpu")
        if needed > free:
            raise ModelError(
                f"model: a {_TITLES[shape]} of these sizes needs {needed / 1e9:.1f} GB of memory and "
                f"{free / 1e9:.1f} GB are free; take a smaller preset"
            )
        with OwnRandomNumbers(seed):
            return kind.from_config(config, dtype=torch.float32)


def check_shape(shape: str, head: str) -> None:
    """See that a model of a shape can have a head.

    Raises:
        ModelError: It cannot.
    """
    if not _takes(shape, head):
        raise ModelError(f"model: {_no_head(shape, head)}")


def _takes(model_type: str, head: str) -> bool:
    names = {
        "AutoModelForMaskedLM": "MODEL_FOR_MASKED_LM_MAPPING_NAMES",
        "AutoModelForCausalLM": "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES",
        "AutoModelForPreTraining": "MODEL_FOR_PRETRAINING_MAPPING_NAMES",
        "AutoModelForTokenClassification": "MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES",
        "AutoModelForSequenceClassification": "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES",
        "AutoModel": "MODEL_MAPPING_NAMES",
    }
    reads_both_sides = model_type not in WRITING_SHAPES
    if head in ("AutoModelForMaskedLM", "AutoModelForCausalLM"):  # BERT as a decoder is another model
        return reads_both_sides == (head == "AutoModelForMaskedLM")
    found = getattr(import_module("transformers.models.auto.modeling_auto"), names[head])
    if head == "AutoModelForPreTraining":  # which is a plain language model where a kind has nothing more
        return bool(found.get(model_type, "").endswith("ForPreTraining"))
    return model_type in found


def _no_head(shape: str, head: str) -> str:
    if head == "AutoModelForMaskedLM":
        return (
            f"`shape: {shape}` reads from left to right, so it cannot fill gaps; take `shape: bert`, or "
            "`objective: clm`"
        )
    if head == "AutoModelForCausalLM":
        return (
            f"`shape: {shape}` reads from both sides, so it cannot write on; take `shape: llama`, or `objective: mlm`"
        )
    return f"`shape: {shape}` has no head for pairs of sentences; take `shape: bert`"


def describe_model(model: Any) -> str:
    """A sentence on what kind of model it is and how large."""
    sizes = sizes_of(model.config)
    parameters = sum(item.numel() for item in model.parameters())
    embedded = model.get_input_embeddings().weight.numel()
    title = _TITLES.get(model.config.model_type, model.config.model_type)
    return (
        f"{title} of {sizes.layers} layers, {sizes.hidden_size} wide, {sizes.heads} heads: {parameters / 1e6:.2f} M "
        f"parameters, {embedded / 1e6:.2f} M of them the embeddings of {model.config.vocab_size:,} tokens"
    )
