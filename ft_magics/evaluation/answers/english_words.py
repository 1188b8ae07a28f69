"""The words of a piece of Latin text, as NLTK 3.10's `word_tokenize` cuts them: CMRC 2018's script counts in these.

Within Chinese answers such pieces are numbers and names. NLTK finds the ends of sentences with a trained model; here a
period ends one where white space follows and the word before it is no initial and no usual abbreviation.

Source: the Penn Treebank's conventions, after R. MacIntyre's sed script (1995).
"""

from __future__ import annotations

import re

__all__ = ["english_words"]

_BEGINNING = [  # quotation marks that open
    (r"([«“‘„]|[`]+)", r" \1 "),
    (r'^"', r"``"),
    (r"(``)", r" \1 "),
    (r"([ (\[{<])(\"|'{2})", r"\1 `` "),
    (r"(?i)(?<!\w)(')(?!(?:re|ve|ll|m|t|s|d|n)\b)(?=\w)", r"\1 "),
]
_PUNCTUATION = [
    (r"([^.])(\.)([\])}>\"'»”’ ]*)\s*$", r"\1 \2 \3 "),
    (r"([:,])([^\d])", r" \1 \2"),
    (r"([:,])$", r" \1 "),
    (r"\.{2,}", r" \g<0> "),
    (r"[;@#$%&\u2012-\u2015]", r" \g<0> "),
    (r"([^.])(\.)([\])}>\"']*)\s*$", r"\1 \2\3 "),
    (r"[?!]", r" \g<0> "),
    (r"([^'])' ", r"\1 ' "),
    (r"[*]", r" \g<0> "),
    (r"[\]\[(){}<>]", r" \g<0> "),
    (r"--", r" -- "),
]
_END = [  # quotation marks that close, and what is short for a word
    (r"([»”’])", r" \1 "),
    (r"''", r" '' "),
    (r'"', r" '' "),
    (r"\s+", r" "),
    (r"([^' ])('[sS]|'[mM]|'[dD]|') ", r"\1 \2 "),
    (r"([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ", r"\1 \2 "),
]
_CONTRACTED = [
    (r"(?i)\b(can)(not)\b", r" \1 \2 "),
    (r"(?i)\b(d)('ye)\b", r" \1 \2 "),
    (r"(?i)\b(gim)(me)\b", r" \1 \2 "),
    (r"(?i)\b(gon)(na)\b", r" \1 \2 "),
    (r"(?i)\b(got)(ta)\b", r" \1 \2 "),
    (r"(?i)\b(lem)(me)\b", r" \1 \2 "),
    (r"(?i)\b(more)('n)\b", r" \1 \2 "),
    (r"(?i)\b(wan)(na)(?=\s)", r" \1 \2 "),
    (r"(?i) ('t)(is)\b", r" \1 \2 "),
    (r"(?i) ('t)(was)\b", r" \1 \2 "),
]
_RULES = [
    [(re.compile(pattern), to) for pattern, to in rules] for rules in (_BEGINNING, _PUNCTUATION, _END, _CONTRACTED)
]
_SENTENCE_ENDS = re.compile(r"(?:[!?]|(?<!\.)\.)[\"')\]]*(?=\s+\S)")
_NO_END = re.compile(
    r"(?:^|[^\w.])(?:[^\W\d]|[\w.]*\.\w*|mr|mrs|ms|dr|st|prof|jr|sr|vs|etc|inc|ltd|co|corp|no|vol|gen|col)$"
)


def english_words(text: str) -> list[str]:
    """The words of a text, marks of punctuation being words of their own."""
    return [word for sentence in _sentences(text) for word in _words(sentence)]


def _words(sentence: str) -> list[str]:
    beginning, punctuation, end, contracted = _RULES
    for pattern, to in (*beginning, *punctuation):
        sentence = pattern.sub(to, sentence)
    sentence = f" {sentence} "
    for pattern, to in (*end, *contracted):
        sentence = pattern.sub(to, sentence)
    return sentence.split()


def _sentences(text: str) -> list[str]:
    found, begin = [], 0
    for match in _SENTENCE_ENDS.finditer(text):
        if match[0][0] == "." and _NO_END.search(text[begin : match.start()]):
            continue
        found.append(text[begin : match.end()])
        begin = match.end()
    return [*found, text[begin:]]
