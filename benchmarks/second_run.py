"""From a cell to its first step, several times in one kernel: what a second run on the same data need not do again.

    OMP_NUM_THREADS=1 python benchmarks/second_run.py --train …/wnut17train.conll --dev …/emerging.dev.conll

Each run is the cell as a person has it, but for one step and a dev of 32 sentences. The clock starts where the cell is
read, and stops where the first step is done. Imports are counted apart.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

BEGAN = time.perf_counter()

CELL = """\
task: ner
model: {model}
data: {{train: "{train}", dev: "{dev}"}}
train: {{max_steps: 1, learning_rate: 2e-4, batch_size: 16, seed: {seed}, early_stopping: false}}
eval: {{examples: 32}}
save: {{every: null}}
"""


def main() -> None:
    """A line for each run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--dev", type=Path, required=True)
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--runs", type=int, default=4)
    arguments = parser.parse_args()
    train, dev = arguments.train.resolve(), arguments.dev.resolve()

    from ft_magics.events import StepDone  # noqa: PLC0415  # after the clock was read
    from ft_magics.runs.cells import parse_cell  # noqa: PLC0415  # the same
    from ft_magics.training.launch import start_run  # noqa: PLC0415  # the same
    from ft_magics.training.prepare import prepare  # noqa: PLC0415  # the same

    print(f"imports: {time.perf_counter() - BEGAN:.2f} s")
    os.chdir(tempfile.mkdtemp(prefix="second_run_"))
    for number in range(1, arguments.runs + 1):
        before, computed = time.perf_counter(), time.process_time()
        text = CELL.format(model=arguments.model, train=train, dev=dev, seed=number)
        prepared = prepare(parse_cell(text, {}))
        ready = time.perf_counter()
        run = start_run(f"run_{number}", prepared)
        while not any(isinstance(event, StepDone) for event in run.events):
            time.sleep(0.01)
        first = time.perf_counter()
        print(
            f"run {number}: read, checked, encoded, loaded in {ready - before:.2f} s, first step after "
            f"{first - before:.2f} s ({time.process_time() - computed:.2f} s of the CPU)",
            flush=True,
        )
        run.wait()


if __name__ == "__main__":
    main()
