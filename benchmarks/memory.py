"""The memory that a training is said to need, measured on a few rows, against what it takes at its peak.

Usage: `python benchmarks/memory.py --train path/to/wnut17train.conll`. Both sides are of one run of a method, whose
batches are all of the longest rows. What it takes is what torch's allocator tells its profiler over three real steps
(over six of `gradual`): every byte, those that a kernel takes within an operation too, beside the weights.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

METHODS = {
    **{name: name for name in ("full", "head", "bitfit", "adapter", "lora", "dora", "adalora", "ia3")},
    **{name: name for name in ("prefix", "prompt", "p_tuning", "freeze", "gradual", "rates")},
}
_STEPS = {"gradual": 6}  # until all is trainable, and a step more
CELL = """\
task: ner
model: {model}
data: {{train: {train}}}
method: {method}
train: {{batch_size: {rows}, max_steps: {steps}, device: cpu, precision: {precision}, threads: 1}}
save: {{dir: {folder}, every: null}}
"""


def allocated(profile: Any) -> int:
    """The highest sum of what was allocated and not yet freed, from the profiler's events."""
    events = [event for event in profile.profiler.kineto_results.events() if event.name() == "[memory]"]
    highest = now = 0
    for event in sorted(events, key=lambda each: each.start_ns()):
        now += event.nbytes()
        highest = max(highest, now)
    return highest


def measure(cell: str) -> tuple[int, int]:
    """Bytes as said, and as taken."""
    import torch  # noqa: PLC0415  # seconds; `--help` needs none
    from ft_magics.runs.cells import parse_cell  # noqa: PLC0415  # the same
    from ft_magics.training import worker  # noqa: PLC0415  # the same
    from ft_magics.training.launch import start_run  # noqa: PLC0415  # the same
    from ft_magics.training.memory_need import measure_need  # noqa: PLC0415  # the same
    from ft_magics.training.prepare import prepare  # noqa: PLC0415  # the same

    prepared = prepare(parse_cell(cell, {}))
    features = list(prepared.features["train"])
    rows = prepared.train.batch_size
    longest = max(features, key=lambda feature: feature.tokens)
    prepared.features["train"] = [longest] * (4 * rows)
    need = measure_need(prepared.trained, [longest])
    learn, seen = worker._learn, []  # noqa: SLF001  # the profiler sees the thread that begins it

    def profiled(*arguments: Any) -> None:
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
            learn(*arguments)
        seen.append(allocated(profile))

    worker._learn = profiled  # noqa: SLF001
    try:
        run = start_run("memory", prepared)
        run.wait()
    finally:
        worker._learn = learn  # noqa: SLF001
    if need is None or not seen:
        raise RuntimeError(f"{run.status}: {run.exception}")
    return need.total_bytes(rows), need.weights_bytes + seen[0]


def main() -> None:
    """Print a line for each method and batch size."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--rows", type=int, nargs="+", default=[16])
    parser.add_argument("--precision", default="fp32")
    arguments = parser.parse_args()
    print("| method | rows | said | taken | |\n|---|--:|--:|--:|--:|", flush=True)
    for method in arguments.methods:
        for rows in arguments.rows:
            with tempfile.TemporaryDirectory() as folder:
                cell = CELL.format(
                    model=arguments.model,
                    train=arguments.train.resolve(),
                    method=METHODS.get(method, method),
                    precision=arguments.precision,
                    rows=rows,
                    steps=_STEPS.get(method, 3),
                    folder=folder,
                )
                said, taken = measure(cell)
            print(
                f"| {method} | {rows} | {said / 1e6:,.0f} MB | {taken / 1e6:,.0f} MB | {said / taken:.2f} |", flush=True
            )


if __name__ == "__main__":
    main()
