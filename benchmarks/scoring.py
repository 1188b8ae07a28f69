"""Scoring entities: this project against seqeval and nervaluate, on the same tags in one process.

Usage: `python benchmarks/scoring.py --gold emerging.test.annotated --pred submissions/uh_ritual --times 20`. The two
files are those of the WNUT-17 shared task; twenty times over they are 25,740 sentences.
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ft_magics import entity_report
from ft_magics.data.tagged.config import ReadOptions
from ft_magics.data.tagged.sources import read_sentences
from ft_magics.evaluation.entities.inputs import read_inputs
from ft_magics.evaluation.entities.matching import equal_spans
from ft_magics.evaluation.entities.scores import score_spans
from nervaluate import Evaluator
from seqeval.metrics import classification_report


def score(gold: list[list[str]], pred: list[list[str]]) -> Any:
    """Scores per type alone, from tags."""
    sides = read_inputs(gold, pred, "conll", None)
    right = sides.gold.take(equal_spans(sides.gold, sides.pred, len(sides.names) + 1)[0])
    return score_spans(sides.gold, sides.pred, right, sides.names)


def main() -> None:
    """Time each in turn, several rounds, and print medians and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--gold", type=Path, required=True)
    parser.add_argument("--pred", type=Path, required=True)
    parser.add_argument("--times", type=int, default=20, help="how often the sentences are taken")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    read = [read_sentences(str(path), ReadOptions())[0] for path in (arguments.gold, arguments.pred)]
    gold, pred = ([list(sentence.tags) for sentence in side] * arguments.times for side in read)
    words = [list(sentence.words) for sentence in read[0]] * arguments.times
    sure = [[0.9] * len(sentence) for sentence in words]
    types = sorted({tag[2:] for tags in gold for tag in tags if tag != "O"})
    sides: dict[str, Callable[[], Any]] = {
        "seqeval classification_report": lambda: classification_report(gold, pred, output_dict=True, zero_division=0),
        "nervaluate Evaluator.evaluate": lambda: Evaluator(gold, pred, tags=types, loader="list").evaluate(),
        "scores per type": lambda: score(gold, pred),
        "whole report, 1,000 resamples": lambda: entity_report(gold, pred),
        "the same with words and confidences": lambda: entity_report(gold, pred, words=words, confidences=sure),
    }
    warnings.simplefilter("ignore")
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(arguments.rounds):
        for name, run in sides.items():
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    print(f"{len(gold):,} sentences, {sum(map(len, gold)):,} words, median of {arguments.rounds} rounds")
    reference = statistics.median(seconds["seqeval classification_report"])
    for name, taken in seconds.items():
        median = statistics.median(taken)
        print(f"{name:36} {median:7.3f} s  {reference / median:6.1f} times as fast as seqeval")


if __name__ == "__main__":
    main()
