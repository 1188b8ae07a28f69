"""A path or an object of the kernel → a split of questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ft_magics.config.references import Reference
from ft_magics.config.tree import is_broken
from ft_magics.data.cells import column_label, is_missing
from ft_magics.data.faults import list_faults, printable, quoted, show
from ft_magics.data.rows import read_rows
from ft_magics.errors import DataError, type_name
from ft_magics.evaluation.answers.answered import Gold, Passage
from ft_magics.evaluation.answers.rules import rules_for
from ft_magics.tasks.qa.columns import KNOWN
from ft_magics.tasks.qa.config import QaOptions, QaSettings
from ft_magics.tasks.qa.examples import Question, QuestionSplit
from ft_magics.tasks.qa.raw import Raw, raw_questions
from ft_magics.tasks.qa.spans import locate

__all__ = ["Faults", "read_split"]

_PANDAS = "; pandas reads the words NA, None and null as missing: `pd.read_csv(…, keep_default_na=False)`"


class Faults:
    """What is wrong with questions, by kind: each kind is one message with its first place in full."""

    def __init__(self) -> None:
        self._by_kind: dict[str, list[tuple[str, str]]] = {}

    def add(self, kind: str, place: str, fault: str) -> None:
        """Keep a fault.

        Args:
            kind: Faults of the same kind are listed together.
            place: Such as `dev.json, question 12`.
            fault: What is wrong there, and what to do.
        """
        self._by_kind.setdefault(kind, []).append((place, fault))

    def raise_all(self) -> None:
        """Say all of them.

        Raises:
            DataError: There are some.
        """
        if self._by_kind:
            raise DataError("\n".join(map(list_faults, self._by_kind.values())))


def read_split(
    name: str,
    source: str | Reference,
    options: QaOptions | None = None,
    settings: QaSettings | None = None,
    *,
    to_score: bool = False,
) -> QuestionSplit:
    """Read one split.

    Args:
        name: `train`, `dev` or `test`.
        source: A path, or an object of the kernel.
        options: How to read it, where that cannot be seen.
        settings: Whose rules its scores are counted by.
        to_score: Whether the texts of the answers are all that is needed, wherever they are in the context.

    Raises:
        DataError: It cannot be read; the message has the row of every fault.
    """
    options, settings = options or QaOptions(), settings or QaSettings()
    rows = read_rows(
        source,
        split=name,
        format=options.format,
        delimiter=options.delimiter,
        encoding=options.encoding,
        header=options.header,
        known=KNOWN,
    )
    faults = Faults()
    found = raw_questions(rows, options, to_score=to_score)
    repairs: Counter[str] = Counter()
    examples = [_question(raw, settings, faults, repairs, to_score=to_score) for raw in found]
    _refuse_repeated(found, faults)
    faults.raise_all()
    answers = sum(len(example.gold or ()) for example in examples)
    return QuestionSplit(
        name=name,
        source=printable(str(source)),
        examples=examples,
        answers=answers,
        repairs=repairs,
        notes=[*rows.notes, *([] if to_score else _notes(name, answers, repairs))],
    )


def _question(raw: Raw, settings: QaSettings, faults: Faults, repairs: Counter[str], *, to_score: bool) -> Question:
    question = _text(raw.question, "question", raw.place, faults, may_be_empty=True)
    context = _text(raw.context, "context", raw.place, faults, may_be_empty=to_score)
    repairs["empty question"] += not question.strip()
    gold: list[Gold] = []
    for text, start in raw.answers:
        if isinstance(text, str) and not text.strip():
            repairs["empty answer"] += 1
        elif not isinstance(text, str):
            faults.add("answer", raw.place, f"an answer must be a text, found {show(text)}")
        elif to_score:
            at = start if start is not None and start >= 0 and context.startswith(text, start) else context.find(text)
            gold.append(Gold(text, at, at + len(text)) if at >= 0 else Gold(text))
        elif context:
            gold.append(_placed(context, text, start, repairs))
    if raw.fault:
        faults.add("answers", raw.place, raw.fault)
    if gold and not to_score and all(each.start is None for each in gold):
        _refuse(raw, context, gold[0], faults)
    return Question(
        question=question,
        passage=Passage.of(context),
        gold=tuple(gold),
        key=raw.key,
        id=raw.place,
        rules=settings.scoring or rules_for(question, context, *(each.text for each in gold)),
    )


def _text(cell: Any, what: str, place: str, faults: Faults, *, may_be_empty: bool) -> str:
    if isinstance(cell, (int, float)) and not isinstance(cell, bool) and not is_missing(cell):
        cell = str(cell)
    if not isinstance(cell, str):
        hint = "" if cell is None else _PANDAS if is_missing(cell) else f", found {type_name(cell)}, {show(cell)}"
        faults.add(f"no {what}", place, f"there is no text in the {what}{hint}")
        return ""
    if is_broken(cell):
        faults.add("half", place, f"{cell[:60]!a} holds half a surrogate pair, which is no letter; mend the text")
    elif not cell.strip() and not may_be_empty:
        faults.add(f"empty {what}", place, f"the {what} is empty, so no answer can be in it; fill it in or remove it")
    return cell


def _placed(context: str, text: str, start: int | None, repairs: Counter[str]) -> Gold:
    found = locate(context, text, start)
    repairs[found.how] += 1
    return found.gold


def _refuse(raw: Raw, context: str, gold: Gold, faults: Faults) -> None:
    """No answer of a question has a place in its context."""
    start = next((at for text, at in raw.answers if text == gold.text), None)
    found = locate(context, gold.text, start)
    said = "" if start is None else f", and not at the character {start} that `answer_start` names"
    if found.how == "unclear":
        why = f"the answer {quoted(gold.text)!r} is in its context {found.places} times{said}; correct the start"
    else:
        why = f"the answer {quoted(gold.text)!r} is not in its context; correct it, or remove the question"
    faults.add(found.how, raw.place, why)


def _refuse_repeated(found: Sequence[Raw], faults: Faults) -> None:
    first: dict[str, str] = {}
    for raw in found:
        if not raw.named:
            continue
        known = first.setdefault(raw.key, raw.place)
        if known is not raw.place:
            faults.add(
                "id", raw.place, f"the id {quoted(column_label(raw.key))} is of an earlier question too; ids differ"
            )


def _notes(name: str, answers: int, repairs: Counter[str]) -> list[str]:
    """What was mended, and what is not trained on."""
    of = f"of {answers:,} answers"
    said = {
        "moved": "not where `answer_start` says, and were moved to the only place in the context that has them",
        "respelled": "in the context but for letter case or the form of letters; its own spelling is trained on",
        "first": "without a place and in the context more than once; the first place is trained on",
        "absent": "not in the context; they count in scores, and other answers of their questions are trained on",
        "unclear": "in the context more than once, none of it where `answer_start` says; they count in scores alone",
    }
    notes = [f"{name}: {repairs[how]:,} {of} are {text}" for how, text in said.items() if repairs[how]]
    if repairs["empty answer"]:
        notes.append(
            f"{name}: {repairs['empty answer']:,} answers are empty texts and were left out; a question with no other "
            "has no answer"
        )
    if repairs["empty question"]:
        notes.append(f"{name}: {repairs['empty question']:,} questions are empty; they are scored and not trained on")
    return notes
