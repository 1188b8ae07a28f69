"""How a script of plain Python gets the data of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ft_magics.config.references import Reference
from ft_magics.config.splits import Fraction
from ft_magics.data.paths import find_file
from ft_magics.errors import DataError
from ft_magics.tasks.plain import Plain, Reading
from ft_magics.training.plain_training import draw, read_jsonl
from ft_magics.training.prepare import Prepared
from ft_magics.tuning.plain import literal

__all__ = ["PlainData"]


class PlainData:
    """How the script reads the splits: with a plain reader that gives the examples of the run, else from JSONL.

    Args:
        folder: Where JSONL files go.
        prepared: The run.
        plain: Its task's part.

    Attributes:
        files: Path → examples, a dict each, of what must be written for the script.
        readings: The readers that it uses.
        lines: Of its `main`, which make a variable of each split.
        drawn: Whether a split is drawn from train.
    """

    def __init__(self, folder: str, prepared: Prepared, plain: Plain) -> None:
        self.files: dict[str, list[dict[str, Any]]] = {}
        self.readings: list[Reading] = []
        self.lines: list[str] = []
        self.drawn = False
        self._plain, self._folder = plain, folder
        corpus = {split.name: [plain.record(item) for item in split.examples] for split in prepared.corpus.splits}
        sources = {split: _source(prepared.config.data, split) for split in corpus}
        fractions = {split: item for split, item in sources.items() if isinstance(item, Fraction)}
        if fractions and not self._draw(corpus, sources, fractions):
            self.lines, self.readings = [], []
            for split, examples in corpus.items():
                self._export(split, examples)
            return
        for split, examples in corpus.items():
            if split not in fractions and not (fractions and split == "train"):
                self._read(split, sources[split], examples)

    def _draw(self, corpus: Mapping[str, Any], sources: Mapping[str, Any], fractions: Mapping[str, Fraction]) -> bool:
        """Draw splits from train as the run did; whether that gives the same."""
        for reading, path in self._ways("train", sources["train"]):
            train = _called(reading, path)
            if train is None:
                continue
            total, splits = len(train), {}
            for split, item in fractions.items():
                train, splits[split] = draw(train, item.fraction, item.seed, total)
            if train == corpus["train"] and all(splits[split] == corpus[split] for split in fractions):
                self.drawn = True
                self._use("train", reading, path)
                for split, item in fractions.items():
                    self.lines.append(f"train, {split} = draw(train, {item.fraction!r}, {item.seed}, {total})")
                return True
        return False

    def _ways(self, split: str, source: Any) -> list[tuple[Reading, str]]:
        path = _path(source)
        return [] if path is None else [(reading, path) for reading in self._plain.readings.get(split, ())]

    def _read(self, split: str, source: Any, examples: list[dict[str, Any]]) -> None:
        for reading, path in self._ways(split, source):
            if _called(reading, path) == examples:
                self._use(split, reading, path)
                return
        self._export(split, examples)

    def _use(self, split: str, reading: Reading, path: str) -> None:
        self.readings.append(reading)
        options = "".join(f", {key}={literal(value)}" for key, value in reading.options.items())
        self.lines.append(f"{split} = {reading.function.__name__}({literal(path)}{options})")

    def _export(self, split: str, examples: list[dict[str, Any]]) -> None:
        file = f"{self._folder}/{split}.jsonl"
        self.files[file] = examples
        self._use(split, Reading(read_jsonl), file)


def _source(data: Any, split: str) -> Any:
    """What the cell says of a split: a file with options, or a fraction; None for what is said in another way."""
    source = getattr(data, "source", None)
    return source(split) if callable(source) else None


def _path(source: Any) -> str | None:
    """The file of a split as the cell names it, of the demo corpus its place here; None for an object."""
    where = source[0] if isinstance(source, tuple) else None
    if isinstance(where, Reference):
        where = str(where.value) if isinstance(where.value, Path) else None
    if where is None:
        return None
    try:
        return str(find_file(where)) if where.startswith("demo:") else where
    except DataError:
        return None


def _called(reading: Reading, path: str) -> list[dict[str, Any]] | None:
    """What a reader gives; None where it cannot read the file."""
    try:
        return reading.function(path, **reading.options)
    except Exception:  # noqa: BLE001  # it is tried on files that it is not made for
        return None
