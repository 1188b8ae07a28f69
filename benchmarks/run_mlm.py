"""Speed of a `%%pretrain` cell beside the Trainer as Hugging Face's example `run_mlm.py` sets it up; each side in turn.

    OMP_NUM_THREADS=1 python benchmarks/run_mlm.py --text path/to/en_wikitext2_valid.txt --steps 10 40

The example's steps are written out here, since it is no part of the package: tokens of all lines joined and cut into
rows of 128 (`group_texts`), `DataCollatorForLanguageModeling`, `Trainer` with its defaults. Both sides train MiniLM in
fp32, 8 rows a step, from its checkpoint. Each is run with two numbers of steps in processes of their own; the
difference is training alone, without import, loading, tokenising and saving.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import chain
from pathlib import Path
from typing import Any

ROWS, LONGEST = 8, 128
CELL = """%%pretrain trial
objective: mlm
model: minilm
data: {{train: {text}}}
train: {{max_steps: {steps}, batch_size: 8, max_length_tokens: 128, precision: fp32, seed: 1, early_stopping: false}}
"""


def ours(text: Path, steps: int) -> int:
    """Train with the cell; how many tokens the model saw."""
    from ft_magics.tasks.masked.task import MaskedTask  # noqa: PLC0415  # in a process of its own
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415  # the same

    seen = 0
    collate = MaskedTask.collate

    def counted(self: Any, features: Any, spec: Any) -> Any:
        nonlocal seen
        batch = collate(self, features, spec)
        seen += int(batch["attention_mask"].sum())
        return batch

    MaskedTask.collate = counted  # type: ignore[method-assign]
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "ft_magics")
    shell.run_cell(CELL.format(text=text, steps=steps)).raise_error()
    return seen


def theirs(text: Path, steps: int) -> int:
    """Train as the example does; how many tokens the model saw."""
    from ft_magics.models.loading import load_tokenizer  # noqa: PLC0415  # in a process of its own
    from ft_magics.models.sources import find_weights  # noqa: PLC0415  # the same
    from transformers import (  # noqa: PLC0415  # the same
        AutoModelForMaskedLM,
        DataCollatorForLanguageModeling,
        Trainer,
        TrainingArguments,
    )

    folder = find_weights("minilm")
    tokenizer = load_tokenizer(folder)
    lines = [line for line in text.read_text(encoding="utf-8").splitlines() if line.strip()]
    joined = list(chain.from_iterable(tokenizer(lines, truncation=False)["input_ids"]))
    rows = [{"input_ids": joined[at : at + LONGEST]} for at in range(0, len(joined) - LONGEST + 1, LONGEST)]
    arguments = TrainingArguments(
        output_dir="theirs",
        per_device_train_batch_size=ROWS,
        max_steps=steps,
        save_strategy="no",
        report_to=[],
        seed=1,
        use_cpu=True,
    )
    Trainer(
        model=AutoModelForMaskedLM.from_pretrained(folder),
        args=arguments,
        train_dataset=rows,  # type: ignore[arg-type]  # a list has all that a data set needs
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.15),
    ).train()
    return steps * ROWS * LONGEST


def _one(side: str, text: Path, steps: int) -> tuple[int, float]:
    """Tokens, and seconds of the processor, of one process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(Path(__file__).resolve()), side, "--text", str(text), "--steps", str(steps)]
        environment = {**os.environ, "FT_MAGICS_CACHE": f"{folder}/cache"}
        done = subprocess.run(  # noqa: S603  # this file
            command, cwd=folder, check=True, capture_output=True, text=True, env=environment
        )
    tokens, seconds = done.stdout.splitlines()[-1].split()
    return int(tokens), float(seconds)


def main() -> None:
    """Measure both, and print their tokens a second of the processor."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("side", nargs="?", choices=["both", "ours", "theirs"], default="both")
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--steps", type=int, nargs="+", default=[10, 40])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    text = arguments.text.resolve()
    if arguments.side != "both":
        began = time.process_time()
        tokens = {"ours": ours, "theirs": theirs}[arguments.side](text, arguments.steps[0])
        print(tokens, time.process_time() - began)
        return
    few, many = arguments.steps
    ratios = []
    for repeat in range(arguments.repeats):
        speeds = {}
        for side in ("ours", "theirs") if repeat % 2 else ("theirs", "ours"):
            (tokens_few, seconds_few), (tokens_many, seconds_many) = (_one(side, text, steps) for steps in (few, many))
            speeds[side] = (tokens_many - tokens_few) / (seconds_many - seconds_few)
        ratios.append(speeds["ours"] / speeds["theirs"])
        print(f"ours {speeds['ours']:,.0f}, the example {speeds['theirs']:,.0f} tokens a second: {ratios[-1]:.2f}")
    print(f"ratio {statistics.mean(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}")


if __name__ == "__main__":
    main()
