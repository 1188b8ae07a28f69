"""Which words a text has, and which of its tokens belong to one word, for any tokenizer that gives offsets.

White space parts words; each punctuation mark is one, as in BERT; a Chinese character is one, or what a segmenter
says. Tokens are assigned by the characters that they cover, so word pieces, bytes and unigram pieces are alike.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Sequence

from ft_magics.data.letters import CJK

__all__ = ["NO_WORD", "Segmenter", "Word", "word_groups", "words_of"]

Word = tuple[int, int]  # character offsets, end not included
Segmenter = Callable[[str], Sequence[str]]  # a run of Chinese characters → its words, which make it up together

NO_WORD = -1  # the group of a token that covers nothing: a special one
_CJK = CJK.pattern.encode().decode("unicode_escape")
# Letters, digits and what combines with them; an underscore is punctuation, as in BERT.
_WORDS = re.compile(rf"(?P<cjk>{_CJK}+)|(?:(?!{_CJK})[^\W_])(?:(?!{_CJK})[^\W_]|[\u0300-\u036f\u200c\u200d])*|\S")


def words_of(text: str, segmenter: Segmenter | None = None) -> list[Word]:
    """The words of a text, as offsets in order; white space belongs to none.

    Args:
        text: In any languages.
        segmenter: For runs of Chinese characters; None where each character is a word.
    """
    found: list[Word] = []
    for match in _WORDS.finditer(text):
        start, end = match.span()
        if match["cjk"] is None:
            found.append((start, end))
        elif segmenter is None or end - start == 1:
            found.extend((at, at + 1) for at in range(start, end))
        else:
            for word in segmenter(match[0]):
                found.append((start, start + len(word)))
                start += len(word)
            if start < end:  # of a segmenter that leaves something out
                found.append((start, end))
    return found


def word_groups(offsets: Sequence[Word], text: str, segmenter: Segmenter | None = None) -> list[int]:
    """Which tokens belong to one word: those that a mask takes together.

    A token that covers parts of several words joins them: they cannot be masked apart. A token that covers only white
    space belongs to the word after it, and at the end of the text to the one before it.

    Args:
        offsets: Of each token in the text, as `return_offsets_mapping=True` gives them; (0, 0) for a special one.
            Length T.
        text: That was tokenised.
        segmenter: For runs of Chinese characters; None where each character is a word.

    Returns:
        The group of each token, counted from 0 in their order; `NO_WORD` for special ones. Length T.

    Source: Devlin et al. 2019 (whole-word masking of May 2019); Cui et al. 2021 for Chinese words.
    """
    words = words_of(text, segmenter)
    ends = [end for _, end in words]
    groups: list[int] = []
    group, last = -1, -1  # of the word before, and the last word that the group holds
    waiting: list[int] = []  # tokens of white space, before their word
    for at, (start, end) in enumerate(offsets):
        first = bisect.bisect_right(ends, start)
        beyond = first
        while beyond < len(words) and words[beyond][0] < end:
            beyond += 1
        groups.append(NO_WORD)
        if start == end:
            continue
        if beyond == first:
            waiting.append(at)
            continue
        if first > last or group < 0:
            group += 1
        last = max(last, beyond - 1)
        for place in (*waiting, at):
            groups[place] = group
        waiting.clear()
    for place in waiting:
        groups[place] = max(group, 0)
    return groups
