"""Words → sub-tokens, with a place for every word.

Source: Devlin et al. 2019, section 5.3 (a word is labelled on its first sub-token).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ft_magics.errors import AlignmentError
from ft_magics.markup import terminal_line
from ft_magics.tasks.task import IGNORE_INDEX, Spec

if TYPE_CHECKING:
    import torch

__all__ = ["Window", "WordTokenizer", "align_labels", "make_windows", "padded_inputs", "unknown_tokens"]

_MOST_UNKNOWN = 0.05
_OVERLAP_SHARE = 4  # neighbouring windows share about a quarter of their tokens


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a sentence that fits the model.

    Args:
        input_ids: With special tokens. Length T.
        word_ids: Word index per token; None for special tokens. Length T.
        owned: The words whose label and prediction this window is responsible for: start and end, end not included.
    """

    input_ids: list[int]
    word_ids: list[int | None]
    owned: tuple[int, int]


class WordTokenizer:
    """A Hugging Face tokenizer as words need it: pieces per word, none of them empty.

    A word that the tokenizer turns into nothing (zero-width or control characters, a space, an empty cell) gets the
    unknown token, so that it keeps its place and a prediction.

    Args:
        tokenizer: A fast tokenizer, made with `add_prefix_space=True` where it has that choice.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        ids = self._encode("a", return_special_tokens_mask=True)
        mask = ids["special_tokens_mask"]
        if 0 not in mask:
            raise AlignmentError("the tokenizer turns the letter a into nothing, so it cannot be used; save it again")
        first, last = mask.index(0), len(mask) - mask[::-1].index(0)
        self.prefix: list[int] = ids["input_ids"][:first]
        self.suffix: list[int] = ids["input_ids"][last:]
        stand_in = tokenizer.unk_token_id if tokenizer.unk_token_id is not None else tokenizer.pad_token_id
        self._stand_in: int = stand_in

    def pieces(self, sentences: Sequence[Sequence[str]]) -> list[list[list[int]]]:
        """Token ids per word and sentence; at least one per word."""
        if not sentences:
            return []
        batch = self._encode(
            [list(words) for words in sentences],
            is_split_into_words=True,
            add_special_tokens=False,
            truncation=False,
            verbose=False,
        )
        return [
            self._by_word(len(words), batch["input_ids"][index], batch.word_ids(index))
            for index, words in enumerate(sentences)
        ]

    def _encode(self, text: str | list[list[str]], **options: bool) -> Any:
        """What the tokenizer makes of a text, or of sentences of words.

        Raises:
            AlignmentError: It fails, as one does that lacks its own unknown token.
        """
        try:
            return self._tokenizer(text, **options)
        except BaseException as error:  # tokenizers raises plain exceptions, and the panics of Rust
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            reason = terminal_line(str(error))[:300]
            raise AlignmentError(f"the tokenizer cannot read this text ({reason}); save it again") from error

    def _by_word(self, count: int, ids: Sequence[int], word_ids: Sequence[int | None]) -> list[list[int]]:
        pieces: list[list[int]] = [[] for _ in range(count)]
        for token, word in zip(ids, word_ids, strict=True):
            if word is not None:
                pieces[word].append(token)
        return [piece or [self._stand_in] for piece in pieces]


def make_windows(
    pieces: Sequence[Sequence[int]], *, max_length_tokens: int, prefix: Sequence[int], suffix: Sequence[int]
) -> list[Window]:
    """Cut a sentence into overlapping windows; each word belongs to the one that shows most of its surroundings.

    Args:
        pieces: Token ids per word, none empty. Length W.
        max_length_tokens: Most tokens in a window, special tokens included.
        prefix: Special tokens before, such as [CLS].
        suffix: Special tokens after, such as [SEP].

    Returns:
        At least one window; every word is owned by exactly one.
    """
    room = max_length_tokens - len(prefix) - len(suffix)
    if room < 1:
        raise AlignmentError(f"max_length_tokens is {max_length_tokens}: the special tokens alone take that much")
    sizes = [min(len(piece), room) for piece in pieces]  # of a word longer than a window, its beginning
    ranges = _ranges(sizes, room)
    cut = [list(piece[:size]) for piece, size in zip(pieces, sizes, strict=True)]
    windows: list[Window] = []
    for span, owned in zip(ranges, _ownership(ranges, len(pieces)), strict=True):
        tokens = [(token, word) for word in range(*span) for token in cut[word]]
        input_ids = [*prefix, *(token for token, _ in tokens), *suffix]
        word_ids = [*[None] * len(prefix), *(word for _, word in tokens), *[None] * len(suffix)]
        windows.append(Window(input_ids, word_ids, owned))
    return windows


def _ranges(sizes: Sequence[int], room: int) -> list[tuple[int, int]]:
    """Word ranges that each fit into the room, overlapping."""
    ranges: list[tuple[int, int]] = []
    start, count = 0, len(sizes)
    while True:
        end, used = start, 0
        while end < count and used + sizes[end] <= room:
            used += sizes[end]
            end += 1
        ranges.append((start, end))
        if end >= count:
            return ranges
        back, shared = end, 0
        while back - 1 > start and shared + sizes[back - 1] <= room // _OVERLAP_SHARE:
            back -= 1
            shared += sizes[back]
        start = back


def _ownership(ranges: Sequence[tuple[int, int]], count: int) -> list[tuple[int, int]]:
    """Share the words out: in an overlap the first half goes to the left window, the second to the right."""
    cuts = [0]
    for (_, left_end), (right_start, _) in itertools.pairwise(ranges):
        cuts.append((left_end + right_start) // 2)
    cuts.append(count)
    return list(itertools.pairwise(cuts))


def align_labels(word_ids: Sequence[int | None], labels: Sequence[int], owned: tuple[int, int]) -> list[int]:
    """Give each owned word's label to its first token; the other tokens get IGNORE_INDEX.

    Args:
        word_ids: Word index per token, None for special tokens. Length T.
        labels: Label id per word, 0 <= id < C, or IGNORE_INDEX. Length W.
        owned: Range of the words that count.

    Returns:
        Label id per token. Length T.

    Raises:
        AlignmentError: A word id is >= W.
    """
    aligned: list[int] = []
    previous: int | None = None
    for word in word_ids:
        if word is not None and word >= len(labels):
            raise AlignmentError(f"a token belongs to word {word}, but there are labels for {len(labels)} words only")
        first = word is not None and word != previous and owned[0] <= word < owned[1]
        aligned.append(labels[word] if first and word is not None else IGNORE_INDEX)
        previous = word
    return aligned


def unknown_tokens(inputs: Sequence[Sequence[int]], tokenizer: Any, *, extends: bool = True) -> list[str]:
    """A warning when the model cannot read much of the training data: its vocabulary is of another language.

    Args:
        inputs: Token ids per input.
        tokenizer: That made them.
        extends: Whether the task can give a model more words; no such is advised where it has some.
    """
    if tokenizer.unk_token_id is None:
        return []
    tokens = sum(map(len, inputs))
    unknown = sum(ids.count(tokenizer.unk_token_id) for ids in inputs)
    if unknown <= _MOST_UNKNOWN * tokens:
        return []
    text = (
        f"train: the model's vocabulary lacks {100 * unknown / tokens:.0f} % of the tokens, which all look the "
        "same to it; choose a model made for this language"
    )
    if extends and all(token.special for token in tokenizer.added_tokens_decoder.values()):
        text += ", or give it the letters and words that it lacks: `tokenizer: {new_words: 3000}`"
    return [text]


def padded_inputs(features: Sequence[Any], spec: Spec) -> dict[str, torch.Tensor]:
    """What a model reads of some features, padded at the end. Each tensor is (B, T).

    Args:
        features: With `input_ids`, as many as `tokens`, and perhaps `type_ids`. Length B.
        spec: Of the model; it says how wide a batch is.

    Returns:
        `input_ids`, `attention_mask`, and `token_type_ids` where a feature has such.
    """
    import torch  # noqa: PLC0415  # a cell is read and answered without it

    shape = (len(features), spec.width(max(feature.tokens for feature in features)))
    batch = {
        "input_ids": torch.full(shape, spec.tokenizer.pad_token_id, dtype=torch.long),
        "attention_mask": torch.zeros(shape, dtype=torch.long),
    }
    types = [getattr(feature, "type_ids", ()) for feature in features]
    if any(types):
        batch["token_type_ids"] = torch.zeros(shape, dtype=torch.long)
    for row, (feature, of_type) in enumerate(zip(features, types, strict=True)):
        batch["input_ids"][row, : feature.tokens] = torch.tensor(feature.input_ids)
        batch["attention_mask"][row, : feature.tokens] = 1
        if of_type:
            batch["token_type_ids"][row, : feature.tokens] = torch.tensor(of_type)
    return batch
