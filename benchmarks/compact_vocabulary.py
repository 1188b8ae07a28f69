"""Training on the embedding rows that the data use against training on all: memory at its peak, time, weights.

Usage: `python benchmarks/compact_vocabulary.py`, on a random BERT with 250,000 rows of 384 numbers and sentences whose
words are as frequent as Zipf says; with `--model minilm --train path/to/wnut17train.conll` on a real model and data.
The sides are trained in turn, each time in a process of its own. The memory is what a run says of itself: the weights,
and by how much the process grew in the training at most. The weights of both are compared at the end.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CELL = """\
task: ner
model: {model}
data: {{train: {train}}}
train: {{max_steps: {steps}, batch_size: 16, learning_rate: 2e-4, device: cpu, precision: fp32, threads: {threads},
        compact_vocabulary: {side}}}
save: {{dir: {folder}, every: null}}
"""
SIDES = {"all rows": "false", "rows used": "true"}
_SENTENCES, _WORDS = 1600, 20


def make_model(folder: Path, rows: int, width: int) -> None:
    """A BERT of random weights whose tokens are whole words, one a row."""
    import torch  # noqa: PLC0415  # seconds; `--help` needs none
    from tokenizers import Tokenizer, models, pre_tokenizers, processors  # noqa: PLC0415  # the same
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast  # noqa: PLC0415  # the same

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*special, *(f"w{at}" for at in range(rows - len(special)))]
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token=special[1]))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    named = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), special, strict=True))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=128, **named).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": width, "num_hidden_layers": 6, "num_attention_heads": 6, "intermediate_size": 4 * width}
    BertModel(BertConfig(vocab_size=rows, max_position_embeddings=128, **sizes)).save_pretrained(folder)


def make_text(path: Path, rows: int) -> None:
    """Sentences of random words with their tags: a word of rank r is as frequent as 1 / r."""
    import numpy as np  # noqa: PLC0415  # seconds; `--help` needs none

    random = np.random.default_rng(1)
    ranks = np.exp(random.uniform(0, np.log(rows - 10), (_SENTENCES, _WORDS))).astype(int) - 1
    lines = ["\n".join(f"w{rank} {'B-X' if rank % 7 == 0 else 'O'}" for rank in sentence) for sentence in ranks]
    path.write_text("\n\n".join(lines) + "\n", encoding="utf-8")


def measure(cell: str) -> None:
    """Train, and print what it took as JSON."""
    from ft_magics.events import MemoryMeasured, RunStarted, StepDone  # noqa: PLC0415  # the parent has none of it
    from ft_magics.runs.cells import parse_cell  # noqa: PLC0415  # the same
    from ft_magics.training.launch import start_run  # noqa: PLC0415  # the same
    from ft_magics.training.prepare import prepare  # noqa: PLC0415  # the same

    prepared = prepare(parse_cell(cell, {}))
    before = time.process_time()
    run = start_run("run", prepared)
    run.wait()
    spent = time.process_time() - before
    if run.exception is not None:
        raise run.exception
    steps = [event for event in run.events if isinstance(event, StepDone)][1:]
    memory = next(event for event in reversed(run.events) if isinstance(event, MemoryMeasured))
    (started,) = (event for event in run.events if isinstance(event, RunStarted))
    found = {
        "rows": started.embedding_rows,
        "taken": memory.used_bytes,
        "said": memory.estimate_bytes,
        "tokens_per_s": statistics.median(event.tokens_per_s for event in steps),
        "step_s": (steps[-1].elapsed_s - steps[0].elapsed_s) / (steps[-1].step - steps[0].step),
        "processor_s": spent / steps[-1].step,
        "model": str(next(run.model_dir.glob("*.safetensors"))),
    }
    print(json.dumps(found))


def in_a_process(cell: str) -> dict[str, Any]:
    """What `measure` prints, in a process of its own."""
    command = [sys.executable, __file__, "--cell", cell]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603  # our own file
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare_weights(one: str, other: str) -> str:
    """How far two models are from one another."""
    from safetensors.torch import load_file  # noqa: PLC0415  # seconds; `--help` needs none

    here, there = load_file(one), load_file(other)
    same = sum(bool((here[name] == there[name]).all()) for name in here)
    furthest = max(float((here[name] - there[name]).abs().max()) for name in here)
    return f"{same} of {len(here)} tensors are the same to the bit; the largest difference is {furthest:.1e}"


def main() -> None:
    """Print a line for each side and repetition."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", help="a model; by default one of random weights")
    parser.add_argument("--train", type=Path, help="a CoNLL file; by default random sentences")
    parser.add_argument("--rows", type=int, default=250_000)
    parser.add_argument("--width", type=int, default=384)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--threads", default="1")
    parser.add_argument("--cell", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.cell:
        measure(arguments.cell)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.model is None:
            make_model(folder / "model", arguments.rows, arguments.width)
        if arguments.train is None:
            make_text(folder / "train.conll", arguments.rows)
        print("| | rows | peak, taken | said | tokens/s | ms a step | ms of a core |\n|---|--:|--:|--:|--:|--:|--:|")
        for turn in range(arguments.repeats):
            models = []
            for side, switch in SIDES.items():
                cell = CELL.format(
                    model=arguments.model or folder / "model",
                    train=(arguments.train or folder / "train.conll").resolve(),
                    steps=arguments.steps,
                    threads=arguments.threads,
                    side=switch,
                    folder=folder / f"{turn}_{switch}",
                )
                found = in_a_process(cell)
                models.append(found["model"])
                print(
                    f"| {side} | {found['rows'][0] if found['rows'] else 'all'} | {found['taken'] / 1e6:,.0f} MB | "
                    f"{found['said'] / 1e6:,.0f} MB | {found['tokens_per_s']:,.0f} | {1000 * found['step_s']:,.0f} | "
                    f"{1000 * found['processor_s']:,.0f} |",
                    flush=True,
                )
            print(compare_weights(*models), flush=True)


if __name__ == "__main__":
    main()
