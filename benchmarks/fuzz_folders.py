"""Spoilt folders of runs and models, many of them: no error but ours, nothing outside changed, 5 s and 1 GB at most.

    python benchmarks/fuzz_folders.py --models 50000 --runs 49000 --resumed 1000

A seed that finds something is printed, with what was spoilt; `--seed N --runs 1` tries that one again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))


def main() -> None:
    """Print what was found, and how long it took."""
    from conftest import CONLL, make_tiny_bert  # noqa: PLC0415  # the tests' own
    from folder_trials import Trial, kept_run  # noqa: PLC0415  # the same

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, number in (("--models", 50_000), ("--runs", 49_000), ("--resumed", 1_000), ("--seed", 0)):
        parser.add_argument(name, type=int, default=number)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folders = [Path(place, name) for name in ("model", "kept", "trial", "resumed")]
        for folder in folders[1:]:
            folder.mkdir()
        run, resume = kept_run(folders[1], make_tiny_bert(folders[0]), CONLL * 8)
        trial, resumed = Trial(folders[2], run), Trial(folders[3], run, resume)
        found = 0
        found += many("models", trial.spoil_model, arguments.models, arguments.seed)
        found += many("runs", trial.spoil_run, arguments.runs, arguments.seed)
        found += many("resumed runs", resumed.spoil_run, arguments.resumed, arguments.seed)
    sys.exit(bool(found))


def many(what: str, spoil: Callable[[int], str], number: int, first: int) -> int:
    """Spoil so many; returns how many were not taken well."""
    began, found, slowest = time.monotonic(), 0, (0.0, "")
    for seed in range(first, first + number):
        start = time.monotonic()
        done = ""
        try:
            done = spoil(seed)
        except AssertionError as error:
            found += 1
            print(f"{what}, seed {seed}: {error}", flush=True)
        slowest = max(slowest, (time.monotonic() - start, f"seed {seed}: {done}"))
    took = time.monotonic() - began
    print(
        f"{what}: {number} in {took:.0f} s, {found} not taken well; the slowest took {slowest[0]:.1f} s ({slowest[1]})"
    )
    return found


if __name__ == "__main__":
    main()
