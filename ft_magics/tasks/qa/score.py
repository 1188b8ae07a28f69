"""Gold answers and predictions of one's own → a report."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ft_magics.config.references import Reference
from ft_magics.data.cells import column_label, fold, is_list, is_missing
from ft_magics.data.faults import quoted, show
from ft_magics.data.json_text import loads
from ft_magics.data.paths import read_file
from ft_magics.data.rows import read_rows
from ft_magics.errors import DataError, type_name
from ft_magics.evaluation.answers.answered import Answered, Candidate
from ft_magics.evaluation.answers.evaluate import answer_report
from ft_magics.evaluation.answers.report import AnswerReport
from ft_magics.evaluation.answers.rules import RULES
from ft_magics.tasks.qa.config import QaOptions, QaSettings
from ft_magics.tasks.qa.examples import Question
from ft_magics.tasks.qa.reader import read_split
from ft_magics.tasks.qa.records import answered

__all__ = ["read_answers", "read_options", "score"]

_IDS = ("id", "qid", "question_id", "query_id")
_TEXTS = ("prediction_text", "prediction", "predicted", "answer", "text", "pred")
_OF_DATA = {"data", "paragraphs", "qas", "answers", "answer", "question", "context"}  # keys that are no ids
_LINES = re.compile(r"\{[^\n]*\}[ \t\r]*\n\s*\{")
_HOW = "expected {id: text}, a file of it, or a list of texts in the order of gold"


def read_options(options: Mapping[str, Any]) -> QaOptions:
    """How a file of questions is read.

    Raises:
        DataError: There is no such option, or no such value.
    """
    try:
        return QaOptions.model_validate(dict(options))
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(step) for step in fault["loc"])
        known = f"; there are {', '.join(QaOptions.model_fields)}" if fault["type"] == "extra_forbidden" else ""
        raise DataError(f"{where}: found {fault['input']!r:.60}: {fault['msg']}{known}") from error


def read_answers(source: Any, options: Mapping[str, Any]) -> Any:
    """Gold or predictions in a file, or in an object of the kernel: `{id: text}` as it is, else questions.

    Raises:
        DataError: They cannot be read.
    """
    value = source.value if isinstance(source, Reference) else _json_object(source)
    if isinstance(value, Mapping) and _are_predictions(value):
        return value
    return read_split("gold", source, read_options(options), to_score=True).examples


def _json_object(source: Any) -> Any:
    """What a JSON file holds, where it is one object; None for any other file."""
    path, raw = read_file(str(source))
    if path.suffix.casefold() not in (".json", "") or not raw.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
        return None
    text = raw.decode("utf-8-sig", errors="replace")
    if _LINES.match(text.strip()):  # one object a line
        return None
    return loads(text, path.name)


def _are_predictions(value: Mapping[Any, Any]) -> bool:
    return bool(value) and all(each is None or isinstance(each, str) for each in value.values())


def score(
    gold: Any,
    pred: Any,
    *,
    scoring: str | None = None,
    title: str = "predictions",
    resamples: int = 1000,
    seed: int = 0,
    **options: Any,
) -> AnswerReport:
    """Score answers as the official scripts do, as shares from 0 to 1.

    Args:
        gold: A path of SQuAD's or CMRC's JSON or of a table, what such a file holds, questions, or `{id: answers}`.
        pred: `{id: text}`, an empty text for no answer; a path of such JSON; or a text per question of gold.
        scoring: `squad` or `cmrc`; None to choose by language.
        title: What this is a report of.
        resamples: Bootstrap resamples behind the intervals; 0 for none.
        seed: Of the bootstrap.
        options: How gold is read, such as `answer_column`, as under `data:`.

    Raises:
        DataError: They cannot be read, or no id of the predictions is one of gold.
    """
    odd = next((name for name in options if name not in QaOptions.model_fields), None)
    if odd is not None:
        raise DataError(
            f"there is no option `{odd:.60}`; there are scoring, title, resamples, seed and those of `data:`"
        )
    if scoring is not None and scoring not in RULES:
        raise DataError(f"scoring: found {show(scoring)}, expected one of {', '.join(RULES)}")
    questions = _questions(gold, QaSettings.model_validate({"scoring": scoring}), read_options(options))
    given = _predictions(pred, questions)
    keys = {example.key for example in questions}
    if given and keys.isdisjoint(given):
        raise DataError(
            f"pred: none of its {len(given):,} ids is one of gold's, such as {quoted(next(iter(given)))!r}; gold has "
            f"{quoted(questions[0].key)!r}"
        )
    items = [_answered(example, given.get(example.key)) for example in questions]
    others = [key for key in given if key not in keys]
    notes = [f"{len(others):,} predictions are of no question of gold, first {quoted(others[0])}"] if others else []
    return answer_report(items, title=title, notes=notes, resamples=resamples, seed=seed)


def _questions(gold: Any, settings: QaSettings, options: QaOptions) -> Sequence[Question]:
    if isinstance(gold, (str, Path)):
        held = _json_object(gold)
        gold = held if isinstance(held, Mapping) and _are_gold(held) else str(gold)
    if isinstance(gold, Mapping) and _are_gold(gold):
        rows = [{"id": key, "answers": _as_list(value)} for key, value in gold.items()]
        return read_split("gold", Reference("gold", rows), settings=settings, to_score=True).examples
    listed = list(gold) if is_list(gold) else []
    if listed and all(isinstance(each, Question) for each in listed):
        return listed
    if listed and options.answer_column is None and all(_is_answers(each) for each in listed):
        gold = [{"id": f"row {at}", "answers": _as_list(each)} for at, each in enumerate(listed, 1)]
    source = gold if isinstance(gold, str) else Reference("gold", gold)
    return read_split("gold", source, options, settings, to_score=True).examples


def _are_gold(gold: Mapping[Any, Any]) -> bool:
    """Whether it is `{id: answers}`, and neither a data set nor columns of one."""
    if not gold or _OF_DATA & {str(key) for key in gold}:
        return False
    return all(each is None or isinstance(each, str) or is_list(each) or _is_record(each) for each in gold.values())


def _is_answers(value: Any) -> bool:
    """Whether it is the gold of a question alone: a text, texts, or `{text, answer_start}`."""
    if isinstance(value, Mapping):
        return set(value) <= {"text", "answer_start"} and "text" in value
    return value is None or isinstance(value, str) or (is_list(value) and all(isinstance(each, str) for each in value))


def _is_record(value: Any) -> bool:
    return isinstance(value, Mapping) and "text" in value


def _as_list(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return [value] if value else []
    return value if isinstance(value, Mapping) else list(value)


def _predictions(pred: Any, questions: Sequence[Question]) -> dict[str, str]:
    """The text that is given for each question's id."""
    if isinstance(pred, (str, Path)):
        pred = _of_file(str(pred))
    if isinstance(pred, Mapping):
        return {column_label(key): text for key, value in pred.items() if (text := _text(key, value)) is not None}
    if not is_list(pred):
        raise DataError(f"pred is {type_name(pred)}; {_HOW}")
    items = list(pred)
    if items and all(isinstance(item, Mapping) and "id" in item for item in items):
        return _predictions({item["id"]: item for item in items}, questions)
    if len(items) != len(questions):
        raise DataError(f"gold has {len(questions):,} questions and pred has {len(items):,}; {_HOW}")
    pairs = zip(questions, items, strict=True)
    return {example.key: text for example, item in pairs if (text := _text(example.key, item)) is not None}


def _of_file(path: str) -> Any:
    """Predictions in a file: `{id: text}`, rows with an id and a text, or whatever gold may be."""
    held = _json_object(path)
    if isinstance(held, Mapping):
        return held
    rows = read_rows(path, split="pred", known=(*_IDS, *map(fold, _TEXTS)))
    at = {fold(name): place for place, name in reversed(list(enumerate(rows.columns)))} if rows.named else {}
    key, text = (next((at[fold(name)] for name in names if fold(name) in at), None) for names in (_IDS, _TEXTS))
    if text is None:
        return read_answers(path, {})
    texts = ["" if is_missing(row[text]) else row[text] for row in rows.cells]
    if key is None:
        return texts
    keys = [column_label(row[key]) for row in rows.cells]
    twice = next((name for name, count in Counter(keys).items() if count > 1), None)
    if twice is not None:
        raise DataError(f"{rows.name}: id {quoted(twice)} is there more than once")
    return dict(zip(keys, texts, strict=True))


def _text(key: Any, value: Any) -> str | None:
    """An answer's text; None where nothing was predicted."""
    if isinstance(value, Mapping):
        value = next((value[name] for name in _TEXTS if name in value), None)
    if hasattr(value, "text"):  # what `Run.predict` gives
        value = value.text
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    if value is not None and not isinstance(value, str):
        raise DataError(f"pred of {quoted(column_label(key))}: found {show(value)}, expected a text")
    return value


def _answered(example: Question, text: str | None) -> Answered:
    found = answered(example, None)
    if text is None:
        return found
    return Answered(
        key=found.key,
        row=found.row,
        question=found.question,
        passage=found.passage,
        gold=found.gold,
        rules=found.rules,
        predicted=Candidate(text),
    )
