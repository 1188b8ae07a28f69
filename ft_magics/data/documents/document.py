"""Documents: a sequence of texts of which a few numbers each are in memory, and no text."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chosen", "Document", "Documents", "Found", "Ints", "Joined", "cut", "number_runs"]

Ints = NDArray[np.int64]
_LONGEST = 16_000  # characters; a longer document is taken in parts, so that memory holds one whatever its length
_HASH_BYTES = 8


@dataclass(frozen=True, slots=True)
class Document:
    """A text without labels.

    Args:
        text: As it stands in its source, white space around it apart; never empty.
        id: Where it begins, such as `news.txt, line 12`.
        asked: Whether its mask tokens are blanks to be filled in: a text that a person gave to a trained model.
    """

    text: str
    id: str = ""
    asked: bool = False


class Documents(Sequence[Document]):
    """Texts in the order of their source; a long document counts as several, its parts. S of them.

    Attributes:
        hashes: Of each text, white space aside. Length S.
        utf8_bytes: Of all texts.
        characters: Of all texts.
        notes: Sentences about what the reader saw and chose.
    """

    hashes: NDArray[np.uint64]
    utf8_bytes: int
    characters: int
    notes: list[str]

    @abstractmethod
    def one(self, at: int) -> Document:
        """The document of an index from 0."""

    def origins(self) -> Ints:
        """A number per document, the same for the parts of a long one. Length S."""
        return np.arange(len(self))

    def __len__(self) -> int:
        return len(self.hashes)

    def __iter__(self) -> Iterator[Document]:
        for at in range(len(self)):
            yield self.one(at)

    @overload
    def __getitem__(self, at: int) -> Document: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Document]: ...

    def __getitem__(self, at: int | slice) -> Document | Sequence[Document]:
        if isinstance(at, slice):
            return [self.one(index) for index in range(*at.indices(len(self)))]
        index = at + len(self) if at < 0 else at
        if not 0 <= index < len(self):
            raise IndexError(at)
        return self.one(index)


def number_runs(continues: NDArray[np.bool_]) -> Ints:
    """Numbers from 0, the same for all members of a run.

    Args:
        continues: Whether each but the first belongs to the run of the one before it. Length S - 1.
    """
    return np.concatenate([[0], np.cumsum(~continues)]).astype(np.int64)


def cut(text: str) -> Iterator[tuple[int, int]]:
    """The parts of a text, begin and end, at most 16,000 characters each: cut at a line's end, else at white space."""
    begin = 0
    while len(text) - begin > _LONGEST:
        end = begin + _LONGEST
        at = max(text.rfind("\n", begin + 1, end), -1)
        if at < 0:
            at = text.rfind(" ", begin + 1, end)
        end = end if at < 0 else at
        yield begin, end
        begin = end
    yield begin, len(text)


class Found:
    """Collects what is kept in memory of each document while a source is read for the first time."""

    def __init__(self) -> None:
        self._hashes = array("Q")
        self._columns: tuple[array[int], ...] = ()
        self.utf8_bytes = self.characters = self.empty = 0

    def add(self, text: str, *where: int) -> None:
        """Note a document, unless it is empty.

        Args:
            text: Of it.
            where: Numbers that find it again.
        """
        bare = " ".join(text.split())
        if not bare:
            self.empty += 1
            return
        self._columns = self._columns or tuple(array("q") for _ in where)
        for column, number in zip(self._columns, where, strict=True):
            column.append(number)
        raw = text.strip().encode(errors="surrogatepass")
        self.utf8_bytes += len(raw)
        self.characters += len(text.strip())
        digest = hashlib.blake2b(bare.encode(errors="surrogatepass"), digest_size=_HASH_BYTES).digest()
        self._hashes.append(int.from_bytes(digest, "little"))

    @property
    def hashes(self) -> NDArray[np.uint64]:
        """Length S."""
        return np.frombuffer(self._hashes, dtype=np.uint64) if self._hashes else np.zeros(0, dtype=np.uint64)

    def columns(self, count: int) -> list[Ints]:
        """The numbers that find the documents again, each of length S."""
        if not self._columns:
            return [np.zeros(0, dtype=np.int64)] * count
        return [np.frombuffer(column, dtype=np.int64) for column in self._columns]


class Joined(Documents):
    """Several sources one after the other.

    Args:
        parts: At least one.
    """

    def __init__(self, parts: Sequence[Documents]) -> None:
        self._parts = parts
        self._ends = np.cumsum([len(part) for part in parts])
        self.hashes = np.concatenate([part.hashes for part in parts])
        self.utf8_bytes = sum(part.utf8_bytes for part in parts)
        self.characters = sum(part.characters for part in parts)
        self.notes = [note for part in parts for note in part.notes]

    def __iter__(self) -> Iterator[Document]:
        for part in self._parts:
            yield from part

    def origins(self) -> Ints:
        """A number per document, the same for the parts of a long one. Length S."""
        found = [part.origins() for part in self._parts]
        before = np.cumsum([0, *(int(origins[-1]) + 1 if len(origins) else 0 for origins in found[:-1])])
        return np.concatenate([origins + first for origins, first in zip(found, before, strict=True)])

    def one(self, at: int) -> Document:
        """The document of an index from 0."""
        part = int(np.searchsorted(self._ends, at, side="right"))
        return self._parts[part][at - int(self._ends[part]) + len(self._parts[part])]


class Chosen(Documents):
    """Some documents of others, in their order.

    Args:
        documents: All of them.
        indices: Which, ascending. Length S.
        utf8_bytes: Of all texts that are chosen.
        characters: Of all texts that are chosen.
        notes: Sentences about the choice.
    """

    def __init__(
        self, documents: Documents, indices: Ints, *, utf8_bytes: int, characters: int, notes: Sequence[str] = ()
    ) -> None:
        self._documents, self._indices = documents, indices
        self.hashes = documents.hashes[indices]
        self.utf8_bytes, self.characters = utf8_bytes, characters
        self.notes = list(notes)

    def __iter__(self) -> Iterator[Document]:
        """Through the source in its order, which is quicker than one by one."""
        wanted = iter(self._indices.tolist())
        next_ = next(wanted, None)
        for at, document in enumerate(self._documents):
            if at == next_:
                yield document
                next_ = next(wanted, None)
                if next_ is None:
                    return

    def origins(self) -> Ints:
        """A number per document, the same for the parts of a long one. Length S."""
        return self._documents.origins()[self._indices]

    def one(self, at: int) -> Document:
        """The document of an index from 0."""
        return self._documents[int(self._indices[at])]
