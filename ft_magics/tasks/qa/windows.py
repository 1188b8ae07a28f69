"""Questions with their contexts → windows that fit the model, each knowing which characters its tokens are.

A context is cut into tokens once, however many questions there are about it; windows share what it was cut into.

Source: Devlin et al. 2019, section 4.2, and their script (a sliding window over the context).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import Any

from ft_magics.errors import AlignmentError
from ft_magics.markup import terminal_line
from ft_magics.tasks.task import IGNORE_INDEX, Spec

__all__ = ["Cut", "PairEncoder", "Window"]


@dataclass(frozen=True, slots=True, repr=False)
class Cut:
    """A context in tokens.

    Args:
        ids: Token ids. Length N.
        starts: First character of each. Length N.
        ends: Character after the last of each. Length N.
    """

    ids: array[int]
    starts: array[int]
    ends: array[int]

    def tokens_of(self, start: int, end: int) -> tuple[int, int] | None:
        """First and last token that hold some of these characters; None where none does."""
        first = bisect_right(self.ends, start)
        last = bisect_left(self.starts, end) - 1
        return (first, last) if first <= last else None


@dataclass(frozen=True, slots=True)
class Window:
    """A question with a stretch of its context, ready to be batched.

    Args:
        example: Index of the example.
        input_ids: Question and stretch with special tokens. Length T.
        type_ids: Which of the two a token is of, where the tokenizer says so. Length T, or empty.
        cut: The whole context in tokens.
        first: Place in the input of the stretch's first token.
        offset: Which token of the context that is.
        count: How many tokens of the context are in it.
        labels: First and last token of the answer, as places in the input; the first place where the answer is not in
            this window, IGNORE_INDEX where it is not known, or is in no window as a whole.
        question_cut: Whether the question is longer than this.
    """

    example: int
    input_ids: array[int]
    type_ids: array[int]
    cut: Cut = field(repr=False)
    first: int
    offset: int
    count: int
    labels: tuple[int, int]
    question_cut: bool = False

    @property
    def tokens(self) -> int:
        """T."""
        return len(self.input_ids)

    @property
    def holds_answer(self) -> bool:
        """Whether the answer is in it as a whole."""
        return self.labels[0] > 0

    @property
    def is_negative(self) -> bool:
        """Whether it is known that the answer is not in it."""
        return self.labels == (0, 0)


class PairEncoder:
    """A fast tokenizer as questions and contexts need it.

    Args:
        spec: Of the model.
        doc_stride: Tokens that neighbouring windows share.
    """

    def __init__(self, spec: Spec, *, doc_stride: int) -> None:
        self._tokenizer = spec.tokenizer
        self._room = spec.max_length_tokens
        self._stride = doc_stride
        probe = self._read("a", "a")
        sides = probe.sequence_ids(0)
        if 0 not in sides or 1 not in sides:
            raise AlignmentError("the tokenizer turns the letter a into nothing, so it cannot be used; save it again")
        borders = [
            *(sides.index(0), len(sides) - sides[::-1].index(0)),
            *(sides.index(1), len(sides) - sides[::-1].index(1)),
        ]
        ids, types = probe["input_ids"][0], probe.get("token_type_ids", [[]])[0]
        parts = [(0, borders[0]), (borders[1], borders[2]), (borders[3], len(ids))]
        self._special = [array("i", ids[low:high]) for low, high in parts]  # before, between, behind
        self._types = [array("b", types[low:high]) for low, high in parts]
        self._type_of = (types[borders[0]], types[borders[2]]) if types else None
        self._questions: dict[str, array[int]] = {}

    def _read(self, *texts: str, **options: Any) -> Any:
        """What the tokenizer makes of a text, or of a pair.

        Raises:
            AlignmentError: It fails, as one does that lacks its own unknown token.
        """
        try:
            return self._tokenizer(*([text] for text in texts), verbose=False, **options)
        except BaseException as error:  # tokenizers raises plain exceptions, and the panics of Rust
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            reason = terminal_line(str(error))[:300]
            raise AlignmentError(f"the tokenizer cannot read this text ({reason}); save it again") from error

    def cut(self, context: str) -> Cut:
        """A context in tokens."""
        found = self._read(context, add_special_tokens=False, return_offsets_mapping=True)
        places = found["offset_mapping"][0]
        starts, ends = array("i"), array("i")
        for start, end in places:  # a token of no letters stays where the one before it ended
            starts.append(max(start, starts[-1] if starts else 0))
            ends.append(max(end, ends[-1] if ends else 0))
        return Cut(array("i", found["input_ids"][0]), starts, ends)

    def windows(
        self, example: int, question: str, cut: Cut, answer: tuple[int, int] | None, *, asked: bool
    ) -> list[Window]:
        """The windows of a question: at least one, and as many as hold all of its context.

        Args:
            example: Its index.
            question: As it was asked.
            cut: Its context.
            answer: First character and character after the last; None for no answer.
            asked: Whether the answer, or that there is none, is known and trained on.

        Raises:
            AlignmentError: The special tokens alone take all of the room.
        """
        before, between, behind = self._special
        free = self._room - len(before) - len(between) - len(behind)
        if free < 2:
            raise AlignmentError(f"max_length_tokens is {self._room}: the special tokens alone take that much")
        whole = self._question(question)
        words = whole[: free // 2]  # the other half is for the context
        width = free - len(words)
        target = cut.tokens_of(*answer) if answer is not None else None
        offsets = self._offsets(len(cut.ids), width)
        asked = asked and (target is None or any(at <= target[0] and target[1] < at + width for at in offsets))
        found = []
        for offset in offsets:
            piece = cut.ids[offset : offset + width]
            ids = array("i", [*before, *words, *between, *piece, *behind])
            first = len(before) + len(words) + len(between)
            labels = (IGNORE_INDEX, IGNORE_INDEX)
            if asked:
                labels = self._labels(target, first, offset, len(piece))
            types = self._type_ids(len(words), len(piece))
            found.append(Window(example, ids, types, cut, first, offset, len(piece), labels, len(words) < len(whole)))
        return found

    def _offsets(self, tokens: int, width: int) -> list[int]:
        step = max(1, width - min(self._stride, width // 2))
        return [0, *range(step, tokens - width + step, step)] if tokens > width else [0]

    def _question(self, question: str) -> array[int]:
        if question not in self._questions:
            self._questions[question] = array("i", self._read(question, add_special_tokens=False)["input_ids"][0])
        return self._questions[question]

    @staticmethod
    def _labels(target: tuple[int, int] | None, first: int, offset: int, count: int) -> tuple[int, int]:
        """Where the answer is in a window; the first place where it is not, or not all of it."""
        if target is None or target[0] < offset or target[1] >= offset + count:
            return 0, 0
        return first + target[0] - offset, first + target[1] - offset

    def _type_ids(self, words: int, piece: int) -> array[int]:
        if self._type_of is None:
            return array("b")
        (before, between, behind), (one, other) = self._types, self._type_of
        return array("b", [*before, *[one] * words, *between, *[other] * piece, *behind])
