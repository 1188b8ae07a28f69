"""A run's predictions on disk, and the report that is made of them: the same when training ends and years later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.data.examples import Split
from ft_magics.data.tagged.examples import TaggedSentence
from ft_magics.data.tagged.schemes import is_tag, spans_of
from ft_magics.errors import DataError, RunError, SchemeError
from ft_magics.evaluation.entities.beside import check_cuts, check_rule, check_surfaces, check_text, read_history, shown
from ft_magics.evaluation.entities.buckets import surface_of
from ft_magics.evaluation.entities.evaluate import entity_report
from ft_magics.evaluation.entities.report import EntityReport
from ft_magics.runs.folder import RunFolder

if TYPE_CHECKING:
    from ft_magics.tasks.ner.task import Prediction

__all__ = ["count_surfaces", "read_report", "write_predictions"]

_PER_WORD = ("words", "gold", "pred", "confidences")
_WHAT_TO_DO = "was the file edited? Bring back what the run wrote, or train it again"


def count_surfaces(examples: Sequence[TaggedSentence]) -> dict[str, dict[str, int]]:
    """How often each surface is an entity of each type: what the report needs to know of the training data."""
    counts: dict[str, dict[str, int]] = {}
    for example in examples:
        for span in spans_of(example.tags):
            of_surface = counts.setdefault(surface_of(example.words[span.start : span.end]), {})
            of_surface[span.type] = of_surface.get(span.type, 0) + 1
    return counts


def write_predictions(
    folder: RunFolder, split: Split[TaggedSentence], predictions: Sequence[Prediction], cuts: Sequence[Sequence[int]]
) -> None:
    """Write `predictions.<split>.jsonl`, a line each sentence, with the words at which windows change."""
    rows = zip(split.examples, predictions, cuts, strict=True)
    folder.write_lines(folder.predictions(split.name), (_line(*row) for row in rows))


def _line(example: TaggedSentence, prediction: Prediction, cuts: Sequence[int]) -> dict[str, Any]:
    line: dict[str, Any] = {
        "id": example.id,
        "words": example.words,
        "gold": example.tags,
        "pred": prediction.tags,
        "confidences": [round(share, 4) for share in prediction.confidences],
    }
    return {**line, "cuts": cuts} if cuts else line


def read_report(
    folder: RunFolder,
    split: str,
    *,
    title: str,
    mode: str = "conll",
    scheme: str | None = None,
    history: Sequence[Mapping[str, Any]] = (),
) -> EntityReport:
    """The evaluation of a split's predictions.

    Args:
        folder: Of the run.
        split: One that has predictions.
        title: Of the report.
        mode: `conll` or `strict`.
        scheme: For the strict rule; None for what the tags look like.
        history: Dev scores per epoch.

    Raises:
        DataError: The mode or the scheme is none, or the title is no text.
        RunError: The run's files do not hold what a run writes; the message names the file and the line.
    """
    check_rule(mode, scheme)
    check_text(title, "title")
    path = folder.predictions(split)
    rows = folder.read_lines(path)
    for number, row in enumerate(rows, 1):
        _check_row(row, f"{path}, line {number}", scheme)
    gold, pred, words, confidences, ids = (
        [row[name] for row in rows] for name in ("gold", "pred", "words", "confidences", "id")
    )
    cuts = [row.get("cuts", []) for row in rows]
    surfaces, epochs = _surfaces(folder), _history(folder, history)
    try:
        return entity_report(
            gold,
            pred,
            mode=mode,
            scheme=scheme,
            words=words,
            confidences=confidences,
            ids=ids,
            surfaces=surfaces,
            cuts=cuts if any(chain(cuts)) else (),
            title=title,
            history=epochs,
        )
    except SchemeError:
        raise  # the tags are tags: another mode or scheme can be named
    except DataError as error:
        raise _broken(path, error) from error


def _broken(place: Path | str, fault: object) -> RunError:
    return RunError(f"{place}: {fault}; {_WHAT_TO_DO}")


def _check_row(row: Any, place: str, scheme: str | None) -> None:
    """See that a line holds what `write_predictions` writes.

    Args:
        row: What was read.
        place: The file and the line, for the message.
        scheme: Named by the user, or None; tags of IO have no prefixes.

    Raises:
        RunError: It does not.
    """
    if not isinstance(row, Mapping):
        raise _broken(place, f"expected an object with the predictions for a sentence, found {shown(row)}")
    for name in _PER_WORD:
        if not isinstance(row.get(name), list):
            raise _broken(place, f"expected a list in `{name}`, found {shown(row.get(name))}")
        if len(row[name]) != len(row["words"]):
            raise _broken(place, f"`words` has {len(row['words'])} entries, and `{name}` has {len(row[name])}")
        _check_entries(row[name], name, place, tags=name in ("gold", "pred") and scheme != "IO")
    if not isinstance(row.get("id"), str):
        raise _broken(place, f"expected a text in `id`, found {shown(row.get('id'))}")
    try:
        check_cuts([row.get("cuts", [])], [len(row["words"])], 1)
    except DataError as error:
        raise _broken(place, f"expected places in the sentence in `cuts`, found {shown(row['cuts'])}") from error


def _check_entries(entries: Sequence[Any], name: str, place: str, *, tags: bool) -> None:
    """See that each word has a text, a tag or a confidence."""
    for at, entry in enumerate(entries):
        if name == "confidences":
            expected = "a number from 0 to 1"
            fits = isinstance(entry, (int, float)) and not isinstance(entry, bool) and 0 <= entry <= 1
        else:
            expected = "a tag" if tags else "a text"
            fits = isinstance(entry, str) and (not tags or is_tag(entry))
        if not fits:
            raise _broken(place, f"word {at} (counted from 0) has {shown(entry)} in `{name}`, expected {expected}")


def _surfaces(folder: RunFolder) -> dict[str, dict[str, int]] | None:
    surfaces: dict[str, dict[str, int]] | None = folder.read_surfaces()
    if surfaces is not None or folder.surfaces.is_file():  # `null` in the file is no count
        try:
            check_surfaces(surfaces)
        except DataError as error:
            raise _broken(folder.surfaces, error) from error
    return surfaces


def _history(folder: RunFolder, history: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    try:
        return read_history(history)
    except DataError as error:
        raise _broken(folder.path / "events.jsonl", error) from error
