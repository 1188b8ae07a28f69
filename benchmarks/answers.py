"""`task: qa` on real data, from one cell, beside a baseline that knows nothing but words.

    python benchmarks/answers.py xquad --seeds 1
    python benchmarks/answers.py cmrc --seeds 1
    python benchmarks/answers.py cmrc --seeds 1 --new-words 3500
    python benchmarks/answers.py cmrc --seeds 1 --new-words 3500 --negatives all
    python benchmarks/answers.py cmrc --seeds 1 --new-words 12000 --chinese-words jieba
    python benchmarks/answers.py cmrc --seeds 1 --model ft-tiny --cloze 20000

The baseline takes the stretch of the context whose neighbourhood has most of the question's words, the rarer and the
nearer the better (after the sliding window of Richardson et al. 2013, which SQuAD's paper uses too); of how many words
it is, is chosen on train. Chinese characters are words.

With `--cloze` a first run learns to find places: from sentences of train's contexts a span is taken out, and what is
left is the question (Lewis et al. 2019, “Unsupervised Question Answering by Cloze Translation”, with rules for
Chinese). The second run begins with its model.

The data lie beside the checkout: `../shared/data`, or where FT_MAGICS_DATA says.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
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
        "epochs: 3, batch_size: 8, learning_rate: 2e-4, max_length_tokens: 320",
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
_SENTENCE = re.compile(r"[^。！？]{12,}[。！？]")
_SPANS = (  # what may be taken out of a sentence, and what is asked in its place
    (re.compile(r"\d{2,4}年(?:\d{1,2}月)?(?:\d{1,2}日)?"), ("哪一年", "什么时候", "何时")),
    (re.compile(r"\d[\d.,]*[^\d，。、；：]{0,2}"), ("多少", "几")),
    (re.compile(r"[《「“][^》」”，。]{2,20}[》」”]"), ("什么", "哪个")),
    (re.compile(r"(?<=[是为在于由被叫有，、；：])[^，。、；：（）]{2,12}(?=[，。、；：（）])"), ("什么", "谁", "哪里")),
    (re.compile(r"(?<=[，；：])[^。，；：]{6,25}(?=[，。；])"), ("什么", "怎样", "为什么")),
)
_AROUND = 200  # characters of a made question's context
_CLOZE = "train: {epochs: 1, batch_size: 32, learning_rate: 1e-3, max_length_tokens: 256}"
_BESIDE = 22  # of the question, to each side of what was taken out
_KEPT = 0.85  # share of a question's characters that stay


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


def made_questions(contexts: Sequence[str], number: int, seed: int = 1) -> dict[str, Any]:
    """Questions in SQuAD's format, each with a part of a context: a sentence without the span that is the answer."""
    draw = random.Random(seed)
    paragraphs: list[dict[str, Any]] = []
    while len(paragraphs) < number:
        context = draw.choice(contexts)
        sentences = list(_SENTENCE.finditer(context))
        pattern, words = draw.choice(_SPANS)
        found = [(item, place) for item in sentences for place in pattern.finditer(item[0])]
        if not found:
            continue
        sentence, place = draw.choice(found)
        left, right = sentence[0][: place.start()][-_BESIDE:], sentence[0][place.end() : -1][:_BESIDE]
        beside = ["".join(letter for letter in side if draw.random() < _KEPT) for side in (left, right)]
        at = sentence.start() + place.start()
        begin = max(0, at - draw.randrange(_AROUND - len(place[0])))
        answer = {"text": place[0], "answer_start": at - begin}
        asked = {"id": str(len(paragraphs)), "question": f"{draw.choice(words).join(beside)}？", "answers": [answer]}
        paragraphs.append({"context": context[begin : begin + _AROUND], "qas": [asked]})
    return {"version": "made", "data": [{"title": "made", "paragraphs": paragraphs}]}


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _trained(name: str, body: str, settings: str) -> Any:
    run = start_run(name, prepare(parse_cell(f"task: {{qa: {settings}}}\n{body}\nsave: {{every: null}}", {})))
    run.wait()
    if run.exception is not None:
        raise run.exception
    print(run.history.to_string(), flush=True)
    return run


def main() -> None:
    """Train with each seed, and print the scores on test beside the baseline's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=SETS)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1])
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--train", help="settings of `train:` instead of the set's own")
    parser.add_argument("--new-words", type=int, help="how many characters and words of train become tokens")
    parser.add_argument("--negatives", help="`negative_windows` of the task instead of the default")
    parser.add_argument("--chinese-words", choices=("characters", "jieba"), default="characters")
    parser.add_argument("--cloze", type=int, default=0, help="how many questions are made for a first run; Chinese")
    arguments = parser.parse_args()
    train, test, settings, more = SETS[arguments.data]
    if arguments.negatives:
        settings = settings.replace("}", f", negative_windows: {arguments.negatives}}}")
    questions = read_split("test", str(DATA / test)).examples
    learned = read_split("train", str(DATA / train)).examples
    baseline = Baseline(learned)
    report = ft_magics.evaluate(questions, [baseline.answer(each) for each in questions], task="qa")
    print(f"baseline, {baseline.length} words: {report.summary()}", flush=True)
    os.chdir(tempfile.mkdtemp())
    model = arguments.model
    if arguments.cloze:
        made = made_questions(sorted({each.text for each in learned}), arguments.cloze)
        Path("made.json").write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")
        run = _trained(
            "made", f"model: {model}\ndata: {{train: made.json, dev: {{fraction: 0.02}}}}\n{_CLOZE}", settings
        )
        model = run.name
        run.release()
    new = f"new_words: {arguments.new_words}, chinese_words: {arguments.chinese_words}"
    words = f"tokenizer: {{{new}}}\n" if arguments.new_words else ""
    for seed in arguments.seeds:
        body = (
            f"model: {model}\n{words}"
            f"data: {{train: {DATA / train}, dev: {{fraction: 0.1}}, test: {DATA / test}}}\n"
            f"train: {{seed: {seed}, {arguments.train or more}}}"
        )
        began = time.monotonic()
        run = _trained(f"seed_{seed}", body, settings)
        print(f"seed {seed}: {run.report('test').summary()}, {time.monotonic() - began:.0f} s", flush=True)
        run.release()


if __name__ == "__main__":
    main()
