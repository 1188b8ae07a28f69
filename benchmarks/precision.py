"""fp32 against bf16 autocast on this device: the same training steps in turn, real tokens a second.

Usage: `python benchmarks/precision.py --train path/to/wnut17train.conll`.
"""

import argparse
import statistics
import time
from pathlib import Path

import torch
from ft_magics.runs.cells import parse_cell
from ft_magics.training.prepare import prepare

CELL = "{{task: ner, model: {model}, data: {{train: {train}}}, train: {{precision: {precision}}}}}"
WARM_UP = 4


def main() -> None:
    """Take steps in turn and print a line a precision."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--steps", type=int, default=30)
    arguments = parser.parse_args()
    sides = {
        precision: prepare(
            parse_cell(CELL.format(model=arguments.model, train=arguments.train.resolve(), precision=precision), {})
        )
        for precision in ("fp32", "bf16")
    }
    optimizers = {
        name: torch.optim.AdamW(side.trained.model.parameters(), lr=1e-4, fused=True) for name, side in sides.items()
    }
    features = sorted(sides["fp32"].features["train"], key=lambda feature: len(feature.input_ids))
    stride = max(1, (len(features) - arguments.batch_size) // (arguments.steps + WARM_UP))
    timed: dict[str, list[tuple[int, float]]] = {name: [] for name in sides}
    for step in range(arguments.steps + WARM_UP):
        chosen = features[step * stride : step * stride + arguments.batch_size]
        for name, side in sides.items():
            tokens, seconds = take_step(side.trained, optimizers[name], chosen)
            if step >= WARM_UP:
                timed[name].append((tokens, seconds))
    print(f"{sides['fp32'].trained.device}, {torch.get_num_threads()} threads, batch {arguments.batch_size}")
    for name, rows in timed.items():
        rate = sum(tokens for tokens, _ in rows) / sum(seconds for _, seconds in rows)
        print(f"{name}  {rate:,.0f} tokens/s  median step {1000 * statistics.median(s for _, s in rows):.0f} ms")
    ratios = [b[1] / a[1] for a, b in zip(timed["fp32"], timed["bf16"], strict=True)]
    print(f"time of a bf16 step over the same fp32 step: median {statistics.median(ratios):.2f}")


def take_step(trained, optimizer, features):  # noqa: ANN001, ANN201  # a script: the types say little here
    """One optimiser step; real tokens and seconds."""
    trained.model.train()
    batch = trained.task.collate(features, trained.spec)
    tokens = int(batch["attention_mask"].sum())
    labels = batch.pop("labels")
    began = time.perf_counter()
    with trained.autocast():
        loss = trained.task.loss(trained.model(**batch), labels)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained.model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return tokens, time.perf_counter() - began


if __name__ == "__main__":
    main()
