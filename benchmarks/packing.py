"""Whether logits of packed rows are those of each text alone, for every kind of model that rows are packed for.

python benchmarks/packing.py

Prints the largest difference per kind and attention; a kind belongs into `tasks/writing/pieces.py` if it is below 1e-5.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch
from ft_magics.tasks.task import Spec
from ft_magics.tasks.writing.pieces import TAKE_POSITIONS, Pack, Piece, collate_packs, pack
from transformers import AutoConfig, AutoModelForCausalLM

_SIZES = (5, 9, 3, 14, 2)
_SMALL = {
    "vocab_size": 64,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


def difference(kind: str, attention: str, packs: list[Pack]) -> float:
    """The largest, over all logits."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **_SMALL), attn_implementation=attention).eval()
    spec = Spec(tokenizer=SimpleNamespace(pad_token_id=0), config=None, max_length_tokens=16)
    batch = collate_packs(packs, spec)
    asked = batch.pop("asked")
    del batch["labels"]
    with torch.no_grad():
        together = model(**batch).logits[:, :-1][asked[:, :-1]]
        ids = [torch.from_numpy(piece.ids.astype(np.int64))[None] for item in packs for piece in item.pieces]
        alone = torch.cat([model(input_ids=one).logits[0, :-1] for one in ids])
    return float((together - alone).abs().max())


def main() -> None:
    """A line per kind of model."""
    drawn = np.random.default_rng(0)
    pieces = [
        Piece(at, drawn.integers(3, 60, size=size).astype(np.int32), np.arange(size) > 0)
        for at, size in enumerate(_SIZES)
    ]
    packs = pack(pieces, longest=16)
    for kind in sorted(TAKE_POSITIONS):
        found = {attention: difference(kind, attention, packs) for attention in ("sdpa", "eager")}
        print(f"{kind:12} " + ", ".join(f"{attention} {value:.1e}" for attention, value in found.items()))


if __name__ == "__main__":
    main()
