"""The demo's training beside a process that keeps one core busy, with `threads: auto` and with all threads.

    python benchmarks/busy.py

Each training has a process of its own. Idle and busy take turns. The machine must do nothing else, which the idle times
show: a figure of a machine that does other work says nothing.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

CELL = """\
task: ner
model: minilm
data: {{train: demo:en/train.conll, dev: demo:en/dev.conll, test: demo:en/test.conll}}
train: {{epochs: {epochs}, learning_rate: 3e-4, batch_size: 16, seed: 1, threads: {threads}}}
"""


def main() -> None:
    """Take turns, and print a line a training, then one a setting."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", nargs="+", default=["auto", "all"], help="auto, all, or a number")
    parser.add_argument("--one", help=argparse.SUPPRESS)  # what a process of its own is asked for
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(train(arguments.one, arguments.epochs)))
        return
    print(f"{os.cpu_count()} cores, {arguments.epochs} epochs")
    for threads in arguments.threads:
        times: dict[str, list[float]] = {"idle": [], "busy": []}
        for _ in range(arguments.rounds):
            times["idle"].append(in_a_process(threads, arguments.epochs, "idle"))
            with busy_core():
                times["busy"].append(in_a_process(threads, arguments.epochs, "busy"))
        idle, busy = (statistics.median(times[each]) for each in ("idle", "busy"))
        print(f"threads: {threads}: busy {busy:.0f} s, idle {idle:.0f} s, {busy / idle:.2f} times as long", flush=True)


def train(threads: str, epochs: int) -> dict[str, object]:
    """Train in this process; how long it took, with how many threads."""
    import torch  # noqa: PLC0415  # only the process that trains needs it
    from ft_magics.events import ThreadsChosen  # noqa: PLC0415  # the same
    from ft_magics.runs.cells import parse_cell  # noqa: PLC0415  # the same
    from ft_magics.training.launch import start_run  # noqa: PLC0415  # the same
    from ft_magics.training.prepare import prepare  # noqa: PLC0415  # the same

    setting = torch.get_num_threads() if threads == "all" else threads
    run = start_run("busy", prepare(parse_cell(CELL.format(epochs=epochs, threads=setting), {})))
    run.wait()
    if run.exception:
        raise run.exception
    measured = [[event.threads, event.tokens_per_s] for event in run.events if isinstance(event, ThreadsChosen)]
    return {"seconds": run.events[-1].elapsed_s, "chosen": measured, "dev F1": run.best}


def in_a_process(threads: str, epochs: int, beside: str) -> float:
    """Train in a process of its own; seconds."""
    command = [sys.executable, os.path.abspath(__file__), "--one", threads, "--epochs", str(epochs)]  # noqa: PTH100  # a text
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603  # ourselves
    result = json.loads(done.stdout.splitlines()[-1])
    print(f"threads: {threads}, {beside}: {json.dumps(result)}", flush=True)
    return float(result["seconds"])


@contextmanager
def busy_core() -> Iterator[None]:
    """A process that computes all the time."""
    process = multiprocessing.Process(target=compute, daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def compute() -> None:
    """Keep one core busy."""
    while True:
        pass


if __name__ == "__main__":
    main()
