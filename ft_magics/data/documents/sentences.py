"""Sentences of a text, English and Chinese, by their marks and line ends: what segments of a pair are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from weakref import WeakKeyDictionary

import numpy as np

from ft_magics.data.documents.document import Document, Documents, Ints

__all__ = ["Sentences", "count_sentences", "split_sentences"]

_VERSION = 1  # of how texts are split: tokens of another one are not taken
_CLOSERS = "\"'”’»)\\]）」』】》"
_END = re.compile(rf"(?:[。！？；…][{_CLOSERS}]*|[.!?;][{_CLOSERS}]*(?=\s)|\n)\s*")
_INITIAL = re.compile(r"(?:^|[\s(.])[A-Za-z]\.$")  # J. S. Bach, e.g. this
_NUMBER = re.compile(r"\s*(?:\d{1,3}|[IVXivx]{1,4})\.")  # 3. Of a list
_ABBREVIATED = re.compile(
    r"(?:^|[\s(\"'“‘])(?:mr|mrs|ms|dr|prof|st|rev|gen|col|capt|lt|sen|rep|gov|sr|jr|vs|etc|cf|figs?|no|vol|pp|eds?)\.$",
    re.IGNORECASE,
)
_COUNTED: WeakKeyDictionary[Documents, Ints] = WeakKeyDictionary()  # a text is counted for the check and for its rows


def split_sentences(text: str) -> list[str]:
    """The sentences of a text, none of them empty.

    A sentence ends at `。！？；…`, at `. ! ? ;` with white space behind it, and at the end of a line. None ends at a
    mark before a small letter, nor at a full stop behind an initial, a usual abbreviation or the number of an item.
    Where that is wrong a segment is longer or shorter than it had to be, and no text is lost.
    """
    found: list[str] = []
    begin = 0
    for match in _END.finditer(text):
        if match.group()[0] in ".!?" and _continues(text, begin, match):
            continue
        sentence = text[begin : match.end()].strip()
        if sentence:
            found.append(sentence)
        begin = match.end()
    rest = text[begin:].strip()
    return [*found, rest] if rest else found


def _continues(text: str, begin: int, match: re.Match[str]) -> bool:
    """Whether the sentence does not end at a mark with white space behind it."""
    if "\n" in match.group():
        return False
    if text[match.end() : match.end() + 1].islower():
        return True
    if match.group()[0] != ".":
        return False
    before = text[begin : match.start() + 1]
    inside = _INITIAL.search(before[-4:]) or _NUMBER.fullmatch(before) or _ABBREVIATED.search(before[-8:])
    return inside is not None


def count_sentences(documents: Documents) -> Ints:
    """Sentences per document, counted once. Length S."""
    found = _COUNTED.get(documents)
    if found is None:
        found = np.fromiter(
            (len(split_sentences(document.text)) for document in documents), dtype=np.int64, count=len(documents)
        )
        _COUNTED[documents] = found
    return found


class Sentences(Documents):
    """The sentences of documents as documents of their own, read when they are asked for.

    Args:
        documents: Which.

    Attributes:
        firsts: Index of each document's first sentence, and after the last how many there are. Length S + 1.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self.firsts: Ints = np.concatenate([[0], np.cumsum(count_sentences(documents))]).astype(np.int64)
        self.hashes = np.append(documents.hashes, np.uint64(_VERSION))  # all that the sentences follow from
        self.utf8_bytes, self.characters, self.notes = documents.utf8_bytes, documents.characters, []

    def __len__(self) -> int:
        return int(self.firsts[-1])

    def __iter__(self) -> Iterator[Document]:
        for document in self._documents:
            for sentence in split_sentences(document.text):
                yield Document(sentence, document.id)

    def one(self, at: int) -> Document:
        """The sentence of an index from 0."""
        document = int(np.searchsorted(self.firsts, at, side="right")) - 1
        of_document = self._documents[document]
        return Document(split_sentences(of_document.text)[at - int(self.firsts[document])], of_document.id)
