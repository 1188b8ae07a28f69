"""What a user hands over as references and hypotheses, checked against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ft_magics.data.letters import CJK
from ft_magics.errors import DataError
from ft_magics.evaluation.beside import as_list, is_row, shown

__all__ = ["is_chinese", "read_sides"]

_MOSTLY = 0.5  # of the letters
_MOST_TEXTS = 1000  # by which the script is seen


def read_sides(references: Any, hypotheses: Any) -> tuple[list[tuple[str, ...]], list[str]]:
    """References of each example, and the text that is held against them.

    Args:
        references: A text per example, or several each. With `{id: …}` on both sides, by id.
        hypotheses: A text per example.

    Raises:
        DataError: They do not belong together; the message names the first example that is wrong.
    """
    if isinstance(references, Mapping) and isinstance(hypotheses, Mapping):
        missing = next((key for key in references if key not in hypotheses), None)
        if missing is not None:
            raise DataError(f"there is no text for {shown(missing)}, which has a reference")
        unknown = [key for key in hypotheses if key not in references]
        if unknown:
            raise DataError(
                f"there is no reference for {shown(unknown[0])} ({len(unknown):,} in all); take such texts out"
            )
        hypotheses = [hypotheses[key] for key in references]
        references = list(references.values())
    gold = [_of_one(item, at) for at, item in enumerate(as_list(references, "references", "texts, one per example"))]
    texts = list(as_list(hypotheses, "hypotheses", "texts, one per example"))
    if len(gold) != len(texts):
        turned = bool(gold) and all(is_row(of_it) and len(of_it) == len(texts) for of_it in references)
        hint = (
            ". Several references stand beside each other, an example a row: `list(zip(*references))`" if turned else ""
        )
        raise DataError(
            f"there are {len(gold)} references and {len(texts)} hypotheses; they must be as many, in the same "
            f"order{hint}"
        )
    if not gold:
        raise DataError("there is no example to score: references and hypotheses are empty")
    for at, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(f"hypotheses, example {at} (counted from 0): found {shown(text)}, expected a text")
    return gold, texts


def _of_one(item: Any, at: int) -> tuple[str, ...]:
    found = (item,) if isinstance(item, str) else tuple(item) if is_row(item) else ()
    if not found or not all(isinstance(text, str) for text in found):
        raise DataError(
            f"references, example {at} (counted from 0): found {shown(item)}, expected a text, or a list of texts"
        )
    if not any(text.strip() for text in found):
        raise DataError(f"references, example {at} (counted from 0): the reference is empty; leave the example out")
    return tuple(text for text in found if text.strip())


def is_chinese(references: Sequence[Sequence[str]]) -> bool:
    """Whether texts are written in Chinese characters, mostly."""
    letters = "".join(text for of_it in references[:_MOST_TEXTS] for text in of_it if text)
    count = sum(letter.isalpha() for letter in letters)
    return bool(count) and len(CJK.findall(letters)) > _MOSTLY * count
