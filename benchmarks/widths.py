"""Batches in bf16 of one of few widths, beside those as wide as their longest row: seconds of a core, memory, score.

    python benchmarks/widths.py ner path/to/wnut17train.conll --threads 1
    python benchmarks/widths.py classify path/to/banking77_en/train.csv --epochs 1 --repeats 1

Each side is a cell in a process of its own, in turns: `ft-tiny`, batches of 16, a tenth of the rows as dev, bf16 on a
processor. The score is the best on dev.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SIDES = ("longest", "few")
MEGABYTES = 1024  # kilobytes of each, as Linux counts the most memory


def main() -> None:
    """Measure one side in this process, or both in processes of their own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=("ner", "classify"))
    parser.add_argument("train", type=Path)
    parser.add_argument("--model", default="ft-tiny")
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--side", choices=SIDES, help="measure it in this process; prints JSON")
    arguments = parser.parse_args()
    if arguments.side:
        print(json.dumps(_measured(arguments)))
        return
    print("| widths | steps | on the clock | of a core | memory at its peak | best dev score |")
    print("|---|--:|--:|--:|--:|--:|")
    for _ in range(arguments.repeats):
        for side in SIDES:
            found = _in_process(arguments, side)
            print(
                f"| {side} | {found['steps']:,} | {found['wall_s']:.1f} s | {found['core_s']:.1f} s | "
                f"{found['peak_mb']:,.0f} MB | {100 * found['score']:.1f} |",
                flush=True,
            )


def _in_process(arguments: argparse.Namespace, side: str) -> dict[str, float]:
    options = [f"--{name}={getattr(arguments, name)}" for name in ("model", "epochs", "threads")]
    named = [arguments.task, arguments.train.resolve(), *options, f"--side={side}"]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603  # this file
            [sys.executable, Path(__file__).resolve(), *named],
            cwd=folder,
            env={**os.environ, "FT_MAGICS_CACHE": str(Path(folder) / "cache")},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measured(arguments: argparse.Namespace) -> dict[str, Any]:
    import torch  # noqa: PLC0415  # only where it is measured
    from ft_magics.runs.cells import parse_cell  # noqa: PLC0415  # the same
    from ft_magics.tasks.task import Spec  # noqa: PLC0415  # the same
    from ft_magics.training.launch import start_run  # noqa: PLC0415  # the same
    from ft_magics.training.prepare import prepare  # noqa: PLC0415  # the same

    torch.set_num_threads(arguments.threads)
    if arguments.side == "longest":
        Spec.width = lambda _, longest, most=None: longest  # type: ignore[method-assign]  # noqa: ARG005  # as before
    data = f"{{train: {arguments.train}, dev: {{fraction: 0.1}}}}"
    cell = (
        f"task: {arguments.task}\nmodel: {arguments.model}\ndata: {data}\n"
        f"train: {{epochs: {arguments.epochs}, batch_size: 16, learning_rate: 2e-4, seed: 1, precision: bf16, "
        f"device: cpu, threads: {arguments.threads}}}\nsave: {{every: null}}"
    )
    prepared = prepare(parse_cell(cell, {}))
    began, spent = time.monotonic(), time.process_time()
    run = start_run("run", prepared)
    run.wait()
    if run.exception is not None:
        raise run.exception
    wall, core = time.monotonic() - began, time.process_time() - spent
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTES
    scores = run.history[prepared.metrics[0].name]
    return {"steps": prepared.total_steps, "wall_s": wall, "core_s": core, "peak_mb": peak, "score": scores.max()}


if __name__ == "__main__":
    main()
