"""Runs with new names in one kernel, each kept as a variable: what the process holds after each.

    python benchmarks/many_runs.py --runs 30

Each trains MiniLM on the demo for a few steps, predicts, and stays in a dictionary as it would in a notebook.
"""

from __future__ import annotations

import argparse
import os
import tempfile

import psutil

CELL = """\
task: ner
model: minilm
data: {train: demo:en/train.conll, dev: demo:en/dev.conll}
train: {max_steps: 4, batch_size: 16, threads: 2}
"""


def main() -> None:
    """Print resident memory after each run, and how far it rose after the first few."""
    from ft_magics.runs.cells import parse_cell  # noqa: PLC0415  # after the arguments
    from ft_magics.training.launch import start_run  # noqa: PLC0415  # the same
    from ft_magics.training.prepare import prepare  # noqa: PLC0415  # the same

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=30)
    arguments = parser.parse_args()
    runs, held = {}, []
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for at in range(arguments.runs):
            name = f"run_{at}"
            runs[name] = run = start_run(name, prepare(parse_cell(CELL, {})))
            run.wait()
            if run.exception:
                raise run.exception
            run.predict("Ada Lovelace lives in London.")
            held.append(psutil.Process().memory_info().rss / 1e6)
            print(f"{name}: {held[-1]:.0f} MB", flush=True)
    warm = held[min(4, len(held) - 1) :]
    print(f"from run {len(held) - len(warm)} on: {min(warm):.0f} to {max(warm):.0f} MB; the last {held[-1]:.0f} MB")


if __name__ == "__main__":
    main()
