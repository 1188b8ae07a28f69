"""Tiny random models of every architecture that is tuned: two narrow layers, a vocabulary of single letters."""

from __future__ import annotations

from pathlib import Path

from conftest import make_tiny_bert
from two_parts import KINDS, make_two_parts

_SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 100,
    "pad_token_id": 0,
}
_ROBERTA = {"bos_token_id": 2, "eos_token_id": 3, "type_vocab_size": 1}
_OF_ITS_OWN = {
    "albert": {"embedding_size": 16},
    "deberta-v2": {
        "relative_attention": True,
        "pos_att_type": ["p2c", "c2p"],
        "position_buckets": 8,
        "share_att_key": True,
    },
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64},
    "electra": {"embedding_size": 16},
    "modernbert": {
        "cls_token_id": 2,
        "sep_token_id": 3,
        "bos_token_id": 2,
        "eos_token_id": 3,
        "global_attn_every_n_layers": 2,
    },
    "mpnet": {"bos_token_id": 2, "eos_token_id": 3},
    "roberta": _ROBERTA,
    "xlm-roberta": _ROBERTA,
}
ENCODERS = (
    *("bert", "roberta", "xlm-roberta", "distilbert", "electra", "albert", "deberta-v2", "mpnet", "modernbert"),
    "ernie",
)
DECODERS = ("gpt2", "llama")
ENCODER_DECODERS = ("bart", "t5")
ARCHITECTURES = (*ENCODERS, *DECODERS, *ENCODER_DECODERS)


def make_tiny(folder: Path, architecture: str) -> Path:
    """A model of an architecture, with a tokenizer, in a folder."""
    import torch
    from transformers import AutoModel, AutoModelForCausalLM
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    make_tiny_bert(folder, positions=98)
    if architecture in KINDS:
        return make_two_parts(folder, architecture, folder)
    tokenizer = len((folder / "tokenizer.json").read_text()) and _words(folder)
    torch.manual_seed(0)
    small = {**_SMALL, **_OF_ITS_OWN.get(architecture, {}), "vocab_size": tokenizer}
    if architecture == "distilbert":
        small = {
            key: value
            for key, value in small.items()
            if key not in _SMALL or key in ("pad_token_id", "max_position_embeddings")
        }
    kind = AutoModel
    if architecture in DECODERS:  # the end of a text is [SEP]
        kind, small = AutoModelForCausalLM, {**small, "bos_token_id": 2, "eos_token_id": 3}
    model = kind.from_config(CONFIG_MAPPING[architecture](**small))
    model.save_pretrained(folder)
    return folder


def _words(folder: Path) -> int:
    import json

    return len(json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"])
