"""Dev and test files beside a training file, found by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ft_magics.data.paths import find_file

__all__ = ["SPLIT_NAMES", "find_beside", "name_of_split"]

SPLIT_NAMES = {
    "train": ("training", "train"),
    "dev": ("dev", "validation", "valid", "val", "development", "eval"),
    "test": ("testing", "test"),
}
_DEMO = "demo:"
_MOST_FILES = 2000  # of a folder that are looked at


def find_beside(train: str) -> dict[str, str]:
    """The dev and the test file that belong to a training file, each written as the training file is.

    Either the name is the same but for the split, as in `intents_train.csv` and `intents_dev.csv`, or the folder has
    one file of the same kind whose name has a word for the split.

    Args:
        train: A path, or `demo:en/train.conll`.

    Raises:
        DataError: There is no such file.
    """
    path = find_file(train)
    entries = sorted(entry.name for entry in list(path.parent.iterdir())[:_MOST_FILES] if entry.is_file())
    others = [name for name in entries if name != path.name]
    found = {split: name for split in ("dev", "test") if (name := name_of_split(path.name, split, others))}
    folder = train[: len(train) - len(path.name)] if train.endswith(path.name) else f"{path.parent}/"
    return {split: f"{folder}{name}" for split, name in found.items()}


def name_of_split(train: str, split: str, names: Iterable[str]) -> str | None:
    """Which of some names is that of a split; None for none, or for several that could be.

    Args:
        train: Name of the training data: of a file, or of an object of the kernel.
        split: `dev` or `test`.
        names: To choose among.
    """
    there = list(names)
    folded = {name.casefold(): name for name in reversed(there)}
    for word in SPLIT_NAMES["train"]:
        for other in SPLIT_NAMES[split]:
            same = re.sub(rf"(?<![a-z]){word}(?![a-z])", other, train.casefold())
            if same != train.casefold() and same in folded:
                return folded[same]
    if "train" not in train.casefold():
        return None  # the whole of some data, whose neighbours may be of others
    kind = Path(train).suffix.casefold()
    words = "|".join(SPLIT_NAMES[split])
    alike = [
        name
        for name in there
        if Path(name).suffix.casefold() == kind and re.search(rf"(?<![a-z])({words})(?![a-z])", name.casefold())
    ]
    return alike[0] if len(alike) == 1 else None
