"""Which sentences of a document are a row: as many as fit, and two at least, since a row is cut into two segments.

The rows are fixed; where a row is cut, and what stands behind the cut, is drawn (`draw.py`). Shapes: S documents, R
rows.
Source: Devlin et al. 2019, appendix A.2, whose rows are packed in the same way, but hang on all draws before them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ft_magics.data.documents.document import Documents, Ints
from ft_magics.data.documents.sentences import Sentences
from ft_magics.tasks.language.token_map import TokenMap

__all__ = ["PairPlan", "plan_pairs"]

_SHORTEST_ROOM = 4  # tokens of two segments together


@dataclass(frozen=True, slots=True, eq=False)
class PairPlan:
    """The rows of a split.

    Args:
        tokens: Of its sentences.
        sentences: Index of each document's first sentence, and after the last how many there are. Length S + 1.
        origins: A number per document, the same for the parts of a long one. Length S.
        texts: A hash of each document's text. Length S.
        room: The most tokens of both segments together.
        firsts: Index of each document's first row, and after the last how many there are. Length S + 1.
        begins: Of each row its first piece, counted within its document. Length R.
        ends: Of each row the piece after its last. Length R.
        lengths: Tokens of both segments of each row, if the second is the one that follows. Length R.
    """

    tokens: TokenMap
    sentences: Ints
    origins: Ints
    texts: NDArray[np.uint64]
    room: int
    firsts: Ints
    begins: NDArray[np.int32]
    ends: NDArray[np.int32]
    lengths: NDArray[np.int32]

    def __len__(self) -> int:
        return int(self.firsts[-1])

    def document(self, row: int) -> int:
        """The document of a row."""
        return int(np.searchsorted(self.firsts, row, side="right")) - 1

    def borders(self, document: int) -> Ints:
        """Where the pieces of a document begin in `tokens.tokens`, and where the last ends.

        A piece is a sentence; one that is longer than half a row is several, so that any two neighbours fit.
        """
        first, after = int(self.sentences[document]), int(self.sentences[document + 1])
        begin = int(self.tokens.ends[first - 1]) if first else 0
        return _pieces(begin, self.tokens.ends[first:after], self.room // 2)


def plan_pairs(
    documents: Documents, sentences: Sentences, tokens: TokenMap, room: int, *, needs_another: bool
) -> PairPlan:
    """Plan the rows of documents. One of a single sentence has none.

    Args:
        documents: Of a split.
        sentences: Of them.
        tokens: Of the sentences.
        room: The most tokens of both segments together.
        needs_another: Whether segments are to come from another document, so that one document alone has no rows.
    """
    room = max(room, _SHORTEST_ROOM)
    counts = np.zeros(len(documents), dtype=np.int64)
    begins, ends, lengths = array("i"), array("i"), array("i")
    for document in np.flatnonzero(np.diff(sentences.firsts) > 1).tolist():
        first, after = int(sentences.firsts[document]), int(sentences.firsts[document + 1])
        begin = int(tokens.ends[first - 1]) if first else 0
        borders = _pieces(begin, tokens.ends[first:after], room // 2).tolist()
        for row_begin, row_end in _rows(borders, room):
            begins.append(row_begin)
            ends.append(row_end)
            lengths.append(borders[row_end] - borders[row_begin])
            counts[document] += 1
    origins = documents.origins()
    if needs_another and len(np.unique(origins[counts > 0])) < 2:
        counts[:] = 0
        begins, ends, lengths = array("i"), array("i"), array("i")
    return PairPlan(
        tokens=tokens,
        sentences=sentences.firsts,
        origins=origins,
        texts=documents.hashes,
        room=room,
        firsts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        begins=np.array(begins, dtype=np.int32),
        ends=np.array(ends, dtype=np.int32),
        lengths=np.array(lengths, dtype=np.int32),
    )


def _pieces(begin: int, ends: Ints, longest: int) -> Ints:
    """Borders of pieces: of sentences with tokens, and more of them in those that are too long.

    Args:
        begin: Of the first sentence.
        ends: Of each.
        longest: The most tokens of a piece.
    """
    begins = np.concatenate([[begin], ends[:-1]])
    lengths = ends - begins
    parts = -(-lengths // longest)
    sentence = np.repeat(np.arange(len(ends)), parts)
    part = np.arange(len(sentence)) - np.repeat(np.cumsum(parts) - parts, parts)
    found = begins[sentence] + lengths[sentence] * (part + 1) // parts[sentence]
    return np.concatenate([[begin], found])


def _rows(borders: list[int], room: int) -> list[tuple[int, int]]:
    """First and last piece of each row; where one piece is left over, it has the one before it with it."""
    last = len(borders) - 1
    found: list[tuple[int, int]] = []
    begin = 0
    while last - begin > 1:
        end = bisect_right(borders, borders[begin] + room) - 1
        if last - end == 1:  # the piece before it leaves this row, or is in both
            found.append((begin, end - 1 if end - begin > 2 else end))
            begin = end - 1
        else:
            found.append((begin, end))
            begin = end
    return found
