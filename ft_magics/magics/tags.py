"""Tags and models that a magic's line names → reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ft_magics.config.references import is_reference, lookup
from ft_magics.config.schema import ReadOptions
from ft_magics.data.sources import read_split
from ft_magics.errors import DataError
from ft_magics.evaluation.evaluate import entity_report
from ft_magics.evaluation.report import EntityReport
from ft_magics.training.run import Run
from ft_magics.training.trained import load_trained

__all__ = ["report_of_model", "report_of_tags"]


def report_of_tags(arguments: Any, namespace: Mapping[str, Any]) -> EntityReport:
    """`--gold` against `--pred`."""
    gold, pred = (_tags(text, arguments, namespace) for text in (arguments.gold, arguments.pred))
    return entity_report(gold, pred, title=f"{arguments.pred} against {arguments.gold}")


def report_of_model(target: str, arguments: Any, namespace: Mapping[str, Any]) -> EntityReport:
    """A model, or a run's best model, on labelled data."""
    source = _object(arguments.data, namespace) if is_reference(arguments.data) else arguments.data
    split = read_split("data", source, _options(arguments))
    run = namespace.get(target)
    trained = load_trained(str(run.model_dir) if isinstance(run, Run) else _model_folder(target))
    predictions = trained.predict(split.examples)
    gold = [example.tags for example in split.examples]
    return entity_report(gold, [item.tags for item in predictions], title=f"{target} on {arguments.data}")


def _model_folder(target: str) -> str:
    """The model inside, where the folder is a run's."""
    inside = Path(target).expanduser() / "model"
    return str(inside) if (inside / "config.json").is_file() else target


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
        raise DataError(f"{text} is a {type(value).__name__}; expected a list with a list of tags per sentence")
    return value


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
            f"--{fault['loc'][0]}: {fault['input']!r}: {fault['msg'].replace('Input should be', 'expected')}"
        ) from error
