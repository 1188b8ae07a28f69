"""What is odd about the tags themselves: broken transitions, and entities that windows cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ft_magics.errors import SchemeError
from ft_magics.evaluation.entities.spans import LETTERS, Ints, SpanTable, TagTable

__all__ = ["TagNoise", "count_cut", "invalid_transitions", "scheme_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagNoise:
    """Transitions that break the scheme.

    Args:
        invalid: How many tags do.
        tags: How many there are.
    """

    invalid: int
    tags: int

    def to_json(self) -> dict[str, Any]:
        """Plain data, with the share of tags that are invalid."""
        return {**asdict(self), "rate": self.invalid / self.tags if self.tags else None}


def scheme_of(tags: TagTable) -> str:
    """The scheme that tags look like: IOB1, IOB2, IOE1, IOE2, BIOES or BILOU.

    Raises:
        SchemeError: Prefixes of BIOES and of BILOU stand together.
    """
    letters = tags.letters()
    if letters & set("LU"):
        if letters & set("ESM"):
            listed = ", ".join(f"{letter}-" for letter in sorted(letters - {"O"}))
            raise SchemeError(f"prefixes of BIOES and BILOU stand together: {listed}. Name the scheme that is meant")
        return "BILOU"
    pair = _Pair(tags)
    if letters & set("BSM"):
        if letters & set("ESM"):
            return "BIOES"
        needless = pair.any("*", "B") & ~pair.same
        return "IOB1" if (pair.any("*", "I") & ~pair.same).any() and not needless.any() else "IOB2"
    if "E" in letters:
        needless = pair.any("E", "*") & ~pair.same
        return "IOE2" if needless.any() else "IOE1"
    return "IOB1" if "I" in letters else "IOB2"


def invalid_transitions(tags: TagTable, scheme: str) -> TagNoise:
    """How often tags break a scheme, such as IOB2's `I-PER` after O."""
    pair = _Pair(tags)
    goes_on = pair.any("BIM", "IEML") & pair.same
    broken = np.zeros(len(goes_on), dtype=np.bool_)
    if scheme not in ("IOB1", "IOE1", "IOE2", "IO"):
        broken |= pair.any("*", "IEML") & ~goes_on
    if scheme in ("BIOES", "BILOU"):
        broken |= pair.any("BIM", "*") & ~goes_on
    if scheme == "IOE2":
        broken |= pair.any("I", "*") & ~goes_on
    if scheme == "IOE1":
        broken |= pair.any("E", "*") & ~pair.same
    return TagNoise(invalid=int(broken.sum()), tags=int(tags.lengths.sum()))


class _Pair:
    """Neighbouring tags."""

    def __init__(self, tags: TagTable) -> None:
        self._before, self._here = tags.letter[:-1], tags.letter[1:]
        self.same = tags.type[:-1] == tags.type[1:]

    def any(self, before: str, here: str) -> Any:
        """Where the letters are among these; `*` is any, O included."""
        return self._among(self._before, before) & self._among(self._here, here)

    @staticmethod
    def _among(letters: Any, wanted: str) -> Any:
        if wanted == "*":
            return np.ones(len(letters), dtype=np.bool_)
        return np.isin(letters, [LETTERS.index(letter) for letter in wanted])


def count_cut(gold: SpanTable, cuts: Sequence[Sequence[int]], found: Ints) -> dict[str, int] | None:
    """Gold entities that stand across the border of two windows, and how many of them were missed.

    Args:
        gold: Gold spans.
        cuts: Per sentence the words at which the prediction changes from one window to the next.
        found: Indices of the gold spans that were found.
    """
    if not any(len(places) for places in cuts):
        return None
    rows = zip(gold.sentence.tolist(), gold.start.tolist(), gold.end.tolist(), strict=True)
    across = [at for at, (sentence, start, end) in enumerate(rows) if any(start < cut < end for cut in cuts[sentence])]
    return {"entities": len(across), "missed": len(set(across) - set(found.tolist()))}
