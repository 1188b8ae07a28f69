"""Tags and models that a magic's line names → reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from ft_magics.config.references import is_reference, lookup
from ft_magics.config.schema import ReadOptions
from ft_magics.data.sources import read_split
from ft_magics.errors import DataError, FineTuneError, RunError, type_name
from ft_magics.evaluation.evaluate import entity_report
from ft_magics.evaluation.report import EntityReport
from ft_magics.magics.names import as_folder, find_run, named_run
from ft_magics.training.trained import load_trained

__all__ = ["report_of_model", "report_of_run", "report_of_tags"]


def report_of_tags(arguments: Any, namespace: Mapping[str, Any]) -> EntityReport:
    """`--gold` against `--pred`."""
    gold, pred = (_tags(text, arguments, namespace) for text in (arguments.gold, arguments.pred))
    if not any(map(len, gold)):
        raise DataError(f"{arguments.gold}: there are no tags in it")
    return entity_report(gold, pred, title=f"{arguments.pred} against {arguments.gold}")


def report_of_model(target: str, arguments: Any, namespace: Mapping[str, Any]) -> EntityReport:
    """A model, or a run's best model, on labelled data."""
    source = _object(arguments.data, namespace) if is_reference(arguments.data) else arguments.data
    split = read_split("data", source, _options(arguments))
    trained = load_trained(_model_folder(target, namespace))
    predictions = trained.predict(split.examples)
    gold = [example.tags for example in split.examples]
    return entity_report(gold, [item.tags for item in predictions], title=f"{target} on {arguments.data}")


def report_of_run(target: str, split: str | None, namespace: Mapping[str, Any]) -> EntityReport:
    """A run's own predictions of a split; None for test, or dev where there is no test."""
    if isinstance(namespace.get(target), (list, tuple)):
        raise RunError(f"`{target}` is a list, not a run. Tags of your own: `%ner_eval --gold $gold --pred $pred`")
    run = find_run(target, namespace)
    try:
        return run.report(split)
    except FineTuneError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise RunError(f"{run.dir}: the predictions of run {target} cannot be read ({reason})") from error


def _model_folder(target: str, namespace: Mapping[str, Any]) -> str:
    """The model that is meant: a run's best, the one inside a run's folder, or what the text itself names."""
    run = named_run(target, namespace)
    if run is not None:
        if not run.model_dir.is_dir():
            raise RunError(f"run {target} ({run.status}) has no model yet, so there is nothing to evaluate")
        return str(run.model_dir)
    folder = as_folder(target)
    inside = folder / "model" if folder else None
    return str(inside) if inside and (inside / "config.json").is_file() else target


def _object(text: str, namespace: Mapping[str, Any]) -> Any:
    try:
        return lookup(text, namespace)
    except LookupError as error:
        raise DataError(str(error)) from error


def _tags(text: str, arguments: Any, namespace: Mapping[str, Any]) -> Sequence[Sequence[str]]:
    if not is_reference(text):
        return [example.tags for example in read_split("data", text, _options(arguments)).examples]
    value = _object(text, namespace).value
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise DataError(f"{text} is {type_name(value)}; expected a list with a list of tags per sentence")
    if not all(isinstance(tags, Sequence) or hasattr(tags, "tolist") for tags in value):
        raise DataError(
            f"{text} is a list of {type(value[0]).__name__}; expected a list with a list of tags per sentence"
        )
    return [tags.tolist() if hasattr(tags, "tolist") else tags for tags in value]


def _options(arguments: Any) -> ReadOptions:
    def column(text: str | None) -> int | str | None:
        return int(text) if text and text.isdigit() else text

    try:
        return ReadOptions(
            token_column=column(arguments.token_column),
            tag_column=column(arguments.tag_column),
            scheme=arguments.scheme,
            encoding=arguments.encoding,
        )
    except ValidationError as error:
        fault = error.errors()[0]
        raise DataError(
            f"--{str(fault['loc'][0]).replace('_', '-')}: {fault['input']!r}: "
            f"{fault['msg'].replace('Input should be', 'expected')}"
        ) from error
