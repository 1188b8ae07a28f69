"""A run's predictions on disk, and the report that is made of them: the same when training ends and years later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ft_magics.data.examples import Split
from ft_magics.errors import DataError, RunError, SchemeError
from ft_magics.evaluation.history import read_epochs
from ft_magics.evaluation.report import Report
from ft_magics.runs.folder import RunFolder
from ft_magics.tasks.registry import guarded
from ft_magics.tasks.task import Task

__all__ = ["read_predictions", "read_report", "write_predictions"]

_WHAT_TO_DO = "was the file edited? Bring back what the run wrote, or train it again"


def write_predictions(
    folder: RunFolder, split: Split[Any], task: Task[Any, Any, Any], predictions: Sequence[Any]
) -> None:
    """Write `predictions.<split>.jsonl`, a line each example."""
    rows = zip(split.examples, predictions, strict=True)
    folder.write_lines(folder.predictions(split.name), (task.to_record(*row) for row in rows))


def read_predictions(folder: RunFolder, split: str, task: type[Task[Any, Any, Any]]) -> tuple[list[Any], list[Any]]:
    """A split's examples and predictions.

    Raises:
        RunError: The file does not hold what a run writes; the message names the line.
    """
    path = folder.predictions(split)
    examples, predictions = [], []
    for number, row in enumerate(folder.read_lines(path), 1):
        try:
            example, prediction = task.from_record(row)
        except DataError as error:
            raise _broken(f"{path}, line {number}", error) from error
        examples.append(example)
        predictions.append(prediction)
    return examples, predictions


def read_report(
    folder: RunFolder,
    split: str,
    task: type[Task[Any, Any, Any]],
    *,
    title: str,
    history: Sequence[Mapping[str, Any]] = (),
    resamples: int = 1000,
    **options: Any,
) -> Report:
    """The evaluation of a split's predictions.

    Args:
        folder: Of the run.
        split: One that has predictions.
        task: Of the run.
        title: Of the report.
        history: Dev scores per epoch.
        resamples: Bootstrap resamples behind the intervals; 0 for none.
        options: The task's own.

    Raises:
        DataError: There is no such option.
        RunError: The run's files do not hold what a run writes; the message names the file and the line.
    """
    task.check_options(options)
    examples, predictions = read_predictions(folder, split, task)
    path, facts = folder.read_facts()
    try:
        task.check_facts(facts)
    except DataError as error:
        raise _broken(path, error) from error
    try:
        read_epochs(history)
    except DataError as error:  # it comes from the log, not from the predictions
        raise _broken(folder.log, error) from error
    try:
        return guarded(
            task.name,
            "report",
            lambda: task.report(
                examples, predictions, title=title, facts=facts, history=history, resamples=resamples, **options
            ),
        )
    except SchemeError:
        raise  # the labels are labels: another option can be named
    except DataError as error:
        raise _broken(folder.predictions(split), error) from error


def _broken(place: object, fault: object) -> RunError:
    return RunError(f"{place}: {fault}; {_WHAT_TO_DO}")
