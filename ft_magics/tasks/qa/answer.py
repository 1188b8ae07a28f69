"""New questions → answers with their places and probabilities."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ft_magics.errors import DataError, type_name
from ft_magics.evaluation.answers.answered import Passage
from ft_magics.evaluation.answers.cards import answer_card
from ft_magics.evaluation.answers.rules import rules_for
from ft_magics.sections import Card
from ft_magics.tasks.qa.decode import Prediction
from ft_magics.tasks.qa.examples import Question
from ft_magics.tasks.qa.records import answered

__all__ = ["Answer", "answer_of", "card_of", "gold_card_of", "read_questions"]

_HOW = (
    "a question with its context: `(question, context)`, `{'question': …, 'context': …}`, or a text `question? context`"
)
_PARTED = re.compile(r"\s*(?:\t|\s\|\s)\s*")
_ENDS = re.compile(  # of a question, in several scripts; Greek's mark is often typed as a semicolon
    r"(?:[?\uff1f\u061f\u037e\u055e]|(?<=[\u0370-\u03ff\u1f00-\u1fff]);)+[\"'”’」』)）]*"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found for a question.

    Args:
        text: As it stands in the context; empty for no answer.
        start: First character in the context; None for no answer.
        end: Character after the last; None for no answer.
        probability: From 0 to 1.
        n_best: The most probable answers, this one included; an empty text is no answer.
    """

    text: str
    start: int | None
    end: int | None
    probability: float
    n_best: tuple[Answer, ...] = field(default=(), repr=False)


def read_questions(inputs: Any) -> list[Question]:
    """Questions without gold.

    Args:
        inputs: Pairs of question and context, dicts with `question` and `context`, or texts in which a question mark,
            a tab or ` | ` ends the question; or one of them that is no text.

    Raises:
        DataError: They are none.
    """
    if hasattr(inputs, "columns") and hasattr(inputs, "to_dict"):
        inputs = inputs.to_dict("records")
    if isinstance(inputs, Mapping) or (isinstance(inputs, tuple) and len(inputs) == 2 and _are_texts(inputs)):
        inputs = [inputs]
    if isinstance(inputs, (str, bytes)) or not isinstance(inputs, Iterable):
        raise DataError(f"questions is {type_name(inputs)}; expected a list, each of it {_HOW}")
    return [_read(index, item) for index, item in enumerate(inputs)]


def _are_texts(items: Sequence[Any]) -> bool:
    return all(isinstance(item, str) for item in items)


def _read(index: int, item: Any) -> Question:
    place = f"questions[{index}]"
    pair: tuple[Any, ...] = ()
    if isinstance(item, Mapping):
        pair = item.get("question"), item.get("context")
    elif isinstance(item, str):
        pair = _parted(item, place)
    elif isinstance(item, Sequence) and not isinstance(item, bytes):
        pair = tuple(item)
    if len(pair) != 2 or not _are_texts(pair):
        raise DataError(f"{place} is {type_name(item)}; expected {_HOW}")
    question, context = pair
    if not question.strip() or not context.strip():
        what = "question" if not question.strip() else "context"
        raise DataError(f"{place}: the {what} is empty; expected {_HOW}")
    return Question(
        question=question, passage=Passage.of(context), key=place, id=place, rules=rules_for(question, context)
    )


def _parted(text: str, place: str) -> tuple[str, str]:
    """A text whose question ends with a tab, ` | `, or a question mark."""
    parts = _PARTED.split(text.strip(), maxsplit=1)
    if len(parts) == 2:
        return parts[0], parts[1]
    end = _ENDS.search(text)
    if end is None or not text[end.end() :].strip():
        raise DataError(f"{place}: a question without a context; expected {_HOW}")
    return text[: end.end()].strip(), text[end.end() :].strip()


def answer_of(prediction: Prediction) -> Answer:
    """A prediction as a person takes it."""
    found = [
        Answer(each.text, each.start, _end(each.text, each.start), each.probability or 0.0)
        for each in prediction.n_best
    ]
    if prediction.nothing is not None:
        found.append(Answer("", None, None, prediction.nothing))
    found.sort(key=lambda each: -each.probability)
    given = prediction.answer
    return Answer(given.text, given.start, _end(given.text, given.start), given.probability or 0.0, tuple(found))


def _end(text: str, start: int | None) -> int | None:
    return None if start is None else start + len(text)


def card_of(example: Question, prediction: Prediction) -> Card:
    """The question, and its context with the answer marked."""
    return answer_card(answered(example, prediction), labelled=False)


def gold_card_of(example: Question) -> Card:
    """A question with its gold answer marked."""
    return answer_card(answered(example, None))
