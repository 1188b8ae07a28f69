"""`method: head` with the encoder computed once, beside each step computing it, and beside the Trainer.

    python benchmarks/frozen.py             # WNUT-17, MiniLM, 10 epochs, three seeds: an hour on two cores
    QUICK=1 python benchmarks/frozen.py     # 320 rows, 3 epochs, one seed: ratios, no scores to rely on
    python benchmarks/frozen.py --task classify --threads 1 --method "{freeze: {except_top: 1}}"

Each side trains in a process of its own, in turns, on the same rows, as many epochs, batches of 16, with the same rate:

- trainer: Hugging Face's Trainer with its defaults and a body that needs no gradient, in train mode as it sets it;
- each: the cell with `cache_frozen: false`, which computes the body in each step, with dropout;
- once: the cell as it is.

Tokens are those of the texts, without padding. Their time is from the end of the first step to the end of the last;
of `whole`, the time in which the body was computed is counted too.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from training import BATCH, CELLS, DATA, LONGEST, Steps, _encoded, _model, _score, _tokens_of, read, write

SIDES = ("trainer", "each", "once")
QUICK = bool(os.environ.get("QUICK"))
RATE = 4e-3  # for MiniLM and `head`; see docs/methods.md
Rows = list[dict[str, Any]]


def main() -> None:
    """Measure one side in this process, or all of them in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", choices=("ner", "classify"), default="ner")
    parser.add_argument("--method", default="head", help="of the cells; the Trainer always trains the head alone")
    parser.add_argument("--side", choices=SIDES, help="measure one in this process; prints JSON")
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=SIDES)
    parser.add_argument("--repeats", type=int, default=1 if QUICK else 3)
    parser.add_argument("--rows", type=int, default=320 if QUICK else None)
    parser.add_argument("--epochs", type=int, default=3 if QUICK else 10)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, help="of every side; else what each takes by itself")
    arguments = parser.parse_args()
    if arguments.side:
        print(json.dumps(_measured(arguments)))
        return
    found: dict[str, Rows] = {side: [] for side in arguments.sides}
    for repeat in range(arguments.repeats):
        for side in arguments.sides:
            found[side].append(_in_process(side, arguments.seed + repeat))
            print(f"{side}, seed {arguments.seed + repeat}: {found[side][-1]}", flush=True)
    print("\n| side | tokens a second | whole | score | first step after |\n|---|--:|--:|--:|--:|")
    for side, runs in found.items():
        mean = {name: statistics.mean(run[name] for run in runs) for name in runs[0]}
        print(
            f"| {side} | {mean['tokens_per_s']:,.0f} | {mean['whole_per_s']:,.0f} | {100 * mean['score']:.1f} | "
            f"{mean['first_step_s']:.1f} s |"
        )


def _in_process(side: str, seed: int) -> dict[str, Any]:
    command = [sys.executable, str(Path(__file__).resolve()), *sys.argv[1:], "--side", side, "--seed", str(seed)]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "FT_MAGICS_CACHE": f"{folder}/cache", "FT_MAGICS_DATA": str(DATA.resolve())}
        done = subprocess.run(  # noqa: S603  # this file
            command, cwd=folder, capture_output=True, text=True, env=environment, check=False
        )
    if done.returncode:
        raise SystemExit(f"{side} failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measured(arguments: argparse.Namespace) -> dict[str, Any]:
    train, test = read(arguments.task, arguments.rows)
    if arguments.threads:
        import torch  # noqa: PLC0415  # after the clock was read

        torch.set_num_threads(arguments.threads)
    side = _trainer if arguments.side == "trainer" else _ours
    return side(train, test[: arguments.rows], arguments)


def _trainer(train: Rows, test: Rows, arguments: argparse.Namespace) -> dict[str, Any]:
    from transformers import (  # noqa: PLC0415  # after the clock was read
        DataCollatorForTokenClassification,
        DataCollatorWithPadding,
        Trainer,
        TrainerCallback,
        TrainingArguments,
        set_seed,
    )

    set_seed(arguments.seed)
    model, tokenizer, labels = _model(arguments.task, train)
    model.base_model.requires_grad_(False)
    rows = _encoded(arguments.task, train, tokenizer, labels, padded=False)
    collator = DataCollatorForTokenClassification if arguments.task == "ner" else DataCollatorWithPadding
    padded, steps, counted = collator(tokenizer), Steps(), []

    def collated(batch: Rows) -> Any:
        made = padded(batch)
        counted.append(int(made["attention_mask"].sum()))
        return made

    class Clock(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            steps.done(counted[len(steps.ends)])

    settings = TrainingArguments(
        output_dir="trainer",
        per_device_train_batch_size=BATCH,
        num_train_epochs=arguments.epochs,
        learning_rate=arguments.rate,
        save_strategy="no",
        report_to=[],
        seed=arguments.seed,
        disable_tqdm=True,
    )
    Trainer(model, settings, collated, rows, callbacks=[Clock()]).train()  # type: ignore[arg-type]  # a list is a data set
    figures = steps.figures()
    score = _score(arguments.task, model, tokenizer, labels, test)
    return figures | {"whole_per_s": figures["tokens_per_s"], "score": score}


def _ours(train: Rows, test: Rows, arguments: argparse.Namespace) -> dict[str, Any]:
    from ft_magics.training import frozen_states  # noqa: PLC0415  # after the clock was read
    from ft_magics.training.callback import RunCallback  # noqa: PLC0415  # the same
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415  # the same

    steps, once_s = Steps(), 0.0
    ended, computed = RunCallback.on_step_end, frozen_states.computed_states

    def timed(self: Any, *given: Any, **named: Any) -> Any:
        found = ended(self, *given, **named)
        steps.done(0)
        return found

    def timed_once(*given: Any, **named: Any) -> Any:
        nonlocal once_s
        began = time.monotonic()
        found = computed(*given, **named)
        once_s = time.monotonic() - began
        return found

    RunCallback.on_step_end = timed  # type: ignore[method-assign]
    frozen_states.computed_states = timed_once
    suffix = {"ner": ".conll", "classify": ".csv"}[arguments.task]
    files = {
        name: write(arguments.task, rows, Path(f"{name}{suffix}")) for name, rows in (("train", train), ("test", test))
    }
    section = (
        f"epochs: {arguments.epochs}, learning_rate: {arguments.rate}, seed: {arguments.seed}, batch_size: {BATCH}, "
        f"warmup: 0, weight_decay: 0, early_stopping: false, max_length_tokens: {LONGEST}, "
        f"cache_frozen: {'auto' if arguments.side == 'once' else 'false'}"
        + (f", threads: {arguments.threads}" if arguments.threads else "")
    )
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "ft_magics")
    cell = CELLS[arguments.task].format(train_section="{" + section + "}", **files)
    shell.run_cell(f"{cell}method: {arguments.method}\n").raise_error()
    counted = _tokens_of(arguments.task, train)
    steps.tokens[-1] = round(counted * (arguments.epochs - BATCH / len(train)))  # all but the first step's
    figures = steps.figures()
    whole = steps.tokens[-1] / (figures["train_s"] + once_s)
    score = shell.user_ns["trial"].report("test").headline.value
    return figures | {"whole_per_s": whole, "once_s": once_s, "score": score}


if __name__ == "__main__":
    main()
