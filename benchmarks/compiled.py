"""What `torch.compile` saves of a step on a CPU, and what it takes before: MiniLM with a head for tags.

    python benchmarks/compiled.py --threads 2                   # fp32
    python benchmarks/compiled.py --threads 2 --precision bf16
    python benchmarks/compiled.py --threads 2 --precision bf16 --profile

Each side in a process of its own: forward and backward pass, clipping and fused AdamW over batches of 16 rows of 16 to
44 random tokens, 32 steps after one of each length. `--profile` shows where the time of plain steps goes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from ft_magics.models.sources import find_weights
from torch.profiler import ProfilerActivity, profile
from transformers import AutoModelForTokenClassification

LENGTHS = (24, 28, 32, 20, 36, 40, 16, 44)
ROWS, LABELS, ROUNDS = 16, 13, 4


def main() -> None:
    """Measure both sides, or one in this process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--side", choices=("eager", "compiled"), help="measure one in this process")
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    if arguments.side is None and not arguments.profile:
        for side in ("eager", "compiled"):
            subprocess.run([sys.executable, *sys.argv, "--side", side], check=True)  # noqa: S603  # this file
        return
    torch.set_num_threads(arguments.threads)
    model = AutoModelForTokenClassification.from_pretrained(find_weights("minilm"), num_labels=LABELS).train()
    step = _stepping(model, compiled=arguments.side == "compiled", half=arguments.precision == "bf16")
    began = time.monotonic()
    step(LENGTHS[0])
    first = time.monotonic() - began
    for length in LENGTHS:
        step(length)
    if arguments.profile:
        with profile(activities=[ProfilerActivity.CPU]) as seen:
            for length in LENGTHS:
                step(length)
        print(seen.key_averages().table(sort_by="self_cpu_time_total", row_limit=12, max_name_column_width=40))
        return
    began = time.monotonic()
    for length in LENGTHS * ROUNDS:
        step(length)
    each = (time.monotonic() - began) / (len(LENGTHS) * ROUNDS)
    print(f"{arguments.side}, {arguments.precision}: first step {first:.1f} s, then {1000 * each:.0f} ms a step")


def _stepping(model: Any, *, compiled: bool, half: bool) -> Callable[[int], None]:
    """A function that does a step on rows of a length."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-4, fused=True)
    forward = torch.compile(model, dynamic=True) if compiled else model

    def step(length: int) -> None:
        generator = torch.Generator().manual_seed(length)
        ids = torch.randint(1000, 20_000, (ROWS, length), generator=generator)
        labels = torch.randint(0, LABELS, (ROWS, length), generator=generator)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = forward(input_ids=ids, attention_mask=torch.ones_like(ids), labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()

    return step


if __name__ == "__main__":
    main()
