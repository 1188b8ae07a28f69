"""Tags and models that a magic's line names → reports."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ft_magics.config.references import is_reference
from ft_magics.data.tagged.config import ReadOptions
from ft_magics.data.tagged.examples import LabelledSentence
from ft_magics.data.tagged.sources import read_sentences, read_split
from ft_magics.errors import DataError, FineTuneError, RunError, type_name
from ft_magics.evaluation.entities.comparison import Comparison, compare_reports
from ft_magics.evaluation.entities.evaluate import entity_report
from ft_magics.evaluation.entities.reference import check_against_seqeval
from ft_magics.evaluation.entities.report import EntityReport
from ft_magics.magics.evaluations import model_folder, show, source_of
from ft_magics.magics.names import find_one

__all__ = ["report_of", "report_of_columns", "report_of_model", "report_of_run", "report_of_tags", "show"]

_MOST_ODD_WORDS = 0.1  # of all; beyond that the files are of different texts
_MOST_WORDS_CHECKED = 50_000  # seqeval takes a second for 200,000 words, which a person would notice

Side = Sequence[Sequence[Any]]


def report_of(arguments: Any, given: set[str], namespace: Mapping[str, Any]) -> EntityReport | Comparison:
    """The report that a line asks for; of several runs or models, the comparison with the first.

    Args:
        arguments: Of the line.
        given: Names of those that were given.
        namespace: Where `$name` is looked up.
    """
    if "gold" in given:
        return report_of_tags(arguments, namespace)
    if "data" in given and not arguments.target:
        return report_of_columns(arguments, namespace)
    of = report_of_model if "data" in given else report_of_run
    reports = [of(target, arguments, namespace) for target in arguments.target]
    return reports[0] if len(reports) == 1 else compare_reports(reports)


def report_of_tags(arguments: Any, namespace: Mapping[str, Any]) -> EntityReport:
    """`--gold` against `--pred`: objects of the kernel, or files."""
    inputs, files = [], []
    for text, column in ((arguments.gold, arguments.gold_column), (arguments.pred, arguments.pred_column)):
        if is_reference(text):
            inputs.append(_own_tags(text, namespace))
        else:
            sentences, _ = read_sentences(text, _options(arguments, column))
            inputs.append([sentence.tags for sentence in sentences])
            files.append(sentences)
    words, ids = (_words(files[0]), _places(files[0])) if files else (None, None)
    notes = _word_notes(*files) if len(files) == 2 else []
    report = _report(inputs, arguments, words, ids, f"{arguments.pred} against {arguments.gold}")
    return replace(report, notes=[*report.notes, *notes])


def report_of_columns(arguments: Any, namespace: Mapping[str, Any]) -> EntityReport:
    """`--data` with both tags in it: the last two columns, gold first, as conlleval takes them."""
    source = source_of(arguments.data, namespace)
    columns = (arguments.gold_column or "-2", arguments.pred_column or "-1")
    try:
        gold, pred = (read_sentences(source, _options(arguments, column))[0] for column in columns)
    except DataError as error:
        if arguments.gold_column or arguments.pred_column:
            raise
        raise DataError(
            f"{error}\nWithout a model, --data wants a gold and a predicted tag in the last two columns. Name the "
            "model (`%ner_eval NAME --data …`), or the columns (`--gold-column`, `--pred-column`)"
        ) from error
    inputs = [[sentence.tags for sentence in side] for side in (gold, pred)]
    return _report(inputs, arguments, _words(gold), _places(gold), f"predictions in {arguments.data}")


def report_of_model(target: str, arguments: Any, namespace: Mapping[str, Any]) -> EntityReport:
    """A model, or a run's best model, on labelled data."""
    from ft_magics.runs.predictor import load_trained  # noqa: PLC0415  # torch for a model only

    split = read_split("data", source_of(arguments.data, namespace), _options(arguments, arguments.tag_column))
    trained = load_trained(model_folder(target, namespace), task="ner")
    predictions = trained.predict(split.examples)
    return entity_report(
        [example.tags for example in split.examples],
        [item.tags for item in predictions],
        mode=arguments.mode,
        scheme=arguments.scheme,
        words=[example.words for example in split.examples],
        confidences=[item.confidences for item in predictions],
        ids=[example.id for example in split.examples],
        title=f"{target} on {arguments.data}",
    )


def _report(
    inputs: Sequence[Side],
    arguments: Any,
    words: Sequence[Sequence[str]] | None,
    ids: Sequence[str] | None,
    title: str,
) -> EntityReport:
    gold, pred = inputs
    report = entity_report(gold, pred, mode=arguments.mode, scheme=arguments.scheme, words=words, ids=ids, title=title)
    if 0 < report.words <= _MOST_WORDS_CHECKED:
        return check_against_seqeval(report, gold, pred)
    return report


def report_of_run(target: str, arguments: Any, namespace: Mapping[str, Any]) -> EntityReport:
    """A run's own predictions of a split; the test split if there is one, else dev."""
    if target.endswith(".json"):
        return _report_in(Path(target).expanduser(), arguments.split)
    if isinstance(namespace.get(target), (list, tuple)):
        raise RunError(f"`{target}` is a list, not a run. Tags of your own: `%ner_eval --gold $gold --pred $pred`")
    run = find_one(target, namespace)
    if run.config is not None and run.config.task != "ner":
        raise RunError(
            f"{run.name} is a run of `task: {run.config.task}`, and %ner_eval is for entities; "
            f"`%evaluate {run.name}` shows its report"
        )
    wait = False if arguments.no_wait else None
    try:
        report: EntityReport = run.report(arguments.split, mode=arguments.mode, scheme=arguments.scheme, wait=wait)
    except FineTuneError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise RunError(f"{run.folder.shown}: the predictions of run {target} cannot be read ({reason})") from error
    return report


def _report_in(path: Path, split: str | None) -> EntityReport:
    """A report in a file: what `to_json` gave, or a run's `report.json` with one a split."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise DataError(f"{path}: this is no JSON ({error})") from error
    if isinstance(record, dict) and "schema" not in record:
        chosen = split or ("test" if "test" in record else "dev")
        if chosen not in record:
            raise DataError(f"{path} has no report of `{chosen}`; it has {', '.join(record) or 'none'}")
        record = record[chosen]
    return EntityReport.from_json(record)


def _own_tags(text: str, namespace: Mapping[str, Any]) -> Side:
    value = source_of(text, namespace).value
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
        raise DataError(f"{text} is {type_name(value)}; expected a list with a list of tags per sentence")
    odd = next((at for at, tags in enumerate(value) if not (_is_list(tags) or hasattr(tags, "tolist"))), None)
    if odd is not None:
        raise DataError(
            f"{text}[{odd}] is {type_name(value[odd])}; expected a list of tags, as each sentence of {text} should be"
        )
    if not any(map(len, value)):
        raise DataError(f"{text}: there are no tags in it")
    return [tags.tolist() if hasattr(tags, "tolist") else tags for tags in value]


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _words(sentences: Sequence[LabelledSentence]) -> list[Sequence[str]]:
    return [sentence.words for sentence in sentences]


def _places(sentences: Sequence[LabelledSentence]) -> list[str]:
    return [sentence.places[0] for sentence in sentences]


def _word_notes(gold: Sequence[LabelledSentence], pred: Sequence[LabelledSentence]) -> list[str]:
    """A note where two files spell some words differently, as the submissions to shared tasks do.

    Raises:
        DataError: They are not of the same text: a sentence has another length, or too many words differ.
    """
    odd: list[str] = []
    count = 0
    for ours, theirs in zip(gold, pred, strict=False):
        if len(ours.words) != len(theirs.words):
            raise DataError(
                f"the sentence at {ours.places[0]} has {len(ours.words)} words, and the one at {theirs.places[0]} has "
                f"{len(theirs.words)}; gold and prediction must be the same sentences"
            )
        count += len(ours.words)
        places = zip(ours.words, theirs.words, ours.places, theirs.places, strict=True)
        odd += [f"`{word}` at {here}, `{other}` at {there}" for word, other, here, there in places if word != other]
    if len(odd) > _MOST_ODD_WORDS * count:
        raise DataError(f"{len(odd)} of {count} words differ (first {odd[0]}); they must be of the same text")
    return [f"{len(odd)} of {count} words differ between the two files, first {odd[0]}"] if odd else []


def _options(arguments: Any, column: str | None) -> ReadOptions:
    def number(text: str | None) -> int | str | None:
        return int(text) if text and text.removeprefix("-").isdigit() else text

    try:
        return ReadOptions(
            token_column=number(arguments.token_column),
            tag_column=number(column or arguments.tag_column),
            scheme=arguments.scheme,
            encoding=arguments.encoding,
        )
    except ValidationError as error:
        fault = error.errors()[0]
        raise DataError(
            f"--{str(fault['loc'][0]).replace('_', '-')}: {fault['input']!r}: "
            f"{fault['msg'].replace('Input should be', 'expected').removeprefix('Value error, ')}"
        ) from error
