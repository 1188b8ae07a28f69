"""Files of rated texts: CSV with the columns `text` and `stars`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from ft_magics.config.section import Section
from ft_magics.data.examples import Corpus, Split
from ft_magics.errors import DataError
from pydantic import Field

__all__ = ["FEWEST_STARS", "MOST_STARS", "Rated", "RatingData", "RatingSettings", "read_corpus", "read_split"]

FEWEST_STARS, MOST_STARS = 1.0, 5.0


class RatingSettings(Section):
    """`task: {rating: {clip: false}}`."""

    clip: bool = Field(default=True, description="whether answers stay between one and five stars")


class RatingData(Section):
    """`data:`: a path for each split."""

    train: str
    dev: str | None = None
    test: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """A text and its stars; None where they are not known."""

    id: str
    text: str
    stars: float | None


def read_corpus(data: RatingData) -> Corpus[Rated]:
    """Read every split.

    Raises:
        DataError: With every split that cannot be read.
    """
    found: dict[str, Split[Rated]] = {}
    faults = []
    for name, path in (("train", data.train), ("dev", data.dev), ("test", data.test)):
        if path is None:
            continue
        try:
            found[name] = read_split(name, path)
        except DataError as error:
            faults.append(f"{name}: {error}")
    if faults:
        raise DataError("\n".join(faults))
    return Corpus(train=found["train"], dev=found.get("dev"), test=found.get("test"))


def read_split(name: str, path: str) -> Split[Rated]:
    """Read one file.

    Raises:
        DataError: It is not there, lacks a column, or a row has no stars.
    """
    file = Path(path)
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream)
            missing = {"text", "stars"} - set(rows.fieldnames or ())
            if missing:
                raise DataError(f"{file.name}: there is no column {' and no column '.join(sorted(missing))}")
            examples = [_rated(f"{file.name}, line {rows.line_num}", row) for row in rows]
    except (OSError, UnicodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read ({error})") from error
    return Split(name=name, source=file.name, examples=examples)


def _rated(place: str, row: dict[str, str]) -> Rated:
    try:
        stars = float(row["stars"])
    except (TypeError, ValueError):
        raise DataError(f"{place}: found {row['stars']!r:.40}, expected a number of stars") from None
    if not FEWEST_STARS <= stars <= MOST_STARS:
        raise DataError(f"{place}: found {stars:g} stars, expected {FEWEST_STARS:g} to {MOST_STARS:g}")
    return Rated(id=place, text=row["text"], stars=stars)
