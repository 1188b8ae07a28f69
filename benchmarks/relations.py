"""`task: relation` on SemEval-2010 Task 8, from one cell, with several seeds: the official macro F1 on test.

    python benchmarks/relations.py --seeds 1 2 3

The data lie beside the checkout: `../shared/data`, or where FT_MAGICS_DATA says.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from ft_magics.runs.cells import parse_cell
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare

DATA = Path(os.environ.get("FT_MAGICS_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
CELL = """\
task: relation
model: minilm
data: {train: DATA/train.jsonl, dev: {fraction: 0.1}, test: DATA/TEST_FILE_FULL.TXT}
train: {epochs: EPOCHS, learning_rate: RATE, batch_size: 16, seed: SEED}
save: {every: null}
"""


def main() -> None:
    """Train with each seed, and print the scores on test."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", default="2e-4")
    arguments = parser.parse_args()
    body = CELL.replace("DATA", str(DATA / "semeval2010_task8_en"))
    body = body.replace("EPOCHS", str(arguments.epochs)).replace("RATE", arguments.rate)
    found = []
    os.chdir(tempfile.mkdtemp())
    for seed in arguments.seeds:
        began = time.monotonic()
        run = start_run(f"seed_{seed}", prepare(parse_cell(body.replace("SEED", str(seed)), {})))
        run.wait()
        if run.exception is not None:
            raise run.exception
        scores = run.report("test").scores
        found.append(scores["macro_f1"].value)
        print(
            f"seed {seed}: official macro F1 {scores['macro_f1'].value:.4f}, micro F1 {scores['micro_f1'].value:.4f}, "
            f"accuracy {scores['accuracy'].value:.4f}, {time.monotonic() - began:.0f} s",
            flush=True,
        )
        print(run.history.to_string(), flush=True)
        run.release()
    print(f"mean official macro F1 {statistics.mean(found):.4f}")


if __name__ == "__main__":
    main()
