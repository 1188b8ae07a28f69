"""The memory that a training is said to need, measured on two rows, against what it takes at its peak.

Usage: `python benchmarks/memory.py --train path/to/wnut17train.conll`. Each size has a process of its own. What a
process takes is the highest share of it that was in RAM, less what was there before the model was loaded (Linux).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

CELL = """\
task: ner
model: {model}
data: {{train: {train}}}
train: {{batch_size: {rows}, max_steps: 3, device: cpu}}
save: {{dir: {folder}, every: null}}
"""


def high_water_bytes() -> int:
    """The most memory of this process that was ever in RAM."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def measure(cell: str) -> None:
    """Train in this process, and print what was said and what was taken, in bytes."""
    from ft_magics.runs.cells import parse_cell  # noqa: PLC0415  # the process that measures must not have them
    from ft_magics.training.launch import start_run  # noqa: PLC0415  # the same
    from ft_magics.training.memory_need import measure_need  # noqa: PLC0415  # the same
    from ft_magics.training.prepare import prepare  # noqa: PLC0415  # the same
    from ft_magics.training.worker import train  # noqa: F401, PLC0415  # the same, and before the count begins

    before = high_water_bytes()
    config = parse_cell(cell, {})
    prepared = prepare(config)
    features = prepared.features["train"]
    features.sort(key=lambda feature: -len(feature.input_ids))
    most = config.train.batch_size
    features[:most] = [features[0]] * most  # a batch of the longest rows, as the estimate has it
    need = measure_need(prepared.trained, features)
    run = start_run("memory", prepared)
    run.wait()
    print(json.dumps([need.total_bytes(most), high_water_bytes() - before, need.row_tokens]))


def main() -> None:
    """Print a line a batch size."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--rows", type=int, nargs="+", default=[4, 16, 64, 128])
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure)
        return
    for rows in arguments.rows:
        with tempfile.TemporaryDirectory() as folder:
            cell = CELL.format(model=arguments.model, train=arguments.train.resolve(), rows=rows, folder=folder)
            command = [sys.executable, __file__, "--train", str(arguments.train), "--measure", cell]
            done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # this file
        said, taken, tokens = json.loads(done.stdout.splitlines()[-1])
        print(
            f"{rows} rows of {tokens} tokens: said {said / 1e9:.2f} GB, taken {taken / 1e9:.2f} GB, {said / taken:.2f}"
        )


if __name__ == "__main__":
    main()
