"""Answered questions on disk: a line each, and the report that is made of such lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ft_magics.data.examples import Corpus
from ft_magics.data.faults import show
from ft_magics.errors import DataError
from ft_magics.evaluation.answers.answered import Answered, Candidate, Gold, Passage
from ft_magics.evaluation.answers.counting import METRICS as ALL_METRICS
from ft_magics.evaluation.answers.evaluate import answer_report
from ft_magics.evaluation.answers.report import AnswerReport
from ft_magics.evaluation.answers.rules import RULES
from ft_magics.evaluation.beside import is_number, whole
from ft_magics.tasks.qa.config import QaSettings
from ft_magics.tasks.qa.decode import Prediction
from ft_magics.tasks.qa.examples import Question

__all__ = ["METRICS", "answered", "facts_of", "from_record", "report_of", "samples_of", "to_record"]

METRICS = (ALL_METRICS["f1"], ALL_METRICS["exact_match"])  # the headline first
_WHOLE, _MARGIN = 4000, 600  # characters of a context that are kept: all of a short one, else those near answers
_MOST_SAMPLES, _LONGEST_SAMPLE = 5, 300


def facts_of(settings: QaSettings, corpus: Corpus[Question]) -> dict[str, Any]:
    """Nothing: a report needs no more than the lines."""
    return {}


def answered(example: Question, prediction: Prediction | None) -> Answered:
    """A question as a report takes it."""
    n_best: list[Candidate] = [] if prediction is None else list(prediction.n_best)
    if prediction is not None and prediction.nothing is not None and n_best:
        n_best.append(Candidate("", None, prediction.nothing))
        n_best.sort(key=lambda each: -(each.probability or 0.0))
    return Answered(
        key=example.key,
        row=example.id,
        question=example.question,
        passage=example.passage if example.passage.length else None,
        gold=example.gold or (),
        rules=example.rules,
        predicted=None if prediction is None else prediction.answer,
        n_best=n_best,
    )


def report_of(
    examples: Sequence[Question],
    predictions: Sequence[Prediction | None],
    *,
    title: str,
    history: Sequence[Mapping[str, Any]] = (),
    resamples: int = 1000,
) -> AnswerReport:
    """The evaluation; see `answer_report`."""
    items = [answered(*pair) for pair in zip(examples, predictions, strict=True)]
    return answer_report(items, title=title, history=history, resamples=resamples)


def samples_of(examples: Sequence[Question], predictions: Sequence[Prediction]) -> list[dict[str, Any]]:
    """The first questions with gold and answer."""
    return [
        {
            "text": example.question[:_LONGEST_SAMPLE],
            "gold": next((gold.text for gold in example.gold or ()), "(no answer)")[:_LONGEST_SAMPLE],
            "predicted": (prediction.answer.text or "(no answer)")[:_LONGEST_SAMPLE],
            "right": prediction.answer.text in ([gold.text for gold in example.gold or ()] or [""]),
        }
        for example, prediction in zip(examples[:_MOST_SAMPLES], predictions[:_MOST_SAMPLES], strict=True)
    ]


def to_record(example: Question, prediction: Prediction) -> dict[str, Any]:
    """A line of `predictions.<split>.jsonl`; of a long context what is near gold and prediction."""
    spans = [(gold.start, gold.end) for gold in example.gold or () if gold.start is not None and gold.end is not None]
    spans += [(each.start, each.start + len(each.text)) for each in (prediction.answer,) if each.start is not None]
    passage = example.passage if example.passage.length <= _WHOLE else example.passage.around(spans, _MARGIN)
    return {
        "id": example.id,
        "key": example.key,
        "question": example.question,
        "length": passage.length,
        "context": [list(part) for part in passage.parts],
        "rules": example.rules,
        "gold": [[gold.text, gold.start, gold.end] for gold in example.gold or ()],
        "pred": _written(prediction.answer),
        "n_best": [_written(each) for each in prediction.n_best],
        "margin": float(f"{prediction.margin:.6g}"),
        "nothing": _rounded(prediction.nothing),
    }


def _written(each: Candidate) -> list[Any]:
    return [each.text, each.start, _rounded(each.probability)]


def _rounded(share: float | None) -> float | None:
    return None if share is None else float(f"{share:.4g}")


def from_record(record: Any) -> tuple[Question, Prediction]:
    """What `to_record` wrote.

    Raises:
        DataError: It did not write this.
    """
    if not isinstance(record, Mapping):
        raise DataError(f"expected an object with the answer to a question, found {show(record)}")
    for name in ("id", "key", "question"):
        if not isinstance(record.get(name), str):
            raise DataError(f"expected a text in `{name}`, found {show(record.get(name))}")
    if record.get("rules") not in RULES:
        raise DataError(f"expected one of {', '.join(RULES)} in `rules`, found {show(record.get('rules'))}")
    length, margin, nothing = record.get("length"), record.get("margin"), record.get("nothing")
    if not _is_place(length) or not (is_number(margin) and margin is not None) or not is_number(nothing):
        raise DataError("expected numbers in `length`, `margin` and `nothing`")
    parts = [_part(each) for each in _listed(record, "context")]
    gold = [_gold(each) for each in _listed(record, "gold")]
    example = Question(
        question=record["question"],
        passage=Passage(int(length or 0), tuple(parts)),
        gold=tuple(gold),
        key=record["key"],
        id=record["id"],
        rules=record["rules"],
    )
    spans = tuple(_candidate(each, "n_best") for each in _listed(record, "n_best"))
    return example, Prediction(_candidate(record.get("pred"), "pred"), spans, float(margin), nothing)


def _listed(record: Mapping[str, Any], name: str) -> list[Any]:
    found = record.get(name)
    if not isinstance(found, list):
        raise DataError(f"expected a list in `{name}`, found {show(found)}")
    return found


def _is_place(value: Any) -> bool:
    found = whole(value)
    return found is not None and found >= 0


def _part(value: Any) -> tuple[int, str]:
    if not isinstance(value, list) or len(value) != 2 or not _is_place(value[0]) or not isinstance(value[1], str):
        raise DataError(f"expected a place and a text in `context`, found {show(value)}")
    return int(value[0]), value[1]


def _gold(value: Any) -> Gold:
    fits = isinstance(value, list) and len(value) == 3 and isinstance(value[0], str)
    if not fits or not (value[1:] == [None, None] or all(map(_is_place, value[1:]))):
        raise DataError(f"expected a text with its first and last character in `gold`, found {show(value)}")
    return Gold(*value)


def _candidate(value: Any, name: str) -> Candidate:
    fits = isinstance(value, list) and len(value) == 3 and isinstance(value[0], str)
    if not fits or not (value[1] is None or _is_place(value[1])) or not is_number(value[2]):
        raise DataError(f"expected a text with its place and probability in `{name}`, found {show(value)}")
    return Candidate(*value)
