"""Texts with blanks, beginnings of texts, or whole texts, as a person types them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ft_magics.config.tree import is_broken
from ft_magics.data.documents.document import Document
from ft_magics.errors import DataError, type_name

__all__ = ["read_blanks", "read_prompts", "read_whole"]


def read_blanks(inputs: Any) -> list[Document]:
    """Texts whose blanks are to be filled in.

    Args:
        inputs: Texts.

    Raises:
        DataError: They are none.
    """
    return _texts(inputs, "a text with a blank, `____`")


def read_prompts(inputs: Any) -> list[Document]:
    """Texts that are to be continued.

    Args:
        inputs: Texts.

    Raises:
        DataError: They are none, or one is empty.
    """
    found = _texts(inputs, "the beginning of a text")
    for document in found:
        if not document.text.strip():
            raise DataError(f"{document.id} is empty; expected the beginning of a text")
    return found


def read_whole(inputs: Any) -> list[Document]:
    """Texts that are to be judged as they are.

    Args:
        inputs: Texts.

    Raises:
        DataError: They are none, or one is empty.
    """
    found = _texts(inputs, "a text")
    for document in found:
        if not document.text.strip():
            raise DataError(f"{document.id} is empty; expected a text")
    return found


def _texts(inputs: Any, expected: str) -> list[Document]:
    if isinstance(inputs, (str, bytes, Mapping)) or not isinstance(inputs, Iterable):
        raise DataError(f"texts is {type_name(inputs)}; expected {expected}, or a list of them")
    found = []
    for at, text in enumerate(inputs):
        if not isinstance(text, str):
            raise DataError(f"texts[{at}] is {type_name(text)}; expected {expected}")
        if is_broken(text):
            raise DataError(f"texts[{at}]: {text[:60]!a} holds half a surrogate pair; mend the text")
        found.append(Document(text, f"texts[{at}]", asked=True))
    return found
