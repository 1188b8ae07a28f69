"""Relations of one's own, gold and predicted → a report."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ft_magics.config.references import Reference
from ft_magics.data.encoding import decode
from ft_magics.data.faults import printable, quoted
from ft_magics.data.paths import read_file
from ft_magics.errors import DataError
from ft_magics.evaluation.beside import check_known
from ft_magics.evaluation.relations.evaluate import relation_report
from ft_magics.evaluation.relations.report import RelationReport
from ft_magics.tasks.relation.reader import read_options, read_split

__all__ = ["read_labels", "score"]

_KEY = re.compile(r"(\S+)\t([^\t]+)")


def score(gold: Any, pred: Any, **options: Any) -> RelationReport:
    """Score relations.

    Args:
        gold: A label per pair of entities, or labels by id; a file of them.
        pred: The same for the predictions.
        options: Of `relation_report`.

    Raises:
        DataError: They do not belong together, or there is no such option.
    """
    check_known(relation_report, options)
    gold, pred = (read_labels(str(side), {}) if isinstance(side, (str, Path)) else side for side in (gold, pred))
    return relation_report(gold, pred, **options)


def read_labels(source: Any, options: Mapping[str, Any]) -> list[str] | dict[str, str]:
    """The labels in a file: by id, as in SemEval's key (`8001<tab>Other`) or as JSON; one a line; of marked texts.

    Raises:
        DataError: They cannot be read.
    """
    chosen = read_options(options)
    if not isinstance(source, Reference) or isinstance(source.value, Path):
        path, raw = read_file(str(source.value) if isinstance(source, Reference) else source)
        name = printable(path.name)
        text = decode(raw, name, chosen.encoding)
        if path.suffix.casefold() == ".json" and (labels := _of_json(text)):
            return labels
        lines = [line.rstrip("\r") for line in text.split("\n")]
        filled = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
        pairs = [_KEY.fullmatch(line) for _, line in filled]
        if filled and all(pairs):
            return _by_id(name, [(number, pair) for (number, _), pair in zip(filled, pairs, strict=True) if pair])
        if filled and not any("\t" in line or "<e1>" in line or line[:1] in "{[" for _, line in filled):
            return [line.strip() for _, line in filled]
    return [str(example.label) for example in read_split("labels", source, chosen).examples]


def _of_json(text: str) -> list[str] | dict[str, str] | None:
    """`{id: label}` or a list of labels; None for anything else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):  # lines of JSON, or what `read_split` says more of
        return None
    if isinstance(found, dict) and all(isinstance(label, str) for label in found.values()):
        return found
    return found if isinstance(found, list) and all(isinstance(label, str) for label in found) else None


def _by_id(name: str, pairs: list[tuple[int, re.Match[str]]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, pair in pairs:
        if pair[1] in found:
            raise DataError(f"{name}, line {number}: the id {quoted(pair[1])} stands there twice; expected each once")
        found[pair[1]] = pair[2].strip()
    return found
