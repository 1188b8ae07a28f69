"""Memory that the evaluation of many texts takes, beyond the texts, the features and the predictions themselves.

python benchmarks/many_texts.py --texts 50000 --labels 150
"""

from __future__ import annotations

import argparse
import gc
import random
import threading
import time
from typing import Self

import numpy as np
import psutil
import torch
from ft_magics.models.memory import free_memory
from ft_magics.tasks.classify.examples import LabelledText
from ft_magics.tasks.classify.records import Prediction, report_of

MEGABYTE = 1e6


class Peak:
    """The most memory that this process has while it lasts, sampled every 5 ms."""

    def __enter__(self) -> Self:
        gc.collect()
        free_memory()
        self._process, self._over = psutil.Process(), threading.Event()
        self.before = self.most = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def _look(self) -> None:
        while not self._over.wait(0.005):
            self.most = max(self.most, self._process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def main() -> None:
    """Make predictions of so many texts, decode them batch by batch, and report on them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=50_000)
    parser.add_argument("--labels", type=int, default=150)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    generator = np.random.default_rng(0)
    random.seed(0)
    labels = [f"label_{at:03d}" for at in range(arguments.labels)]
    words = [f"word{at}" for at in range(5000)]
    examples, predictions = [], []
    for at in range(arguments.texts):
        logits = generator.normal(size=len(labels)).astype(np.float32)
        gold = int(generator.integers(len(labels)))
        logits[gold] += 4
        shares = np.exp(logits - logits.max())
        text = " ".join(random.choices(words, k=12))  # no secret
        examples.append(LabelledText(text, None, (labels[gold],), None, f"many.csv, line {at + 2}"))
        predictions.append(Prediction((labels[int(shares.argmax())],), shares / shares.sum()))
    facts = {"kind": "one", "labels": labels, "train_counts": dict.fromkeys(labels, 100), "train_words": words[:4000]}
    with Peak() as peak:
        began = time.monotonic()
        report = report_of(examples, predictions, title="many", facts=facts)
        seconds = time.monotonic() - began
    print(
        f"{arguments.texts} texts, {arguments.labels} labels: accuracy "
        f"{report.headline.value:.4f}; report {seconds:.1f} s, "
        f"{(peak.most - peak.before) / MEGABYTE:.0f} MB at the peak"
    )


if __name__ == "__main__":
    main()
