"""What a cell costs as its data grow: seconds of each part and memory, from 1 to 100 times the rows.

    python benchmarks/growth.py --train path/to/banking77_en/train.csv
    python benchmarks/growth.py --train … --rows 300 --times 1 10 --threads 1
    python benchmarks/growth.py --train … --tokens 16  # each text cut to 16 tokens, so that batches are alike

Each size is a cell in a process of its own, with a cache of its own: `task: classify`, `ft-tiny`, one epoch, batches of
64, a dev part of a tenth. Rows beyond those of the file are its own again, with a number, so that no two are the same.
Memory is the most that the process had; what a row adds is told from one size to the next. Batches of
many widths leave blocks of many sizes in the heap; with `--tokens` each batch is as wide, and what grows is what rows
take.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MEGABYTES = 1024  # kilobytes of each, as Linux counts the most memory


def main() -> None:
    """Measure one size in this process, or each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, required=True, help="a CSV file with columns `text` and `category`")
    parser.add_argument("--rows", type=int, default=1000, help="of the smallest size")
    parser.add_argument("--times", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=512, help="the most of a text, as `max_length_tokens`")
    parser.add_argument("--size", type=int, help="measure so many rows in this process; prints JSON")
    arguments = parser.parse_args()
    if arguments.size:
        print(json.dumps(_measured(arguments.train, arguments.size, arguments.threads, arguments.tokens)))
        return
    print("| rows | ready to train | training | all | rows a second | memory | each row more |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    before: tuple[int, float] | None = None
    for times in arguments.times:
        size = arguments.rows * times
        found = _in_process(arguments.train.absolute(), size, arguments.threads, arguments.tokens)
        most = found["most_mb"]
        more = f"{1024 * (most - before[1]) / (size - before[0]):.1f} KB" if before else ""
        before = size, most
        print(
            f"| {size:,} | {found['ready_s']:.1f} s | {found['train_s']:.1f} s | {found['all_s']:.1f} s | "
            f"{size / found['all_s']:,.0f} | {most:,.0f} MB | {more} |",
            flush=True,
        )


def _in_process(train: Path, size: int, threads: int, tokens: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(Path(__file__).resolve()), "--train", str(train)]
        done = subprocess.run(  # noqa: S603  # this file
            [*command, "--size", str(size), "--threads", str(threads), "--tokens", str(tokens)],
            cwd=folder,
            env={**os.environ, "FT_MAGICS_CACHE": f"{folder}/cache"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measured(train: Path, size: int, threads: int, tokens: int) -> dict[str, float]:
    from ft_magics.runs.cells import parse_cell  # noqa: PLC0415  # only where a size is measured
    from ft_magics.training.launch import start_run  # noqa: PLC0415  # the same
    from ft_magics.training.prepare import prepare  # noqa: PLC0415  # the same

    with train.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with Path("rows.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        for at, row in enumerate(itertools.islice(itertools.cycle(rows), size)):
            number = at // len(rows)
            writer.writerow((f"{row['text']} {number}" if number else row["text"], row["category"]))
    began = time.monotonic()
    cell = (
        "task: classify\nmodel: ft-tiny\ndata: {train: rows.csv, dev: {fraction: 0.1}}\nsave: {every: null}\n"
        f"train: {{epochs: 1, batch_size: 64, learning_rate: 3e-4, seed: 1, threads: {threads}, "
        f"max_length_tokens: {tokens}}}"
    )
    prepared = prepare(parse_cell(cell, {}))
    ready = time.monotonic()
    run = start_run("growth", prepared)
    run.wait()
    if run.exception is not None:
        raise run.exception
    over = time.monotonic()
    return {
        "ready_s": ready - began,
        "train_s": over - ready,
        "all_s": over - began,
        "most_mb": _most_mb(),
    }


def _most_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTES


if __name__ == "__main__":
    main()
