"""Which method works on which architecture for which task: every pair tried on a tiny random model.

    python benchmarks/support.py            # some minutes; writes docs/support.md

Each trial trains for three steps and sees that nothing else changed than what is trainable, that a kept model gives
the same logits to the bit when it is loaded, that peft loads it, and that a merged one gives them to 1e-5; what cannot
be is refused before a weight is read (tests/method_trials.py). The suite does a part of them.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny models gain nothing from threads
REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tests"))

TARGET = REPOSITORY / "docs/support.md"
_HEAD = """\
# Methods of tuning, by architecture and task

Written by `python benchmarks/support.py`, which tries every pair on a tiny random model; do not edit it. `yes`: it
trains what it should and nothing else, and what is kept gives the same predictions to the bit when it is loaded. A
number stands for the reason why a pair is refused, before any weight is read; the reasons are below the tables.
"""


def main() -> None:
    """Try all, and write the page."""
    from architectures import ARCHITECTURES, make_tiny  # noqa: PLC0415  # after the number of threads
    from method_trials import OBJECTIVES, TASKS  # noqa: PLC0415  # the same

    reasons: dict[str, int] = {}
    tables = []
    with tempfile.TemporaryDirectory() as place:
        models = {name: make_tiny(Path(place) / name, name) for name in ARCHITECTURES}
        os.chdir(place)
        for task in TASKS:
            key = "objective" if task in OBJECTIVES else "task"
            tables.append(f"## `{key}: {task}`\n\n{_table(task, models, reasons)}")
    listed = "\n".join(f"{number}. {reason}" for reason, number in reasons.items())
    TARGET.write_text("\n\n".join([_HEAD.rstrip(), *tables, f"## Why not\n\n{listed}"]) + "\n", encoding="utf-8")


def _table(task: str, models: dict[str, Path], reasons: dict[str, int]) -> str:
    """One task's table, and below it which kinds of model it does not take at all."""
    from method_trials import METHODS, try_method  # noqa: PLC0415  # after the number of threads

    cells: dict[str, list[str]] = {}
    unfit: dict[str, list[str]] = {}
    for architecture, model in models.items():
        for method, said in METHODS.items():
            trial = try_method(Path(tempfile.mkdtemp(dir=model.parent)), model, task, said)
            print(task, architecture, method, trial, flush=True)
            reason = _without_names(trial.refused, architecture, model)
            if trial.unfit:
                unfit.setdefault(reason, []).append(f"`{architecture}`")
                break
            number = reasons.setdefault(reason, len(reasons) + 1) if reason else 0
            cells.setdefault(architecture, []).append(f"[{number}]" if number else "yes")
    rows = [["", *cells], ["---"] * (len(cells) + 1)]
    rows += [[f"`{method}`", *column] for method, *column in zip(METHODS, *cells.values(), strict=True)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "".join(f"\n\nNot {', '.join(names)}: {reason}." for reason, names in unfit.items())


def _without_names(reason: str, architecture: str, model: Path) -> str:
    """A reason that several models have in common."""
    reason = reason.replace(str(model), "an encoder").replace(f"this {architecture} model", "such a model")
    reason = re.sub(rf"^is an? {architecture} model, and |\. An? {architecture} model takes .*", "", reason)
    reason = re.sub(r"this is \w+For\w+", "such a model does not", reason)
    return re.sub(r"^`[^`]+`( keeps only what it trains)", r"what\1", reason)


if __name__ == "__main__":
    main()
