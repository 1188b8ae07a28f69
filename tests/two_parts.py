"""Tiny random encoder-decoders, with the tokenizer of the tiny BERT."""

from __future__ import annotations

from pathlib import Path

KINDS = {
    "t5": {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2, "decoder_start_token_id": 0},
    "bart": {"decoder_start_token_id": 3},
    "marian": {"decoder_start_token_id": 0, "forced_eos_token_id": 3},
    "mbart": {"decoder_start_token_id": 3},
    "prophetnet": {
        "hidden_size": 32,
        "num_encoder_layers": 2,
        "num_decoder_layers": 2,
        "decoder_start_token_id": 2,
        "num_encoder_attention_heads": 2,
        "num_decoder_attention_heads": 2,
        "ngram": 2,
    },
}
_BART = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "max_position_embeddings": 40,
}


def make_two_parts(folder: Path, kind: str, bert: Path) -> Path:
    """An encoder-decoder of a kind in a folder, as transformers saves it."""
    import torch
    from transformers import AutoConfig, AutoModelForSeq2SeqLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(bert)
    special = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "vocab_size": len(tokenizer)}
    own = KINDS[kind] | (_BART if kind in ("bart", "marian", "mbart") else {})
    torch.manual_seed(0)
    model = AutoModelForSeq2SeqLM.from_config(AutoConfig.for_model(kind, **special, **own))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
