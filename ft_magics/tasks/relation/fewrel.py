"""FewRel's original file: `{relation: [{tokens, h, t}, …]}`, a list of examples for each relation.

Source: Han et al. 2018, and the README of the release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ft_magics.data.cells import Rows, is_list
from ft_magics.data.faults import quoted, show
from ft_magics.data.frames import rows_of_records
from ft_magics.data.json_text import loads
from ft_magics.errors import DataError

__all__ = ["is_by_relation", "rows_by_relation"]

_BEGINNING = 2000  # bytes in which a file is seen to be one
_BY_RELATION = re.compile(rb'\s*\{\s*"[^"]*"\s*:\s*\[\s*\{\s*"tokens"')


def is_by_relation(raw: bytes) -> bool:
    """Whether a file is one of FewRel's, which has a list of examples for each relation, by its beginning."""
    return bool(_BY_RELATION.match(raw[:_BEGINNING].removeprefix(b"\xef\xbb\xbf")))


def rows_by_relation(text: str, name: str) -> Rows:
    """The rows of such a file.

    Args:
        text: The whole file.
        name: For messages.

    Raises:
        DataError: It is none.
    """
    found = loads(text, name)
    wrong = [
        key for key, items in found.items() if not is_list(items) or not all(isinstance(i, Mapping) for i in items)
    ]
    if wrong:
        raise DataError(f"{name}: `{quoted(wrong[0])}` must be a list of examples, found {show(found[wrong[0]])}")
    records = [
        (f"{name}, {quoted(key)} {at}", {**item, "relation": key})
        for key, items in found.items()
        for at, item in enumerate(items, 1)
    ]
    return rows_of_records(records, name)
