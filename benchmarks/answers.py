"""`task: qa` on real data, from one cell, beside a baseline that knows nothing but words.

    python benchmarks/answers.py xquad --seeds 1
    python benchmarks/answers.py cmrc --seeds 1

The baseline takes the stretch of the context whose neighbourhood has most of the question's words, the rarer and the
nearer the better (after the sliding window of Richardson et al. 2013, which SQuAD's paper uses too); of how many words
it is, is chosen on train. Chinese characters are words.

The data lie beside the checkout: `../shared/data`, or where FT_MAGICS_DATA says.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ft_magics
from ft_magics.runs.cells import parse_cell
from ft_magics.tasks.qa.reader import read_split
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare

DATA = Path(os.environ.get("FT_MAGICS_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
SETS = {  # train, test, settings of the task, of the training
    "xquad": (
        "xquad_en_zh/en.train.json",
        "xquad_en_zh/en.test.json",
        "{doc_stride: 64}",
        "epochs: 2, batch_size: 8, learning_rate: 3e-4, max_length_tokens: 320",
    ),
    "cmrc": (
        "cmrc2018_zh/cmrc2018_dev.json",
        "cmrc2018_zh/cmrc2018_trial.json",
        "{max_answer_tokens: 60, doc_stride: 64}",
        "epochs: 2, batch_size: 8, learning_rate: 3e-4, max_length_tokens: 320",
    ),
}
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+")
_LENGTHS = (1, 2, 3, 4, 6, 8, 12, 16)
_REACH = 10  # words to each side that are looked at
_TUNED_ON = 200  # questions of train


class Baseline:
    """The stretch of the context near most of the question's words.

    Args:
        train: Questions, by which the weights of words and the length of answers are chosen.
    """

    def __init__(self, train: Sequence[Any]) -> None:
        contexts = {example.text for example in train}
        count = Counter(word for context in contexts for word in set(_words(context)))
        self.weights = {word: math.log(len(contexts) / number) for word, number in count.items()}
        self.unknown = math.log(max(len(contexts), 2))
        self.length = max(_LENGTHS, key=lambda length: self._f1(train[:_TUNED_ON], length))

    def _f1(self, examples: Sequence[Any], length: int) -> float:
        texts = [self.answer(example, length) for example in examples]
        return float(ft_magics.evaluate(list(examples), texts, task="qa", resamples=0).scores["f1"].value or 0.0)

    def answer(self, example: Any, length: int | None = None) -> str:
        """The best stretch."""
        length = length or self.length
        places = [(match.start(), match.end()) for match in _WORD.finditer(example.text)]
        words = _words(example.text)
        asked = set(_words(example.question))
        weight = [self.weights.get(word, self.unknown) if word in asked else 0.0 for word in words]
        best, at = -math.inf, 0
        for start in range(max(1, len(words) - length + 1)):
            end = start + length
            before = sum(weight[start - far] / far for far in range(1, min(_REACH, start) + 1))
            behind = sum(weight[end + far] / (far + 1) for far in range(min(_REACH, len(words) - end)))
            value = before + behind - sum(weight[start:end])
            if value > best:
                best, at = value, start
        if not places:
            return ""
        text: str = example.text[places[at][0] : places[min(at + length, len(places)) - 1][1]]
        return text


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def main() -> None:
    """Train with each seed, and print the scores on test beside the baseline's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=SETS)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1])
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--train", help="settings of `train:` instead of the set's own")
    arguments = parser.parse_args()
    train, test, settings, more = SETS[arguments.data]
    questions = read_split("test", str(DATA / test)).examples
    baseline = Baseline(read_split("train", str(DATA / train)).examples)
    report = ft_magics.evaluate(questions, [baseline.answer(each) for each in questions], task="qa")
    print(f"baseline, {baseline.length} words: {report.summary()}", flush=True)
    os.chdir(tempfile.mkdtemp())
    for seed in arguments.seeds:
        body = (
            f"task: {{qa: {settings}}}\nmodel: {arguments.model}\n"
            f"data: {{train: {DATA / train}, dev: {{fraction: 0.1}}, test: {DATA / test}}}\n"
            f"train: {{seed: {seed}, {arguments.train or more}}}\nsave: {{every: null}}"
        )
        began = time.monotonic()
        run = start_run(f"seed_{seed}", prepare(parse_cell(body, {})))
        run.wait()
        if run.exception is not None:
            raise run.exception
        print(run.history.to_string(), flush=True)
        print(f"seed {seed}: {run.report('test').summary()}, {time.monotonic() - began:.0f} s", flush=True)
        run.release()


if __name__ == "__main__":
    main()
