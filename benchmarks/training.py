"""Training from a cell beside the tutorial's loop and Hugging Face's example: speed, score, memory, time to first step.

    make bench                # all of it: an hour on two cores
    QUICK=1 make bench        # a few steps of each, under five minutes: ratios, no scores to rely on
    python benchmarks/training.py --task ner --repeats 5 --threads 1

The sides train MiniLM on the same rows, as many epochs, batches of 16, with the same rate and seed, each in a process
of its own, in turns:

- tutorial: the loop that people copy: every text padded to 128 tokens, fp32, the loss read by `.item()` each step;
- trainer: the Trainer with its defaults, as in Hugging Face's examples `run_ner.py`, `run_glue.py` and `run_mlm.py`,
  padding to the longest of the batch;
- ours: the cell, with all that it writes and shows;
- by_tokens, for `classify`: the cell with `batch_tokens`, in batches of at most 16 rows too.

Tokens are those of the texts, without padding. Their time is from the end of the first step to the end of the last one;
what is before is in the time to the first step, counted from the begin of the process. Memory is the process's peak,
on a GPU what torch had of its memory. The use of the machine (model FLOP utilisation, Chowdhery et al. 2022) is three
times the operations that the forward pass of one text alone takes, for each real token, as a share of what products of
large square matrices reach here in the better of fp32 and bf16: padding counts as nothing done.

The data lie beside the checkout: `../shared/data`, or where FT_MAGICS_DATA says. `training_plot.py` draws the results.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BEGAN = time.monotonic()
DATA = Path(os.environ.get("FT_MAGICS_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
RESULTS = Path(__file__).resolve().parent / "results" / "training.json"
SIDES = ("tutorial", "trainer", "ours", "by_tokens")
LONGEST, BATCH, RATE = 128, 16, 2e-4
BY_TOKENS = f"batch_tokens: 1024, batch_size: {BATCH}"
EPOCHS = {"ner": 2.0, "classify": 2.0, "pretrain": 1.0}
MOST_ROWS = {"ner": 2000, "classify": 1500, "pretrain": 500}
MOST_TEST_ROWS = 1000
QUICK_ROWS = 320
CELLS = {
    "ner": """%%finetune trial
task: ner
model: minilm
data: {{train: {train}, test: {test}}}
train: {train_section}
save: {{every: null}}
""",
    "classify": """%%finetune trial
task: classify
model: minilm
data: {{train: {train}, test: {test}}}
train: {train_section}
save: {{every: null}}
""",
    "pretrain": """%%pretrain trial
objective: mlm
model: minilm
data: {{train: {train}, test: {test}}}
train: {train_section}
save: {{every: null}}
""",
}

Rows = list[dict[str, Any]]


def main() -> None:
    """Measure one side in this process, or all of them in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", nargs="+", choices=list(CELLS), default=list(CELLS))
    parser.add_argument("--side", choices=SIDES, help="measure one in this process; prints JSON")
    parser.add_argument("--repeats", type=int, default=1 if os.environ.get("QUICK") else 3)
    parser.add_argument("--rows", type=int, default=QUICK_ROWS if os.environ.get("QUICK") else None)
    parser.add_argument("--epochs", type=float, default=1.0 if os.environ.get("QUICK") else None)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, help="of every side; else what each takes by itself")
    parser.add_argument("--set", default="", help="more of the cell's `train:`, such as `batch_tokens: 1024`")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    if arguments.side:
        print(json.dumps(_measured(arguments, arguments.task[0])))
        return
    found: dict[str, Any] = {"machine": _machine(), "quick": bool(os.environ.get("QUICK")), "tasks": {}, "ratios": {}}
    found["flops"] = {"peak": _peak_flops(arguments.threads), "per_token": {}}
    for task in arguments.task:
        found["flops"]["per_token"][task] = _flops_per_token(task)
        sides = SIDES if task == "classify" else SIDES[:-1]
        runs: dict[str, Rows] = {side: [] for side in sides}
        for repeat in range(arguments.repeats):
            for side in sides if repeat % 2 == 0 else sides[::-1]:
                runs[side].append(_in_process(arguments, task, side, arguments.seed + repeat))
                used = runs[side][-1]["tokens_per_s"] * found["flops"]["per_token"][task]
                runs[side][-1]["mfu"] = used / max(found["flops"]["peak"].values())
                print(f"{task} {side}: {_line(runs[side][-1])}", flush=True)
        found["tasks"][task] = runs
        found["ratios"][task] = {
            "vs_tutorial": _ratio(runs["ours"], runs["tutorial"]),
            "vs_trainer": _ratio(runs["ours"], runs["trainer"]),
        }
        if "by_tokens" in runs:
            found["ratios"][task]["by_tokens_vs_trainer"] = _ratio(runs["by_tokens"], runs["trainer"])
        arguments.out.parent.mkdir(exist_ok=True)
        arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"\n{_table(found)}\n\nwritten to {arguments.out}")


# What all sides read


def read(task: str, most: int | None) -> tuple[Rows, Rows]:
    """Rows of train and test, as a tutorial reads them."""
    if task == "ner":
        train, test = (_tagged(DATA / "wnut17_en" / name) for name in ("wnut17train.conll", "emerging.test.annotated"))
    elif task == "classify":
        train, test = (_table_rows(DATA / "banking77_en" / name) for name in ("train.csv", "test.csv"))
        train = train[:: max(len(train) // most, 1)] if most else train  # the file is sorted by class
    else:
        train, test = (_lines(DATA / "mlm_text_en_zh" / "en_pride_and_prejudice.txt"), [])
        train, test = train[:-200], train[-200:]
    return train[:most], test


def _tagged(path: Path) -> Rows:
    blocks = re.split(r"\n\s*\n", path.read_text(encoding="utf-8").replace("\r", "").strip())
    pairs = [[line.split("\t")[:2] for line in block.split("\n") if line.strip()] for block in blocks]
    kept = [[pair for pair in block if len(pair) == 2 and pair[0].strip()] for block in pairs]
    return [{"words": [pair[0] for pair in block], "tags": [pair[1] for pair in block]} for block in kept if block]


def _table_rows(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return [{"text": row["text"], "label": row["category"]} for row in csv.DictReader(file)]


def _lines(path: Path) -> Rows:
    text = " ".join(path.read_text(encoding="utf-8").split()).split(" ")
    return [{"text": " ".join(text[at : at + 90])} for at in range(0, len(text), 90)]


def write(task: str, rows: Rows, path: Path) -> Path:
    """The same rows in a file for the cell."""
    if task == "ner":
        blocks = ("\n".join(map("\t".join, zip(row["words"], row["tags"], strict=True))) for row in rows)
        path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    elif task == "classify":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["text", "label"])
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_text("\n\n".join(row["text"] for row in rows) + "\n", encoding="utf-8")
    return path


# One side in a process of its own


def _measured(arguments: argparse.Namespace, task: str) -> dict[str, Any]:
    most = arguments.rows or MOST_ROWS[task]
    train, test = read(task, most)
    most_of_test = arguments.rows or MOST_TEST_ROWS
    test = test[:: max(len(test) // most_of_test, 1)][:most_of_test]
    epochs = arguments.epochs or EPOCHS[task]
    if arguments.threads:
        import torch  # noqa: PLC0415  # after the clock was read

        torch.set_num_threads(arguments.threads)
    side = {"tutorial": tutorial, "trainer": trainer}.get(arguments.side, ours)
    found = side(task, train, test, epochs, arguments)
    return found | {"peak_bytes": _peak_bytes()}


def _peak_bytes() -> int:
    import torch  # noqa: PLC0415  # after the clock was read

    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _device() -> str:
    import torch  # noqa: PLC0415  # after the clock was read

    return "cuda" if torch.cuda.is_available() else "cpu"


class Steps:
    """The clock and the tokens of each step, real ones alone."""

    def __init__(self) -> None:
        self.ends: list[float] = []
        self.tokens: list[int] = []

    def done(self, tokens: int) -> None:
        """A step of so many tokens has ended."""
        self.ends.append(time.monotonic())
        self.tokens.append(tokens)

    def figures(self) -> dict[str, float]:
        """Tokens a second after the first step, and when that was."""
        seconds = self.ends[-1] - self.ends[0]
        return {
            "tokens_per_s": sum(self.tokens[1:]) / seconds,
            "train_s": seconds,
            "steps": len(self.ends),
            "first_step_s": self.ends[0] - BEGAN,
        }


def _model(task: str, train: Rows) -> tuple[Any, Any, list[str]]:
    from ft_magics.models.loading import load_tokenizer  # noqa: PLC0415  # after the clock was read
    from ft_magics.models.sources import find_weights  # noqa: PLC0415  # the same
    from transformers import (  # noqa: PLC0415  # the same
        AutoModelForMaskedLM,
        AutoModelForSequenceClassification,
        AutoModelForTokenClassification,
    )

    folder = find_weights("minilm")
    tokenizer = load_tokenizer(folder)
    if task == "pretrain":
        return AutoModelForMaskedLM.from_pretrained(folder), tokenizer, []
    if task == "ner":
        labels = sorted({tag for row in train for tag in row["tags"]})
        return AutoModelForTokenClassification.from_pretrained(folder, num_labels=len(labels)), tokenizer, labels
    labels = sorted({row["label"] for row in train})
    return AutoModelForSequenceClassification.from_pretrained(folder, num_labels=len(labels)), tokenizer, labels


def _encoded(task: str, rows: Rows, tokenizer: Any, labels: list[str], *, padded: bool) -> Rows:
    """As the tutorials write it: a row at a time; the first piece of a word has its tag."""
    ids = {label: index for index, label in enumerate(labels)}
    padding = "max_length" if padded else False
    found = []
    for row in rows:
        if task != "ner":
            made = dict(tokenizer(row["text"], truncation=True, max_length=LONGEST, padding=padding))
            if task == "classify":
                made["labels"] = ids.get(row["label"], 0)
        else:
            made = tokenizer(
                row["words"], is_split_into_words=True, truncation=True, max_length=LONGEST, padding=padding
            )
            words, before, tags = made.word_ids(), None, []
            for word in words:
                tags.append(-100 if word is None or word == before else ids.get(row["tags"][word], 0))
                before = word
            made = dict(made) | {"labels": tags}
        made.pop("token_type_ids", None)
        found.append(made)
    return found


def tutorial(task: str, train: Rows, test: Rows, epochs: float, arguments: argparse.Namespace) -> dict[str, Any]:
    """The loop as people copy it."""
    import torch  # noqa: PLC0415  # after the clock was read
    from torch.optim import AdamW  # noqa: PLC0415  # the same
    from torch.utils.data import DataLoader  # noqa: PLC0415  # the same
    from transformers import DataCollatorForLanguageModeling, get_linear_schedule_with_warmup  # noqa: PLC0415  # same

    torch.manual_seed(arguments.seed)
    model, tokenizer, labels = _model(task, train)
    model.to(_device())
    rows = _encoded(task, train, tokenizer, labels, padded=True)
    masked = DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.15) if task == "pretrain" else _stacked
    loader = DataLoader(rows, batch_size=BATCH, shuffle=True, collate_fn=masked)  # type: ignore[arg-type]  # a list is a data set
    total = round(len(loader) * epochs)
    optimizer = AdamW(model.parameters(), lr=RATE)
    schedule = get_linear_schedule_with_warmup(optimizer, 0, total)
    steps, losses = Steps(), []
    model.train()
    while len(steps.ends) < total:
        for batch in loader:
            loss = model(**{name: part.to(_device()) for name, part in batch.items()}).loss
            loss.backward()
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            steps.done(int(batch["attention_mask"].sum()))
            if len(steps.ends) == total:
                break
    found = steps.figures()
    return found | {"score": _score(task, model, tokenizer, labels, test)}


def _stacked(rows: Rows) -> dict[str, Any]:
    import torch  # noqa: PLC0415  # after the clock was read

    return {name: torch.tensor([row[name] for row in rows]) for name in rows[0]}


def trainer(task: str, train: Rows, test: Rows, epochs: float, arguments: argparse.Namespace) -> dict[str, Any]:
    """The Trainer as the examples set it up."""
    from transformers import (  # noqa: PLC0415  # after the clock was read
        DataCollatorForLanguageModeling,
        DataCollatorForTokenClassification,
        DataCollatorWithPadding,
        Trainer,
        TrainerCallback,
        TrainingArguments,
        set_seed,
    )

    set_seed(arguments.seed)
    model, tokenizer, labels = _model(task, train)
    rows = _encoded(task, train, tokenizer, labels, padded=False)
    collators = {"ner": DataCollatorForTokenClassification, "classify": DataCollatorWithPadding}
    padded = collators[task](tokenizer) if task in collators else DataCollatorForLanguageModeling(tokenizer)
    steps, counted = Steps(), []

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
        num_train_epochs=epochs,
        learning_rate=RATE,
        save_strategy="no",
        report_to=[],
        seed=arguments.seed,
        disable_tqdm=True,
    )
    Trainer(model, settings, collated, rows, callbacks=[Clock()]).train()  # type: ignore[arg-type]  # a list is a data set
    found = steps.figures()
    return found | {"score": _score(task, model, tokenizer, labels, test)}


def ours(task: str, train: Rows, test: Rows, epochs: float, arguments: argparse.Namespace) -> dict[str, Any]:
    """The cell."""
    from ft_magics.training.callback import RunCallback  # noqa: PLC0415  # after the clock was read
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415  # the same

    steps = Steps()
    ended = RunCallback.on_step_end

    def timed(self: Any, *given: Any, **named: Any) -> Any:
        found = ended(self, *given, **named)
        steps.done(0)
        return found

    RunCallback.on_step_end = timed  # type: ignore[method-assign]
    suffix = {"ner": ".conll", "classify": ".csv", "pretrain": ".txt"}[task]
    files = {name: write(task, rows, Path(f"{name}{suffix}")) for name, rows in (("train", train), ("test", test))}
    more = [f"threads: {arguments.threads}"] if arguments.threads else []
    section = ", ".join(
        [
            *(f"epochs: {epochs}", f"learning_rate: {RATE}", f"seed: {arguments.seed}", "early_stopping: false"),
            f"max_length_tokens: {LONGEST}",
            *more,
            *([BY_TOKENS] if arguments.side == "by_tokens" else [arguments.set] if arguments.set else []),
        ]
    )
    if "batch_" not in section:
        section += f", batch_size: {BATCH}"
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "ft_magics")
    shell.run_cell(CELLS[task].format(train_section="{" + section + "}", **files)).raise_error()
    run = shell.user_ns["trial"]
    counted = _tokens_of(task, train)
    first = counted * BATCH / max(len(train), 1)  # what the first step is likely to have had
    steps.tokens[-1] = round(counted * epochs - first)
    score = None if task == "pretrain" else run.report("test").headline.value
    return steps.figures() | {"score": score}


def _tokens_of(task: str, rows: Rows) -> int:
    """Tokens of an epoch, without padding: of the rows as all sides cut them."""
    from ft_magics.models.loading import load_tokenizer  # noqa: PLC0415  # after the clock was read
    from ft_magics.models.sources import find_weights  # noqa: PLC0415  # the same

    tokenizer = load_tokenizer(find_weights("minilm"))
    texts = [row["words"] if task == "ner" else row["text"] for row in rows]
    made = tokenizer(texts, is_split_into_words=task == "ner", truncation=True, max_length=LONGEST)
    return sum(map(len, made["input_ids"]))


def _score(task: str, model: Any, tokenizer: Any, labels: list[str], test: Rows) -> float | None:
    """Micro F1 of entities by seqeval, or accuracy, on test; nothing for pre-training."""
    import torch  # noqa: PLC0415  # after the clock was read

    if task == "pretrain":
        return None
    model.eval()
    gold, found = [], []
    with torch.inference_mode():
        for row, made in zip(test, _encoded(task, test, tokenizer, labels, padded=False), strict=True):
            inputs = {name: torch.tensor([made[name]]) for name in ("input_ids", "attention_mask")}
            best = model(**{name: part.to(model.device) for name, part in inputs.items()}).logits.argmax(-1)[0]
            if task == "classify":
                gold.append(row["label"])
                found.append(labels[int(best)])
                continue
            tags = ["O"] * len(row["tags"])
            words = tokenizer(row["words"], is_split_into_words=True, truncation=True, max_length=LONGEST).word_ids()
            for place, word in reversed(list(enumerate(words))):
                if word is not None:
                    tags[word] = labels[int(best[place])]
            gold.append(row["tags"])
            found.append(tags)
    if task == "classify":
        return statistics.mean(float(is_ == was) for is_, was in zip(found, gold, strict=True))
    from seqeval.metrics import f1_score  # noqa: PLC0415  # only here

    return float(f1_score(gold, found))


# All sides in turns


def _in_process(arguments: argparse.Namespace, task: str, side: str, seed: int) -> dict[str, Any]:
    command = [sys.executable, str(Path(__file__).resolve()), "--task", task, "--side", side, "--seed", str(seed)]
    for name in ("rows", "epochs", "threads", "set"):
        if value := getattr(arguments, name):
            command += [f"--{name}", str(value)]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "FT_MAGICS_CACHE": f"{folder}/cache", "FT_MAGICS_DATA": str(DATA.resolve())}
        done = subprocess.run(  # noqa: S603  # this file
            command, cwd=folder, capture_output=True, text=True, env=environment, check=False
        )
    if done.returncode:
        raise SystemExit(f"{task} {side} failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _peak_flops(threads: int | None) -> dict[str, float]:
    """Operations a second of the best of many products of two square matrices, by precision."""
    import torch  # noqa: PLC0415  # only here

    if threads:
        torch.set_num_threads(threads)
    size = 8192 if _device() == "cuda" else 1024
    found = {}
    for dtype in (torch.float32, torch.bfloat16):
        matrix = torch.randn(size, size, device=_device()).to(dtype)
        matrix @ matrix  # the first one prepares
        times = []
        for _ in range(30):
            _wait()
            began = time.perf_counter()
            matrix @ matrix
            _wait()
            times.append(time.perf_counter() - began)
        found[str(dtype).removeprefix("torch.")] = 2 * size**3 / min(times)
    return found


def _wait() -> None:
    import torch  # noqa: PLC0415  # only here

    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _flops_per_token(task: str, texts: int = 32) -> float:
    """Operations of a training step for each real token: three times those of the forward pass of a text alone."""
    import torch  # noqa: PLC0415  # only here
    from torch.utils.flop_counter import FlopCounterMode  # noqa: PLC0415  # the same

    rows, _ = read(task, MOST_ROWS[task])
    model, tokenizer, labels = _model(task, rows)
    made = _encoded(task, rows[:: max(len(rows) // texts, 1)][:texts], tokenizer, labels, padded=False)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        for row in made:
            model(input_ids=torch.tensor([row["input_ids"]]))
    return 3 * counter.get_total_flops() / sum(len(row["input_ids"]) for row in made)


def _ratio(ours_: Rows, theirs: Rows) -> dict[str, float]:
    ratios = [one["tokens_per_s"] / other["tokens_per_s"] for one, other in zip(ours_, theirs, strict=True)]
    return {"mean": statistics.mean(ratios), "least": min(ratios), "most": max(ratios)}


def _line(one: dict[str, Any]) -> str:
    score = "–" if one["score"] is None else f"{100 * one['score']:.1f}"
    return (
        f"{one['tokens_per_s']:,.0f} tokens/s, {100 * one['mfu']:.1f} % of the machine, score {score}, "
        f"{one['peak_bytes'] / 2**30:.2f} GiB, first step after {one['first_step_s']:.1f} s"
    )


def _table(found: dict[str, Any]) -> str:
    peaks = ", ".join(f"{each / 1e9:,.0f} GFLOP/s in {name}" for name, each in found["flops"]["peak"].items())
    lines = [f"Products of large matrices here: {peaks}.", ""]
    lines.append("| task | side | tokens a second | of the machine | score | peak memory | first step after |")
    lines.append("|---|---|--:|--:|--:|--:|--:|")
    for task, runs in found["tasks"].items():
        for side in runs:
            one: dict[str, Any] = {
                name: statistics.mean(run[name] for run in runs[side])
                for name in ("tokens_per_s", "mfu", "peak_bytes", "first_step_s")
            }
            scores = [run["score"] for run in runs[side] if run["score"] is not None]
            one["score"] = statistics.mean(scores) if scores else None
            cells = _line(one).replace(", ", " | ").replace("first step after ", "").replace(" of the machine", "")
            lines.append(f"| {task} | {side} | {cells.replace('score ', '')} |")
    for task, ratios in found["ratios"].items():
        for name, ratio in ratios.items():
            lines.append(f"\n{task} {name}: {ratio['mean']:.2f} ({ratio['least']:.2f} to {ratio['most']:.2f})")
    return "\n".join(lines)


def _machine() -> dict[str, Any]:
    import torch  # noqa: PLC0415  # only here

    return {
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "torch": torch.__version__,
        "date": time.strftime("%Y-%m-%d"),
    }


if __name__ == "__main__":
    main()
