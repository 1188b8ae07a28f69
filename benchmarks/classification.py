"""`task: classify` on real data, from one cell, with several seeds.

    python benchmarks/classification.py banking77 --seeds 1 2 3
    python benchmarks/classification.py sib200 --seeds 1 2 3

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
_SIB200 = "sib200_en_zh/eng_Latn"
SETS = {
    "banking77": (
        "{train: DATA/banking77_en/train.csv, dev: {fraction: 0.1}, test: DATA/banking77_en/test.csv}",
        "epochs: 5, learning_rate: 2e-4, batch_size: 32",
    ),
    "sib200": (
        "{train: DATA/NAME/train.tsv, dev: DATA/NAME/dev.tsv, test: DATA/NAME/test.tsv}".replace("NAME", _SIB200),
        "epochs: 5, learning_rate: 2e-4, batch_size: 16",
    ),
}


def main() -> None:
    """Train with each seed, and print the scores on test."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=SETS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    arguments = parser.parse_args()
    data, train = SETS[arguments.data]
    found = []
    os.chdir(tempfile.mkdtemp())
    for seed in arguments.seeds:
        body = f"task: classify\nmodel: minilm\ndata: {data}\ntrain: {{{train}, seed: {seed}}}\nsave: {{every: null}}"
        began = time.monotonic()
        run = start_run(f"seed_{seed}", prepare(parse_cell(body.replace("DATA", str(DATA)), {})))
        run.wait()
        if run.exception is not None:
            raise run.exception
        scores = run.report("test").scores
        found.append(scores["accuracy"].value)
        print(
            f"seed {seed}: accuracy {scores['accuracy'].value:.4f}, macro F1 {scores['macro_f1'].value:.4f}, "
            f"{time.monotonic() - began:.0f} s",
            flush=True,
        )
        run.release()
    print(f"{arguments.data}: mean accuracy {statistics.mean(found):.4f}")


if __name__ == "__main__":
    main()
