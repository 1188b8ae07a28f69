"""The data check of questions: what a careful person would look up before training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import fmean
from typing import Literal

from ft_magics.data.checks import DataCheck
from ft_magics.data.examples import Corpus, Split
from ft_magics.errors import DataError
from ft_magics.evaluation.answers.buckets import BUCKETS, question_word
from ft_magics.sections import Cell, Row, Table
from ft_magics.tasks.qa.examples import Question
from ft_magics.tasks.qa.negatives import trained_windows
from ft_magics.tasks.qa.windows import Window

__all__ = ["check_corpus", "negative_notes", "window_notes"]

_COLUMNS = (
    "split",
    "questions",
    "contexts",
    "answers",
    "without an answer",
    "characters on average",
    "longest",
    "source",
)


def check_corpus(corpus: Corpus[Question]) -> DataCheck:
    """Count everything and look for the usual oddities.

    Raises:
        DataError: There is no question with an answer.
    """
    if not any(example.span for example in corpus.train.examples):
        raise DataError(
            f"data.train: {corpus.train.source}: no question has an answer, so there is nothing to learn; is that the "
            "file with answers?"
        )
    check = DataCheck(
        summary=", ".join(f"{split.name} {len(split.examples):,} questions" for split in corpus.splits),
        notes=[note for split in corpus.splits for note in split.notes],
    )
    check.tables = [_splits(corpus.splits), _words(corpus.splits)]
    check.warnings += [*_shared(corpus.splits), *_unanswerable(corpus)]
    return check


def _number(count: float, text: str = "") -> Cell:
    return Cell(text=text or f"{count:,}", value=count)


def _splits(splits: Sequence[Split[Question]]) -> Table:
    rows = []
    for split in splits:
        lengths = [example.passage.length for example in split.examples]
        rows.append(
            [
                Cell(text=split.name),
                _number(len(lengths)),
                _number(len({example.text for example in split.examples})),
                _number(sum(len(example.gold or ()) for example in split.examples)),
                _number(_without(split)),
                _number(fmean(lengths), f"{fmean(lengths):,.0f}"),
                _number(max(lengths)),
                Cell(text=split.source),
            ]
        )
    return Table(title="Splits", columns=_COLUMNS, rows=[Row(cells=cells) for cells in rows])


def _without(split: Split[Question]) -> int:
    return sum(not example.gold for example in split.examples)


def _words(splits: Sequence[Split[Question]]) -> Table:
    """How often each question word is asked with."""
    counts = [Counter(question_word(example.question) for example in split.examples) for split in splits]
    asked = [word for word in BUCKETS["question_word"] if any(count[word] for count in counts)]
    rows = [Row(cells=[Cell(text=word), *(_number(count[word]) for count in counts)]) for word in asked]
    return Table(title="Questions by question word", columns=("word", *(s.name for s in splits)), rows=rows, open=False)


def _unanswerable(corpus: Corpus[Question]) -> list[str]:
    """Questions without an answer that only one side of the training has."""
    train, dev = _without(corpus.train), corpus.dev
    warnings = [
        f"{split.name}: {_without(split):,} questions have no answer and all of train have one, so the model will "
        "answer them all the same"
        for split in corpus.splits[1:]
        if _without(split) and not train
    ]
    if train and dev is not None and not 0 < _without(dev) < len(dev.examples):
        warnings.append(
            "dev: questions with and without an answer are needed to choose from which score on none is given; it "
            "stays where both are equally probable"
        )
    return warnings


def _shared(splits: Sequence[Split[Question]]) -> list[str]:
    warnings = []
    known = {split.name: {example.text for example in split.examples} for split in splits}
    for first, second in combinations(splits, 2):
        shared = sum(example.text in known[first.name] for example in second.examples)
        if shared:
            warnings.append(
                f"{shared:,} of {len(second.examples):,} questions of {second.name} are about contexts that "
                f"{first.name} has too; scores on {second.name} will look better than they are"
            )
    return warnings


def negative_notes(windows: Sequence[Window], negatives: float | Literal["all"]) -> list[str]:
    """How many windows of train without an answer are left out of the training, if any."""
    without = sum(window.is_negative for window in windows)
    left = without - sum(window.is_negative for window in trained_windows(windows, negatives))
    if not left:
        return []
    said = (
        f"train: {left:,} of {without:,} windows without an answer are not trained on, so that they do not drown out "
        f"the {sum(window.holds_answer for window in windows):,} with one (`negative_windows: {negatives}`)"
    )
    return [said]


def window_notes(name: str, examples: Sequence[Question], windows: Sequence[Window], longest: int) -> list[str]:
    """What is seen of a split only once it is in tokens.

    Args:
        name: Of the split.
        examples: Its questions.
        windows: Of all of them.
        longest: Most tokens in an answer.
    """
    per: Mapping[int, int] = Counter(window.example for window in windows)
    long = sum(count > 1 for count in per.values())
    first = {window.example: window for window in reversed(windows)}
    tokens = [
        found[1] - found[0] + 1
        for at, window in first.items()
        if (span := examples[at].span) is not None and (found := window.cut.tokens_of(*span)) is not None
    ]
    beyond = sum(count > longest for count in tokens)
    answered = {window.example for window in windows if window.holds_answer}
    unseen = sum(example.is_trained_on and example.span is not None for example in examples) - len(answered)
    cut = sum(window.question_cut for window in first.values())
    said = [
        (long, f"questions are about contexts of several windows, {len(windows):,} windows in all"),
        (
            beyond,
            f"answers are longer than `max_answer_tokens: {longest}`, the longest {max(tokens, default=0)} tokens",
        ),
        (unseen, "answers are in no window as a whole, so they are not trained on; a greater `doc_stride` helps"),
        (cut, "questions are longer than half of the model's input; their ends are cut"),
    ]
    return [f"{name}: {count:,} of {len(examples):,} {text}" for count, text in said if count]
