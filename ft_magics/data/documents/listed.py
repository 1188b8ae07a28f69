"""Documents that the kernel holds already: a list of texts, a column of a DataFrame or of a data set of `datasets`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ft_magics.data.cells import is_missing
from ft_magics.data.documents.document import Document, Documents, Found, Ints, cut, number_runs
from ft_magics.data.examples import Corpus, Split
from ft_magics.data.faults import show
from ft_magics.errors import DataError

__all__ = ["ListedTexts", "as_documents"]

E = TypeVar("E")


class ListedTexts(Documents):
    """Texts of a sequence, which are not copied.

    Args:
        texts: Cells; those without a text are left out.
        place: Index of a cell → where it stands.
        name: Of the source.

    Raises:
        DataError: A cell is no text; the message has its place.
    """

    def __init__(self, texts: Sequence[Any], place: Callable[[int], str], name: str) -> None:
        self._texts, self._place = texts, place
        found = Found()
        for at, text in enumerate(texts):
            if is_missing(text):
                found.empty += 1
                continue
            if not isinstance(text, str):
                raise DataError(f"{place(at)}: found {show(text)}, expected a text")
            for begin, end in cut(text):
                found.add(text[begin:end], at, begin, end)
        self._rows, self._begins, self._ends = found.columns(3)
        self.hashes, self.utf8_bytes, self.characters = found.hashes, found.utf8_bytes, found.characters
        self.notes = [f"{name}: {found.empty:,} of {len(texts):,} rows have no text and were left out"] * bool(
            found.empty
        )

    def origins(self) -> Ints:
        """A number per document, the same for the parts of a long one. Length S."""
        return number_runs(self._rows[1:] == self._rows[:-1])

    def one(self, at: int) -> Document:
        """The document of an index from 0."""
        row = int(self._rows[at])
        text: str = self._texts[row]
        return Document(text[self._begins[at] : self._ends[at]].strip(), self._place(row))


def as_documents(corpus: Corpus[E], texts_of: Callable[[Sequence[E]], Sequence[str]]) -> Corpus[Document]:
    """A corpus as raw text, by which a vocabulary is made or gets more words.

    Args:
        corpus: Of examples of any kind.
        texts_of: All texts of some of them.
    """

    def raw(split: Split[E] | None) -> Any:
        if split is None:
            return None
        documents = ListedTexts(texts_of(split.examples), lambda row: f"{split.source}, {row}", split.source)
        return Split(name=split.name, source=split.source, examples=documents)

    return Corpus(train=raw(corpus.train), dev=raw(corpus.dev), test=raw(corpus.test))
