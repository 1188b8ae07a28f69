"""`Run.predict` beside the pipeline of transformers with its defaults: the same model and texts, in one process.

    python benchmarks/prediction.py classify --train banking77_en/train.csv --data banking77_en/test.csv
    python benchmarks/prediction.py ner --train wnut17_en/wnut17train.conll --data wnut17_en/emerging.test.annotated
    QUICK=1 python benchmarks/prediction.py classify --train … --data …

A model is trained for a few steps, so that its labels differ. Then each side predicts all texts, in turn, several
times; `predict_file` has the same texts, one a line. Shown are texts a second on the clock and for each second of
processor time, the median of the rounds' ratios to the pipeline, and on how many labels each side agrees with it: a
label a text, or one a word. Where the device gains from bf16, what a run takes by itself is shown too.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from ft_magics.models.device import choose_precision
from ft_magics.runs.cells import parse_cell
from ft_magics.runs.predictor import TrainedModel, load_trained
from ft_magics.runs.run import Run
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare
from transformers import pipeline
from transformers.utils import logging

QUICK = bool(os.environ.get("QUICK"))
PIPELINES = {"classify": "text-classification", "ner": "token-classification"}


def trained(task: str, model: str, train: Path, steps: int) -> Run:
    """A run of a few steps in full precision."""
    body = f"task: {task}\nmodel: {model}\ndata: {{train: {train}}}\nsave: {{every: null}}\n"
    body += f"train: {{max_steps: {steps}, batch_size: 16, learning_rate: 3e-4, precision: fp32, seed: 1}}"
    run = start_run(task, prepare(parse_cell(body, {})))
    run.wait()
    if run.exception is not None:
        raise run.exception
    return run


def texts_of(model: TrainedModel, path: Path) -> list[str]:
    """The texts of labelled data, as a person would type them."""
    examples = model.task.read_more(str(path), {}).examples
    found = [each.words if hasattr(each, "words") else each.text.split() for each in examples]
    return [" ".join(words) for words in found]


def our_labels(model: TrainedModel, texts: Sequence[str]) -> list[Any]:
    """A label a text, or the tags of its words."""
    predictions = model.predict(model.task.parse(texts))
    return [tuple(each.tags if hasattr(each, "tags") else each.labels) for each in predictions]


def their_labels(model: TrainedModel, texts: Sequence[str], answers: Sequence[Any]) -> list[Any]:
    """The same of the pipeline's answers: of a word, the label of its first token."""
    examples = model.task.parse(texts)
    if not hasattr(examples[0], "places"):
        return [(answer["label"],) for answer in answers]
    found = []
    for example, tokens in zip(examples, answers, strict=True):
        labels = {token["start"]: token["entity"] for token in tokens}
        found.append(tuple(labels.get(start, "O") for start, _ in example.places))
    return found


def answers_of(model: TrainedModel, texts: Sequence[str]) -> list[Any]:
    """What `Run.predict` gives, of a model in a precision of its own."""
    examples = model.task.parse(texts)
    return list(map(model.task.answer, examples, model.predict(examples)))


def main() -> None:
    """Train, predict with both sides in turn, and print ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=PIPELINES)
    parser.add_argument("--model", default="minilm", help="that the run begins with")
    parser.add_argument("--train", type=Path, required=True, help="labelled data to train on for a few steps")
    parser.add_argument("--data", type=Path, required=True, help="labelled data whose texts are predicted")
    parser.add_argument("--texts", type=int, default=96 if QUICK else 1500, help="the first so many")
    parser.add_argument("--steps", type=int, default=8 if QUICK else 150)
    parser.add_argument("--rounds", type=int, default=2 if QUICK else 5)
    parser.add_argument("--threads", type=int, help="of torch; its own number where it is not given")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads or torch.get_num_threads())
    logging.set_verbosity_error()
    train, data = arguments.train.absolute(), arguments.data.absolute()
    os.chdir(tempfile.mkdtemp())
    run = trained(arguments.task, arguments.model, train, arguments.steps)
    exact = load_trained(str(run.model_dir), task=arguments.task, precision="fp32")
    texts = texts_of(exact, data)[: arguments.texts]
    Path("texts.txt").write_text("\n".join(texts) + "\n")
    theirs = pipeline(PIPELINES[arguments.task], model=str(run.model_dir), device=exact.device)

    def predict_file() -> None:
        run.predict_file("texts.txt", output="out.jsonl", progress=False).unlink()

    sides: dict[str, Callable[[], Any]] = {
        "pipeline": lambda: theirs(texts),
        "predict": lambda: run.predict(texts),
        "predict_file": predict_file,
    }
    labels = {name: our_labels(exact, texts) for name in ("predict", "predict_file")}
    if choose_precision("auto", exact.device) != "fp32":
        quick = load_trained(str(run.model_dir), task=arguments.task)
        sides["bf16"] = lambda: answers_of(quick, texts)
        labels["bf16"] = our_labels(quick, texts)
    run.predict(texts[:4])
    labels["pipeline"] = their_labels(exact, texts, theirs(texts))
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for _ in range(arguments.rounds):
        for name, ask in sides.items():
            began = time.perf_counter(), time.process_time()
            ask()
            seconds[name].append((time.perf_counter() - began[0], time.process_time() - began[1]))
    known = [label for of_text in labels["pipeline"] for label in of_text]
    print(
        f"{arguments.task}, {arguments.model}, {len(texts):,} texts, {len(known):,} labels ({len(set(known))} of them "
        f"different), {torch.get_num_threads()} threads, {arguments.rounds} rounds"
    )
    for name, taken in seconds.items():
        wall, busy = (statistics.median(each[at] for each in taken) for at in (0, 1))
        ratios = [
            statistics.median(one[at] / other[at] for one, other in zip(seconds["pipeline"], taken, strict=True))
            for at in (0, 1)
        ]
        mine = [label for of_text in labels[name] for label in of_text]
        same = sum(one == other for one, other in zip(known, mine, strict=True))
        print(
            f"{name:12} {len(texts) / wall:8.1f} a second, {len(texts) / busy:8.1f} a processor second; "
            f"{ratios[0]:.2f} times the pipeline ({ratios[1]:.2f} by processor time); "
            f"{same:,} of {len(known):,} labels the same"
        )


if __name__ == "__main__":
    main()
