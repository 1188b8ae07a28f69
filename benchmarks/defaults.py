"""What a cell without `train:` reaches, against a small sweep of rates and epochs, on cuts of real data.

    OMP_NUM_THREADS=1 python benchmarks/defaults.py sweep --sets banking77 sib200 --rates 1e-4 3e-4 --epochs 5 15 >> sweep.jsonl
    OMP_NUM_THREADS=1 python benchmarks/defaults.py chosen --sets banking77 sib200 --seeds 1 2 >> chosen.jsonl
    python benchmarks/defaults.py compare sweep.jsonl chosen.jsonl

A line of JSON a run. Cuts are drawn with a fixed seed; dev chooses the epoch, and nothing is chosen on test. The data lie
beside the checkout: `../shared/data`, or where FT_MAGICS_DATA says.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ft_magics.tasks.cells import parse_cell
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare

DATA = Path(os.environ.get("FT_MAGICS_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
Split = tuple[str, int]  # a file, and how many examples of it
SETS: dict[str, tuple[str, tuple[Split, Split, Split]]] = {
    "wnut17": (
        "ner",
        (
            ("wnut17_en/wnut17train.conll", 400),
            ("wnut17_en/emerging.dev.conll", 100),
            ("wnut17_en/emerging.test.annotated", 300),
        ),
    ),
    "uner_zh": (
        "ner",
        tuple((f"uner_zh_gsdsimp/{split}.char.bio", rows) for split, rows in zip(("train", "dev", "test"), (150, 60, 150), strict=True)),
    ),
    "crossner_ai": (
        "ner",
        tuple((f"crossner_en/ai/{split}.txt", rows) for split, rows in zip(("train", "dev", "test"), (100, 60, 200), strict=True)),
    ),
    "wikigold": (
        "ner",
        tuple((f"wikigold_en/{split}.bio", rows) for split, rows in zip(("train", "valid", "test"), (150, 60, 150), strict=True)),
    ),
    "banking77": (
        "classify",
        (("banking77_en/train.csv", 600), ("banking77_en/train.csv", 100), ("banking77_en/test.csv", 400)),
    ),
    "sib200": (
        "classify",
        tuple((f"sib200_en_zh/eng_Latn/{split}.tsv", rows) for split, rows in zip(("train", "dev", "test"), (300, 99, 204), strict=True)),
    ),
    "csl": (
        "classify",
        tuple((f"csl_category_zh/{split}.tsv", rows) for split, rows in zip(("train", "dev", "test"), (400, 100, 400), strict=True)),
    ),
}  # fmt: skip


def main() -> None:
    """Train and print a line a run, or compare lines that were printed before."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("sweep", "chosen", "compare"))
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--rates", nargs="+", type=float, default=[1e-4, 3e-4, 6e-4])
    parser.add_argument("--epochs", nargs="+", type=float, default=[5, 15])
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    parser.add_argument("--train", default="", help="further settings, such as `batch_size: 8`")
    arguments = parser.parse_args()
    if arguments.what == "compare":
        compare(json.loads(line) for file in arguments.files for line in file.read_text().splitlines())
        return
    settings = ["epochs: auto"]  # nothing is said
    if arguments.what == "sweep":
        grid = itertools.product(arguments.epochs, arguments.rates)
        settings = [
            f"epochs: {epochs}, learning_rate: {rate}, batch_size: {arguments.batch_size}" for epochs, rate in grid
        ]
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        for name, setting, seed in itertools.product(arguments.sets, settings, arguments.seeds):
            train = ", ".join(filter(None, (setting, arguments.train, f"seed: {seed}, threads: 1")))
            found = {"what": arguments.what, "set": name, "seed": seed, "setting": setting, **measure(name, train)}
            print(json.dumps(found), flush=True)


def measure(name: str, train: str) -> dict[str, Any]:
    """Train once, and give the headline on dev and test."""
    task, splits = SETS[name]
    files = cut(name, task, splits)
    body = f"task: {task}\nmodel: minilm\ndata: {files}\ntrain: {{{train}}}\nsave: {{every: null}}"
    began = time.monotonic()
    run = start_run("run", prepare(parse_cell(body, {})))
    run.wait()
    if run.exception is not None:
        raise run.exception
    headline = run.metrics[0].name if hasattr(run, "metrics") else "f1" if task == "ner" else "accuracy"
    dev, test = (run.report(split).scores[headline].value or 0.0 for split in ("dev", "test"))
    ended = run.events[-1]
    used = run.config.train
    found = {
        "dev": round(100 * dev, 2), "test": round(100 * test, 2), "best_epoch": ended.best_epoch,
        "epochs": used.epochs, "learning_rate": used.learning_rate, "batch_size": used.batch_size,
        "seconds": round(time.monotonic() - began),
    }  # fmt: skip
    run.release()
    return found


def cut(name: str, task: str, splits: Sequence[Split]) -> str:
    """Write so many examples of each file, and give the `data:` section; dev of train's file lacks train's rows."""
    written, used = [], set()
    for at, (file, count) in enumerate(splits):
        path = Path(f"{name}.{('train', 'dev', 'test')[at]}.{'conll' if task == 'ner' else 'csv'}")
        text = (DATA / file).read_text(encoding="utf-8")
        if task == "ner":
            blocks = [block for block in text.replace("\r\n", "\n").split("\n\n") if block.strip()]
            path.write_text("\n\n".join(drawn(blocks, count)) + "\n", encoding="utf-8")
        else:
            rows = [row for row in read_rows(text, file) if row not in used]
            chosen = drawn(rows, count)
            used |= set(chosen)
            with path.open("w", encoding="utf-8", newline="") as stream:
                csv.writer(stream).writerows([("text", "label"), *chosen])
        written.append(path)
    return "{{train: {}, dev: {}, test: {}}}".format(*written)


def drawn(items: Sequence[Any], count: int) -> list[Any]:
    """So many of them, the same ones each time."""
    return random.Random(7).sample(items, min(count, len(items)))


def read_rows(text: str, file: str) -> list[tuple[str, str]]:
    """Texts and labels of a table."""
    rows = list(csv.reader(text.splitlines(), delimiter="," if file.endswith(".csv") else "\t", quoting=csv.QUOTE_MINIMAL if file.endswith(".csv") else csv.QUOTE_NONE))  # fmt: skip
    if "csl" in file:
        return [(row[1], row[2]) for row in rows]
    return [(row[-1], row[-2]) if "sib200" in file else (row[0], row[1]) for row in rows[1:]]


def compare(lines: Iterable[dict[str, Any]]) -> None:
    """Print, for each set, the sweep's best by test and what was chosen."""
    sweep: dict[str, list[dict[str, Any]]] = defaultdict(list)
    chosen: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        (sweep if line["what"] == "sweep" else chosen)[line["set"]].append(line)
    for name, ours in chosen.items():
        by_setting: dict[str, list[float]] = defaultdict(list)
        for line in sweep[name]:
            by_setting[line["setting"]].append(line["test"])
        mean = statistics.mean(line["test"] for line in ours)
        best, setting = max(
            ((statistics.mean(tests), setting) for setting, tests in by_setting.items()), default=(0, "")
        )
        print(f"{name}: chosen {mean:.2f} ({ours[0]['epochs']:g} epochs, {ours[0]['learning_rate']:.2g}); best of {len(by_setting)}: {best:.2f} ({setting})")  # fmt: skip


if __name__ == "__main__":
    main()
