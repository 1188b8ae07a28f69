"""What raw text takes: memory and time, of a text and of one 100 times as large; and speed beside Hugging Face's.

python benchmarks/raw_text.py size --megabytes 1 100
python benchmarks/raw_text.py speed --text ../shared/data/mlm_text_en_zh/en_wikitext2_valid.txt --steps 20
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Self

import psutil

_STEPS = 50


class Peak:
    """The most memory of its own, mapped files aside, that this process has while it lasts, sampled every 10 ms."""

    def __enter__(self) -> Self:
        self._process, self._over, self.most = psutil.Process(), threading.Event(), 0
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def _look(self) -> None:
        while not self._over.wait(0.01):
            memory = self._process.memory_info()
            self.most = max(self.most, memory.rss - memory.shared)

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def _write(path: Path, megabytes: float) -> None:
    """Documents of 40 to 400 words, 200 of them again and again, each time with another number; words by Zipf's law."""
    draw = random.Random(0)
    words = ["".join(draw.choices("etaoinshrdlu", k=draw.randint(2, 9))) for _ in range(20_000)]
    weights = [1 / (at + 1) for at in range(len(words))]
    texts = [" ".join(draw.choices(words, weights, k=draw.randint(40, 400))) for _ in range(200)]
    written = number = 0
    with path.open("w", encoding="utf-8") as file:
        while written < megabytes * 1e6:
            written += file.write(f"{number} {texts[number % 200]}\n\n")
            number += 1


def _measure(path: Path) -> None:
    """One size, in a process of its own."""
    from ft_magics.models.loading import load_tokenizer  # noqa: PLC0415  # before what is measured
    from ft_magics.models.sources import find_weights  # noqa: PLC0415  # the same
    from ft_magics.tasks.language.config import TextData  # noqa: PLC0415  # the same
    from ft_magics.tasks.masked.task import MaskedTask  # noqa: PLC0415  # the same
    from ft_magics.tasks.task import Spec  # noqa: PLC0415  # the same
    from ft_magics.training.batches import GroupedByLength  # noqa: PLC0415  # the same

    tokenizer = load_tokenizer(find_weights("minilm"))
    spec = Spec(tokenizer=tokenizer, config=None, max_length_tokens=128)
    task = MaskedTask(MaskedTask.Settings())
    data = TextData.model_validate({"train": str(path), "dev": {"fraction": 0.01}})
    memory = psutil.Process().memory_info()
    before = memory.rss - memory.shared
    times = []
    with Peak() as peak:
        for act in range(3):
            began = time.perf_counter()
            if act == 0:
                corpus = task.read(task.settings, data)
            elif act == 1:
                rows = task.encode(corpus.train.examples, spec)
            else:
                order = GroupedByLength(rows, batch_size=16, seed=1)
                for epoch in range(2):
                    order.set_epoch(epoch)
                    for step in range(_STEPS):
                        batch = [order[step * 16 + at]["feature"] for at in range(16)]
                        task.collate(batch, spec)
            times.append(time.perf_counter() - began)
    documents, count = len(corpus.train.examples), len(rows)
    megabytes = path.stat().st_size / 1e6
    print(
        f"| {megabytes:,.1f} MB | {documents:,} | {count:,} | {times[0]:.1f} s | {times[1]:.1f} s | "
        f"{1000 * times[2] / (2 * _STEPS):.1f} ms | {(peak.most - before) / 1e6:.0f} MB |"
    )


def _sizes(megabytes: list[float]) -> None:
    print("| text | documents | rows | read | tokenise | a batch of 16 | memory added at its peak |")
    print("|---|--:|--:|--:|--:|--:|--:|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for size in megabytes:
            path = Path(folder) / f"{size:g}.txt"
            _write(path, size)
            environment = {**os.environ, "FT_MAGICS_CACHE": folder}
            subprocess.run([sys.executable, __file__, "measure", str(path)], check=True, env=environment)  # noqa: S603  # this file


def _speed(text: Path, steps: int) -> None:
    """The same rows, model, batch and rate: a step of ours and one of Hugging Face's collator and model in turn."""
    import torch  # noqa: PLC0415  # only here
    from ft_magics.runs.cells import PRETRAIN, parse_cell  # noqa: PLC0415  # the same
    from ft_magics.training.prepare import prepare  # noqa: PLC0415  # the same
    from transformers import AutoModelForMaskedLM, DataCollatorForLanguageModeling  # noqa: PLC0415  # the same

    torch.set_num_threads(1)
    body = f"objective: mlm\nmodel: minilm\ndata: {{train: {text}}}\ntrain: {{max_length_tokens: 128, precision: fp32}}"
    prepared = prepare(parse_cell(body, {}, kind=PRETRAIN))
    ours, spec, task = prepared.trained.model, prepared.trained.spec, prepared.trained.task
    theirs = AutoModelForMaskedLM.from_pretrained(ours.config.name_or_path, dtype=torch.float32)
    collator = DataCollatorForLanguageModeling(prepared.trained.tokenizer, mlm_probability=0.15)
    rows = [row for row in prepared.features["train"].drawn(seed=1, epoch=0) if row.tokens > 100]
    optimizers = [torch.optim.AdamW(model.parameters(), lr=2e-4, fused=True) for model in (ours, theirs)]
    seconds, tokens = [0.0, 0.0], 0

    def step(at: int, which: int) -> None:
        batch: Any = rows[at * 8 : at * 8 + 8]
        if which == 0:
            inputs = task.collate(batch, spec)
            labels = inputs.pop("labels")
            loss = task.loss(ours(**inputs), labels)
        else:
            inputs = collator([{"input_ids": row.row.ids.tolist()} for row in batch])
            loss = theirs(**inputs).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_((ours, theirs)[which].parameters(), 1.0)
        optimizers[which].step()
        optimizers[which].zero_grad(set_to_none=True)

    ours.train()
    theirs.train()
    for at in range(steps + 1):
        for which in (0, 1) if at % 2 else (1, 0):
            began = time.process_time()
            step(at, which)
            if at:  # the first is slower than all others
                seconds[which] += time.process_time() - began
        if at:
            tokens += sum(row.tokens for row in rows[at * 8 : at * 8 + 8])
    print(
        f"tokens a second of processor time, {steps} steps of 8 rows: ours {tokens / seconds[0]:,.0f}, Hugging Face's "
        f"{tokens / seconds[1]:,.0f}"
    )


def main() -> None:
    """Measure what the line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(dest="what", required=True)
    size = what.add_parser("size")
    size.add_argument("--megabytes", type=float, nargs="+", default=[1.0, 100.0])
    speed = what.add_parser("speed")
    speed.add_argument("--text", type=Path, required=True)
    speed.add_argument("--steps", type=int, default=20)
    what.add_parser("measure").add_argument("path", type=Path)
    arguments = parser.parse_args()
    if arguments.what == "size":
        _sizes(arguments.megabytes)
    elif arguments.what == "speed":
        _speed(arguments.text, arguments.steps)
    else:
        _measure(arguments.path)


if __name__ == "__main__":
    main()
