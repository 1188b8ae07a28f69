"""What `%evaluate`'s line names → reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ft_magics.config.references import is_reference, lookup
from ft_magics.config.tree import read_value
from ft_magics.display.report_view import show_report
from ft_magics.errors import DataError, FineTuneError, RunError, type_name
from ft_magics.magics.compare import compare_reports
from ft_magics.magics.names import as_folder, find_run, is_study, named_run
from ft_magics.magics.session import Session
from ft_magics.tasks.registry import find_task, guarded

__all__ = [
    "model_folder",
    "options_of",
    "report_of",
    "report_of_answers",
    "report_of_model",
    "report_of_run",
    "show",
    "source_of",
]


def report_of(arguments: Any, namespace: Mapping[str, Any]) -> Any:
    """The report that a line asks for; of several runs or models, the comparison with the first."""
    if arguments.gold is not None:
        return report_of_answers(arguments, namespace)
    of = report_of_model if arguments.data else report_of_run
    reports = [of(target, arguments, namespace) for target in arguments.target]
    return reports[0] if len(reports) == 1 else compare_reports(reports)


def show(session: Session, shown: Any, view: dict[str, Any] | None = None) -> None:
    """Show a report or a comparison that a magic returns, once."""
    show_report(shown, session.shell, view=view)
    session.mark_shown(shown)


def report_of_run(target: str, arguments: Any, namespace: Mapping[str, Any]) -> Any:
    """A run's own predictions of a split; the test split if there is one, else dev."""
    if isinstance(namespace.get(target), (list, tuple)):
        raise RunError(
            f"`{target}` is a list, not a run. Predictions of your own: `%evaluate --gold $gold --pred $pred --task …`"
        )
    run = find_run(target, namespace)
    try:
        report = run.report(arguments.split, wait=False if arguments.no_wait else None)
    except FineTuneError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise RunError(f"{run.folder.shown}: the predictions of run {target} cannot be read ({reason})") from error
    return report


def report_of_model(target: str, arguments: Any, namespace: Mapping[str, Any]) -> Any:
    """A model, or a run's best model, on labelled data."""
    from ft_magics.runs.predictor import load_trained  # noqa: PLC0415  # torch for a model only

    run = named_run(target, namespace)
    trained = load_trained(model_folder(target, namespace), task=arguments.task)
    task = trained.task
    split = task.read_more(source_of(arguments.data, namespace), options_of(arguments.set))
    predictions = guarded(task.name, "predict", lambda: trained.predict(split.examples))
    best = run.best_run if is_study(run) else run
    _, kept = best.folder.read_facts() if best is not None else ("", {})
    facts = kept or task.known_facts()
    title = f"{target} on {arguments.data}"
    return guarded(task.name, "report", lambda: task.report(split.examples, predictions, title=title, facts=facts))


def report_of_answers(arguments: Any, namespace: Mapping[str, Any]) -> Any:
    """`--gold` against `--pred`: objects of the kernel, or files."""
    options = options_of(arguments.set)
    sides = []
    task = find_task(arguments.task) if arguments.task else None
    for text in (arguments.gold, arguments.pred):
        source = source_of(text, namespace)
        if is_reference(text) and not isinstance(source.value, Mapping):
            sides.append(source.value)
            continue
        if task is None:
            raise DataError("--task: name what the files hold, such as `--task classify` or `--task ner`")
        sides.append(task.read_answers(source, options))
    chosen = task or find_task(_task_like(sides[0]))
    return chosen.score(*sides, title=f"{arguments.pred} against {arguments.gold}")


def _task_like(side: Any) -> str:
    """The task whose gold looks like this: lists of tags or spans for entities; else labels or numbers."""
    first = next(iter(side), None) if isinstance(side, Sequence) and not isinstance(side, str) else None
    entities = isinstance(first, (list, tuple)) and all(
        isinstance(item, (list, tuple, dict)) or item == "O" or str(item)[1:2] == "-" for item in first
    )
    return "ner" if entities and first else "classify"


def options_of(pairs: Sequence[str]) -> dict[str, Any]:
    """`key=value` texts as options, with numbers as numbers.

    Raises:
        DataError: A text is no such pair.
    """
    options: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise DataError(f"--set {pair:.60}: expected KEY=VALUE, such as text_column=body")
        try:
            options[key.strip()] = read_value(value.strip())
        except ValueError as error:
            raise DataError(f"--set {pair:.60}: {error}") from error
    return options


def source_of(text: str, namespace: Mapping[str, Any]) -> Any:
    """A path, or the object that `$name` stands for."""
    if not is_reference(text):
        return text
    try:
        return lookup(text, namespace)
    except LookupError as error:
        raise DataError(str(error)) from error


def model_folder(target: str, namespace: Mapping[str, Any]) -> str:
    """The model that is meant: a run's best, the one inside a run's folder, or what the text itself names."""
    run = named_run(target, namespace)
    if run is not None:
        if not run.model_dir.is_dir():
            raise RunError(f"run {target} ({run.status}) has no model yet, so there is nothing to evaluate")
        return str(run.model_dir)
    if namespace.get(target) is not None:
        raise RunError(f"`{target}` is {type_name(namespace[target])}, not a run or the name of a model")
    folder = as_folder(target)
    inside = folder / "model" if folder else None
    return str(inside) if inside and (inside / "config.json").is_file() else target
