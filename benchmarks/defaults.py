"""What a cell without `train:` reaches on cuts of real data, against a small sweep of rates, epochs and batches.

    export OMP_NUM_THREADS=1
    python benchmarks/defaults.py sweep --sets sib200 csl --rates 2e-4 4e-4 --epochs 10 20 --batch-size 8 >> sweep.jsonl
    python benchmarks/defaults.py chosen --sets sib200 csl --seeds 1 2 >> chosen.jsonl
    python benchmarks/defaults.py compare sweep.jsonl chosen.jsonl
    python benchmarks/defaults.py rates --sets sib200 wnut17 --methods lora adapter --factors 3 10 30 >> rates.jsonl
    python benchmarks/defaults.py compare rates.jsonl

`rates` takes the chosen epochs and batches, and factors times 2e-4, which is MiniLM's rate for full fine-tuning: a
method's `rate_factor` rests on it. A line of JSON a run. Cuts are drawn with a fixed seed. Dev chooses the epoch; what
is compared is the headline on test.
The data lie beside the checkout: `../shared/data`, or where FT_MAGICS_DATA says.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import random
import re
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ft_magics import demo
from ft_magics.runs.cells import parse_cell
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare

DATA = Path(os.environ.get("FT_MAGICS_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Some examples of a data set.

    Args:
        task: Of the cell.
        files: Of train, dev and test, below the data's folder; dev from train's own file takes other rows than train.
        rows: How many examples of each.
        columns: Of the text and its label, for classification.
        header: Whether the first line of a table is one.
    """

    task: str
    files: tuple[str, str, str]
    rows: tuple[int, int, int]
    columns: tuple[int, int] = (0, 1)
    header: bool = True


def _splits(pattern: str, dev: str = "dev") -> tuple[str, str, str]:
    return pattern.format("train"), pattern.format(dev), pattern.format("test")


WNUT17 = ("wnut17_en/wnut17train.conll", "wnut17_en/emerging.dev.conll", "wnut17_en/emerging.test.annotated")
BANKING77 = ("banking77_en/train.csv", "banking77_en/train.csv", "banking77_en/test.csv")
DEMO, ALL = Path(demo.__file__).parent, (10_000, 10_000, 10_000)
SETS = {
    "demo_ner": Cut(task="ner", files=_splits(f"{DEMO}/en/{{}}.conll"), rows=ALL),
    "demo_intents": Cut(task="classify", files=_splits(f"{DEMO}/en/intents_{{}}.csv"), rows=ALL),
    "crossner_ai": Cut(task="ner", files=_splits("crossner_en/ai/{}.txt"), rows=(100, 60, 200)),
    "uner_zh": Cut(task="ner", files=_splits("uner_zh_gsdsimp/{}.char.bio"), rows=(150, 60, 150)),
    "wikigold": Cut(task="ner", files=_splits("wikigold_en/{}.bio", "valid"), rows=(150, 60, 150)),
    "wnut17": Cut(task="ner", files=WNUT17, rows=(400, 100, 300)),
    "sib200": Cut(task="classify", files=_splits("sib200_en_zh/eng_Latn/{}.tsv"), rows=(300, 99, 204), columns=(2, 1)),
    "banking77": Cut(task="classify", files=BANKING77, rows=(600, 100, 400)),
    "csl": Cut(
        task="classify", files=_splits("csl_category_zh/{}.tsv"), rows=(400, 100, 400), columns=(1, 2), header=False
    ),
}
RATE_OF_FULL = 2e-4
HEADLINES = {"ner": "f1", "classify": "accuracy"}


def main() -> None:
    """Train and print a line a run, or compare lines that were printed before."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("sweep", "chosen", "rates", "compare"))
    parser.add_argument("files", nargs="*", type=Path, help="lines to compare")
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--rates", nargs="+", type=float, default=[1e-4, 2e-4, 4e-4])
    parser.add_argument("--epochs", nargs="+", type=float, default=[10, 20])
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--methods", nargs="+", default=["full"], help="each as in a cell")
    parser.add_argument("--factors", nargs="+", type=float, default=[3, 10, 30])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    arguments = parser.parse_args()
    if arguments.what == "compare":
        compare(json.loads(line) for file in arguments.files for line in file.read_text().splitlines())
        return
    settings = [""]  # nothing is said
    if arguments.what == "sweep":
        grid = itertools.product(arguments.epochs, arguments.rates)
        batch = f"batch_size: {arguments.batch_size}"
        settings = [f"epochs: {epochs}, learning_rate: {rate}, {batch}, " for epochs, rate in grid]
    if arguments.what == "rates":
        settings = [f"learning_rate: {min(1.0, RATE_OF_FULL * factor):g}, " for factor in arguments.factors]
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        for name, method, setting, seed in itertools.product(
            arguments.sets, arguments.methods, settings, arguments.seeds
        ):
            found = measure(name, f"{setting}seed: {seed}, threads: 1", method)
            line = {"what": arguments.what, "set": name, "method": method, "seed": seed, **found}
            print(json.dumps(line), flush=True)


def measure(name: str, train: str, method: str = "full") -> dict[str, Any]:
    """Train once, and give what was set and the headline on dev and test, in percent."""
    cut = SETS[name]
    body = f"task: {cut.task}\nmodel: minilm\ndata: {write(name, cut)}\nmethod: {method}\ntrain: {{{train}}}"
    body += "\nsave: {every: null}"
    began = time.monotonic()
    run = start_run("run", prepare(parse_cell(body, {})))
    run.wait()
    if run.exception is not None:
        raise run.exception
    scores = {split: run.report(split).scores[HEADLINES[cut.task]].value or 0.0 for split in ("dev", "test")}
    used = {key: getattr(run.config.train, key) for key in ("epochs", "learning_rate", "batch_size")}
    percent = {split: round(100 * value, 2) for split, value in scores.items()}
    best_epoch = run.events[-1].best_epoch
    run.release()
    return {**percent, "best_epoch": best_epoch, **used, "seconds": round(time.monotonic() - began)}


def write(name: str, cut: Cut) -> str:
    """Write the cut's files, and give the `data:` section."""
    taken: set[Any] = set()
    parts = []
    for split, file, count in zip(("train", "dev", "test"), cut.files, cut.rows, strict=True):
        text = (DATA / file).read_text(encoding="utf-8").replace("\r\n", "\n")
        path = Path(f"{name}.{split}.{'conll' if cut.task == 'ner' else 'csv'}")
        if cut.task == "ner":
            blocks = [block for block in re.split(r"\n\s*\n", text) if block.strip()]
            path.write_text("\n\n".join(drawn(blocks, count)) + "\n", encoding="utf-8")
        else:
            rows = drawn([row for row in table(text, file, cut) if row not in taken], count)
            taken |= set(rows)
            with path.open("w", encoding="utf-8", newline="") as stream:
                csv.writer(stream).writerows([("text", "label"), *rows])
        parts.append(f"{split}: {path}")
    return f"{{{', '.join(parts)}}}"


def table(text: str, file: str, cut: Cut) -> list[tuple[str, ...]]:
    """Texts and labels of a table."""
    rows = (
        csv.reader(text.splitlines())
        if file.endswith(".csv")
        else csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    )
    return [tuple(row[column] for column in cut.columns) for row in list(rows)[int(cut.header) :]]


def drawn(items: Sequence[Any], count: int) -> list[Any]:
    """So many of them, the same ones each time."""
    return random.Random(7).sample(items, min(count, len(items)))


def compare(lines: Iterable[dict[str, Any]]) -> None:
    """Print for each set the sweep, its best by test, and what was chosen."""
    sweep: dict[str, dict[tuple[float, ...], list[float]]] = defaultdict(lambda: defaultdict(list))
    chosen: dict[str, dict[tuple[float, ...], list[float]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        setting = (line["epochs"], line["learning_rate"], line["batch_size"])
        of = " ".join([line["set"], *[line["method"]] * (line.get("method", "full") != "full")])
        (chosen if line["what"] == "chosen" else sweep)[of][setting].append(line["test"])
    for name, settings in sweep.items():
        for setting, tests in sorted(settings.items()):
            print(f"{name:24} {_said(setting)}: {statistics.mean(tests):.2f}")
        best = max(settings, key=lambda each: statistics.mean(settings[each]))
        print(f"{name:24} best of {len(settings)}: {_said(best)}: {statistics.mean(settings[best]):.2f}")
        for setting, tests in chosen[name].items():
            listed = ", ".join(f"{test:.2f}" for test in tests)
            print(f"{name:24} chosen: {_said(setting)}: {statistics.mean(tests):.2f} ({listed})")


def _said(setting: tuple[float, ...]) -> str:
    epochs, rate, batch = setting
    return f"{epochs:g} epochs, rate {rate:g}, batches of {batch:g}"


if __name__ == "__main__":
    main()
