"""Texts with blanks, as a person types them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ft_magics.data.documents.document import Document
from ft_magics.errors import DataError, type_name

__all__ = ["read_blanks"]


def read_blanks(inputs: Any) -> list[Document]:
    """Texts whose blanks are to be filled in.

    Args:
        inputs: Texts.

    Raises:
        DataError: They are none.
    """
    if isinstance(inputs, (str, bytes, Mapping)) or not isinstance(inputs, Iterable):
        raise DataError(f"texts is {type_name(inputs)}; expected a text with a blank, `____`, or a list of them")
    found = []
    for at, text in enumerate(inputs):
        if not isinstance(text, str):
            raise DataError(f"texts[{at}] is {type_name(text)}; expected a text with a blank, `____`")
        found.append(Document(text, f"texts[{at}]", asked=True))
    return found
