"""How runs end that are killed again and again, as the suite kills them; `--kills 40 --seeds 1 2 3`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
os.environ.setdefault("OMP_NUM_THREADS", "1")

from conftest import CONLL, make_tiny_bert
from lives import Lives, assert_ends_like, kill_at_random

STEPS_AN_EPOCH = 6
VARIANTS = (("{steps: 1}", 1, 2), ("{steps: 3}", 2, 6))  # every, keep, most steps of a life


def main() -> None:
    """Kill a run under each seed and variant; stop at the first that ends otherwise than one that was not killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=40, help="of each run; at most 48, so that every step is an event")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for every, keep, most_steps in VARIANTS:
            _kill(Path(folder), arguments, every, keep, most_steps)


def _kill(folder: Path, arguments: argparse.Namespace, every: str, keep: int, most_steps: int) -> None:
    body = _body(folder, every, keep, epochs=arguments.kills * (most_steps + 2) // STEPS_AN_EPOCH + 1)
    whole = Lives(folder, body, f"whole{keep}").live()
    for seed in arguments.seeds:
        began = time.monotonic()
        lives = Lives(folder, body, f"killed{keep}_{seed}")
        kill_at_random(lives, arguments.kills, seed, most_steps=most_steps, steps_an_epoch=STEPS_AN_EPOCH)
        assert_ends_like(lives, whole, resumed=arguments.kills)
        where = ", ".join(f"{count} {place}" for place, count in sorted(lives.found.items()))
        print(f"every {every}, keep {keep}, seed {seed}: {lives.kills} kills ({where}), the same end, ", end="")
        print(f"{time.monotonic() - began:.0f} s", flush=True)


def _body(folder: Path, every: str, keep: int, *, epochs: int) -> str:
    model, data = folder / "model", folder / "small.conll"
    if not model.exists():
        make_tiny_bert(model)
        data.write_text(CONLL * 8, encoding="utf-8")
    return (
        f"task: ner\nmodel: {model}\ndata: {{train: {data}, dev: {data}, test: {data}}}\n"
        f"train: {{epochs: {epochs}, batch_size: 4, learning_rate: 1e-3}}\nsave: {{every: {every}, keep: {keep}}}\n"
    )


if __name__ == "__main__":
    main()
