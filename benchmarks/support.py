"""Which method works on which architecture for which task: every pair tried on a tiny random model.

    python benchmarks/support.py            # some minutes; writes docs/support.md

Each trial trains for three steps and sees that nothing else changed than what is trainable, that a kept model gives
the same logits to the bit when it is loaded, that peft loads it, and that a merged one gives them to 1e-5; what cannot
be is refused before a weight is read (tests/method_trials.py). The suite does a part of them.
"""

from __future__ import annotations

import os
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
number stands for the reason why a pair is refused, before any weight is read; the reasons are below the table.
"""


def main() -> None:
    """Try all, and write the page."""
    from architectures import ARCHITECTURES, make_tiny  # noqa: PLC0415  # after the number of threads
    from method_trials import METHODS, OBJECTIVES, TASKS, try_method  # noqa: PLC0415  # the same

    reasons: dict[str, int] = {}
    tables = []
    with tempfile.TemporaryDirectory() as place:
        models = {name: make_tiny(Path(place) / name, name) for name in ARCHITECTURES}
        os.chdir(place)
        for task in TASKS:
            rows = [f"| {' | '.join(['', *ARCHITECTURES])} |", f"|{'---|' * (len(ARCHITECTURES) + 1)}"]
            unfit = {}  # by architecture, why it takes no method for this task
            for method, said in METHODS.items():
                cells = []
                for architecture, model in models.items():
                    trial = unfit.get(architecture) or try_method(Path(tempfile.mkdtemp(dir=place)), model, task, said)
                    if trial.unfit:
                        unfit[architecture] = trial
                    reason = trial.refused.replace(f"this {architecture} model", "such a model")
                    reason = reason.removeprefix(f"is a {architecture} model, and ").replace(str(model), "an encoder")
                    number = reasons.setdefault(reason, len(reasons) + 1) if reason else 0
                    cells.append(f"[{number}]" if number else "yes")
                    print(task, method, architecture, trial, flush=True)
                rows.append(f"| `{method}` | {' | '.join(cells)} |")
            key = "objective" if task in OBJECTIVES else "task"
            tables.append(f"## `{key}: {task}`\n\n" + "\n".join(rows))
    listed = "\n".join(f"{number}. {reason}" for reason, number in reasons.items())
    TARGET.write_text("\n\n".join([_HEAD.rstrip(), *tables, f"## Why not\n\n{listed}"]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
