"""SQuAD's and CMRC 2018's scoring, written a second time: plainly, after the scripts, for the tests to hold ours against."""

from __future__ import annotations

import re
import string
from collections import Counter

CMRC_MARKS = "-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』"


def squad_normal(text):
    text = "".join(letter for letter in text.lower() if letter not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def squad_f1(gold, pred, *, version):
    ours, theirs = squad_normal(gold).split(), squad_normal(pred).split()
    if version == 2 and (not ours or not theirs):
        return float(ours == theirs)
    same = sum((Counter(ours) & Counter(theirs)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(theirs), same / len(ours)
    return 2 * precision * recall / (precision + recall)


def squad(golds, preds, *, version):
    """Exact match and F1 in percent, a prediction that is not there being wrong."""
    exact = f1 = 0.0
    for key, answers in golds.items():
        if key not in preds:
            continue
        kept = answers if version == 1 else [answer for answer in answers if squad_normal(answer)] or [""]
        exact += max(squad_normal(answer) == squad_normal(preds[key]) for answer in kept)
        f1 += max(squad_f1(answer, preds[key], version=version) for answer in kept)
    return 100 * exact / len(golds), 100 * f1 / len(golds)


def cmrc_units(text):
    """Characters and, between them, words; of these only such as a space or a Chinese character parts."""
    kept = "".join(letter for letter in text.lower().strip() if letter not in CMRC_MARKS)
    return re.findall(r"[\u4e00-\u9fa5]|[^\u4e00-\u9fa5\s]+", kept)


def longest_run(one, other):
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    best = 0
    for i, left in enumerate(one):
        for j, right in enumerate(other):
            if left == right:
                table[i + 1][j + 1] = table[i][j] + 1
                best = max(best, table[i + 1][j + 1])
    return best


def cmrc(golds, preds):
    """Exact match and F1 in percent."""
    exact = f1 = 0.0
    for key, answers in golds.items():
        if key not in preds:
            continue
        bare = ["".join(c for c in text.lower().strip() if c not in CMRC_MARKS) for text in [*answers, preds[key]]]
        exact += bare[-1] in bare[:-1]
        scores = []
        for answer in answers:
            ours, theirs = cmrc_units(answer), cmrc_units(preds[key])
            run = longest_run(ours, theirs)
            scores.append(0.0 if run == 0 else 2 * run / (len(ours) + len(theirs)))
        f1 += max(scores)
    return 100 * exact / len(golds), 100 * f1 / len(golds)
