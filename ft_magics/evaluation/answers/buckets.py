"""What kinds of questions are answered well: by question word, by length of the answer and of the context."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from ft_magics.evaluation.answers.answered import Answered
from ft_magics.evaluation.labels.buckets import words_of

__all__ = ["BUCKETS", "place_of", "question_word"]

_ENGLISH = ("who", "what", "when", "where", "which", "why", "how many", "how")
_CHINESE = (  # the first that a question has counts; the name, and ways to ask it
    ("何时 (when)", "什么时候|什麼時候|什么时间|什麼時間|何时|何時|哪一?年|哪天|几年|幾年|几月|幾月|几时|幾時"),
    ("为何 (why)", "为什么|為什麼|为何|為何|为啥|為啥|何以|什么原因|什麼原因"),
    ("谁 (who)", "谁|誰|何人|哪位|什么人|什麼人"),
    ("哪里 (where)", "哪里|哪裡|哪裏|哪儿|哪兒|何处|何處|何地|什么地方|什麼地方|在哪"),
    ("多少 (how many)", "多少|几|幾|多大|多长|多長|多高|多久|多远|多遠|多重"),
    ("怎么 (how)", "怎么|怎麼|怎样|怎樣|如何"),
    ("哪 (which)", "哪|何种|何種"),
    ("什么 (what)", "什么|什麼|何|啥"),
)
_OTHER = "other"
_ASKS = re.compile(
    r"\b(how (?:many|much|long|old|far|large|big|tall|high|often)|how|who|whom|whose|what|when|where|which|why)\b"
)
_NAMES = {"whom": "who", "whose": "who", "who": "who"}
_IN_CHINESE = [(name, re.compile(pattern)) for name, pattern in _CHINESE]

BUCKETS: dict[str, tuple[str, ...]] = {
    "question_word": (*_ENGLISH, *(name for name, _ in _CHINESE), _OTHER),
    "answer_length": ("no answer", "1 word", "2–3 words", "4–7 words", "8–15 words", "16–31 words", "more"),
    "context_length": (
        *("up to 500 characters", "501–1,000", "1,001–2,000", "2,001–5,000", "5,001–20,000", "over 20,000"),
    ),
}
_WORDS, _CHARACTERS = (0, 1, 3, 7, 15, 31), (500, 1000, 2000, 5000, 20_000)


def question_word(question: str) -> str:
    """The word that a question asks with, in English or Chinese; `other` without one."""
    english = _ASKS.search(question.casefold())
    if english:
        word = english[1]
        return "how many" if word.startswith("how ") else _NAMES.get(word, word)
    return next((name for name, pattern in _IN_CHINESE if pattern.search(question)), _OTHER)


def place_of(item: Answered) -> dict[str, int]:
    """Index of its bucket in each attribute; -1 where it is not known."""
    context = -1 if item.passage is None else bisect_left(_CHARACTERS, item.passage.length)
    return {
        "question_word": BUCKETS["question_word"].index(question_word(item.question)),
        "answer_length": bisect_left(_WORDS, _shortest(item)),
        "context_length": context,
    }


def _shortest(item: Answered) -> int:
    """Words of the shortest gold answer; a Chinese character is a word."""
    lengths: Sequence[int] = [max(1, len(words_of(each.text))) for each in item.gold]
    return min(lengths, default=0)
