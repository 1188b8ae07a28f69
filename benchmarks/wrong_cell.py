"""How long a fresh kernel takes to answer a cell with a mistake: a process for each, `%load_ext` included.

python benchmarks/wrong_cell.py
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

MISTAKES = {
    "wrong key": "taks: ner\nmodel: minilm\ndata: {train: demo:en/train.conll}",
    "wrong value": "task: ner\nmodel: minilm\ndata: {train: demo:en/train.conll}\ntrain: {epochs: three}",
    "missing file": "task: ner\nmodel: minilm\ndata: {train: nowhere.conll}",
    "missing model": "task: ner\nmodel: ./nowhere\ndata: {train: demo:en/train.conll}",
    "wrong column": "task: classify\nmodel: ./nowhere\ndata: {train: demo:en/intents_train.csv, text_column: nothing}",
}
_CODE = """
import sys, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
began, busy = time.perf_counter(), time.process_time()
shell.run_line_magic("load_ext", "ft_magics")
result = shell.run_cell("%%finetune wrong\\n" + sys.argv[1])
assert not result.success
imported = [name for name in ("torch", "pandas", "datasets") if name in sys.modules]
print(time.perf_counter() - began, time.process_time() - busy, imported)
"""


def main() -> None:
    """Print the median of each mistake, and what it imported."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3)
    times = parser.parse_args().times
    for name, cell in MISTAKES.items():
        seconds, busy, heavy = [], [], ""
        for _ in range(times):
            done = subprocess.run([sys.executable, "-c", _CODE, cell], capture_output=True, text=True, check=True)  # noqa: S603  # our own code
            taken, computed, heavy = done.stdout.splitlines()[-1].split(" ", 2)
            seconds.append(float(taken))
            busy.append(float(computed))
        shown = f"{statistics.median(seconds):6.2f} s, of which {statistics.median(busy):.2f} s computing"
        print(f"{name:15} {shown}; imported of torch, pandas, datasets: {heavy}")


if __name__ == "__main__":
    main()
