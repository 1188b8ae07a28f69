"""Exact match and F1 of one answer, as the official scripts of SQuAD 1.1 and 2.0 and of CMRC 2018 count them.

Which script's rules hold for a question is chosen by its language: `rules_for`. The functions give shares from 0 to 1,
where the scripts print percent.

Source: Rajpurkar et al. 2016 and 2018 (SQuAD); Cui et al. 2019 (CMRC 2018).
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from ft_magics.evaluation.answers.english_words import english_words

__all__ = ["RULES", "Rules", "normalized", "rules_for", "scores_of", "without_punctuation", "words_and_characters"]

Rules = Literal["squad", "cmrc"]
RULES: tuple[Rules, ...] = ("squad", "cmrc")

_ARTICLE = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_OTHER_WORD = re.compile(r"[^\W\d_\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_LOOKED_AT = 2000  # characters of a context, by which its language is seen

# Of CMRC's script: these are left out, and each Chinese character is a unit; a range that lacks rare characters.
_LEFT_OUT = frozenset("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
_UNIT = re.compile(r"[\u4e00-\u9fa5]")


def rules_for(*texts: str) -> Rules:
    """The rules of a question's language: CMRC's where Chinese characters are at least as many as other words.

    Args:
        texts: The question and its context; of a long one the beginning counts.
    """
    counts = [_counts(text[:_LOOKED_AT]) for text in texts]
    han, others = (sum(count[at] for count in counts) for at in range(2))
    return "cmrc" if han and han >= others else "squad"


@lru_cache(maxsize=1024)
def _counts(text: str) -> tuple[int, int]:
    """Chinese characters and other words; many questions are about one context."""
    return len(_HAN.findall(text)), len(_OTHER_WORD.findall(text))


def scores_of(rules: Rules, gold: Sequence[str], predicted: str, *, unanswerable: bool) -> tuple[float, float]:
    """Exact match and F1 of an answer, each the best over all gold answers.

    Args:
        rules: Whose.
        gold: Texts of the answers; none for a question without an answer.
        predicted: A text; empty for no answer.
        unanswerable: Whether some questions of the data have no answer: SQuAD 2.0's script then counts, which differs
            from 1.1's in gold answers that are nothing but articles and punctuation.
    """
    if not gold:
        right = float(not (normalized(predicted) if rules == "squad" else predicted.strip()))
        return right, right
    if rules == "cmrc":
        both = [_of_cmrc(each, predicted) for each in gold]
    elif unanswerable:
        kept = [each for each in gold if normalized(each)] or [""]
        both = [_of_squad(each, predicted, agree_on_nothing=True) for each in kept]
    else:
        both = [_of_squad(each, predicted, agree_on_nothing=False) for each in gold]
    return max(exact for exact, _ in both), max(f1 for _, f1 in both)


def normalized(text: str) -> str:
    """As SQuAD's scripts compare texts: lower case, without ASCII punctuation and English articles."""
    return " ".join(_ARTICLE.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def _of_squad(gold: str, predicted: str, *, agree_on_nothing: bool) -> tuple[float, float]:
    one, other = normalized(gold), normalized(predicted)
    ours, theirs = one.split(), other.split()
    exact = float(one == other)
    if agree_on_nothing and not (ours and theirs):
        return exact, float(ours == theirs)
    return exact, _f1(sum((Counter(ours) & Counter(theirs)).values()), len(ours), len(theirs))


def _f1(common: int, gold: int, predicted: int) -> float:
    if not common:
        return 0.0
    precision, recall = common / predicted, common / gold
    return 2 * precision * recall / (precision + recall)


def without_punctuation(text: str) -> str:
    """As CMRC's script compares texts: lower case, without the marks that it names."""
    return "".join(letter for letter in text.lower().strip() if letter not in _LEFT_OUT)


def words_and_characters(text: str) -> list[str]:
    """The units of CMRC's F1: Chinese characters, and words of what stands between them."""
    units: list[str] = []
    between = ""
    for letter in without_punctuation(text):
        if _UNIT.match(letter):
            units += [*english_words(between), letter] if between else [letter]
            between = ""
        else:
            between += letter
    return [*units, *english_words(between)] if between else units


def _of_cmrc(gold: str, predicted: str) -> tuple[float, float]:
    ours, theirs = words_and_characters(gold), words_and_characters(predicted)
    exact = float(without_punctuation(gold) == without_punctuation(predicted))
    return exact, _f1(_longest_common(ours, theirs), len(ours), len(theirs))


def _longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    """The length of the longest run of units that both have."""
    if one == other:
        return len(one)
    places: dict[str, list[int]] = {}
    for at, unit in enumerate(other):
        places.setdefault(unit, []).append(at)
    longest = 0
    before: dict[int, int] = {}
    for unit in one:
        lengths = {at: before.get(at - 1, 0) + 1 for at in places.get(unit, ())}
        longest = max(longest, *lengths.values()) if lengths else longest
        before = lengths
    return longest
