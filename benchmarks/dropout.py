"""Steps of MiniLM with dropout and attention as torch computes them on a processor, and as `fast_dropout` does.

    python benchmarks/dropout.py --threads 2
    python benchmarks/dropout.py --threads 1 --share 0   # attention alone

Forward and backward pass of a batch, the two in turns; real tokens a second.
"""

from __future__ import annotations

import argparse
import time
from contextlib import nullcontext

import torch
from ft_magics.models.dropout import set_dropout
from ft_magics.models.fast_dropout import fast_dropout
from ft_magics.models.sources import find_weights
from transformers import AutoConfig, AutoModelForTokenClassification

_BATCHES = ((20, 16), (30, 16), (50, 16), (128, 16), (320, 8), (512, 8))  # tokens, rows
_WORDS = (1000, 20000)  # of the vocabulary


def main() -> None:
    """Measure every length and precision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--turns", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    folder = find_weights("minilm")
    config = AutoConfig.from_pretrained(folder)
    set_dropout(config, dict.fromkeys(("hidden", "attention", "classifier"), arguments.share))
    model = AutoModelForTokenClassification.from_pretrained(folder, config=config).train()
    print("| tokens × rows | precision | torch | fast_dropout | ratio |\n|---|---|--:|--:|--:|")
    for length, rows in _BATCHES:
        for precision in ("fp32", "bf16"):
            rates: dict[str, list[float]] = {"torch": [], "fast": []}
            for _ in range(arguments.turns):
                for side, found in rates.items():
                    with fast_dropout() if side == "fast" else nullcontext():
                        found.append(_rate(model, length, rows, precision, arguments.seconds))
            torchs, ours = (sum(found) / len(found) for found in rates.values())
            row = f"| {length} × {rows} | {precision} | {torchs:,.0f} | {ours:,.0f} | {ours / torchs:.2f} |"
            print(row, flush=True)


def _rate(model: torch.nn.Module, length: int, rows: int, precision: str, seconds: float) -> float:
    ids = torch.randint(*_WORDS, (rows, length))
    mask = torch.ones_like(ids)
    mask[0, -2:] = 0
    labels = torch.zeros_like(ids)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()

    step()
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        step()
        steps += 1
    return steps * length * rows / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
