"""The original file of SemEval-2010 Task 8: blocks of a sentence with tags, its label and a comment.

    8001<tab>"The most common <e1>audits</e1> were about <e2>waste</e2> and recycling."
    Message-Topic(e1,e2)
    Comment: Assuming an audit = an audit document.

Source: Hendrickx et al. 2010, and the README of the release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ft_magics.data.faults import Faults, quoted
from ft_magics.data.marked import MarkedText, check_marks, parse_tags
from ft_magics.errors import DataError

__all__ = ["is_semeval", "read_semeval"]

_SENTENCE = re.compile(r"(\d+)\s+\"(.*)\"\s*")
_COMMENT = re.compile(r"comments?\s*:", re.IGNORECASE)
_BEGINNING = 2000  # characters in which a file is seen to be one


def is_semeval(text: str) -> bool:
    """Whether a file is such a one, by its first line."""
    first = text[:_BEGINNING].lstrip("\ufeff \r\n").partition("\n")[0]
    return bool(_SENTENCE.fullmatch(first.rstrip())) and "<e1>" in first


def read_semeval(text: str, name: str) -> list[MarkedText]:
    """The sentences of a file.

    Args:
        text: The whole file.
        name: For messages.

    Raises:
        DataError: It is none, or sentences are marked wrongly or have no label; with the line of each.
    """
    faults, examples = Faults(), []
    for number, lines in _blocks(text):
        place = f"{name}, line {number}"
        found = _SENTENCE.fullmatch(lines[0])
        if found is None:
            expected = 'expected a number, a tab and the sentence in quotation marks, `1\t"The <e1>…</e1> …"`'
            faults.add("form", place, f"found `{quoted(lines[0])}`; {expected}")
            continue
        label = lines[1].strip() if len(lines) > 1 and not _COMMENT.match(lines[1]) else ""
        if not label:
            faults.add("label", place, "the sentence has no relation; expected it on the next line, such as `Other`")
            continue
        try:
            sentence, e1, e2 = parse_tags(found[2])
        except DataError as error:
            faults.add("tags", place, str(error))
            continue
        if wrong := check_marks(sentence, e1, e2):
            faults.add("marks", place, wrong)
            continue
        examples.append(MarkedText(sentence, e1, e2, label, id=f"{place} ({found[1]})"))
    faults.raise_all()
    if not examples:
        raise DataError(f"{name}: there is no sentence in it")
    return examples


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Lines between empty ones, with the number of the first."""
    block: list[str] = []
    start = 1
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip("\r\n\ufeff ")  # noqa: PLW2901  # a line without its end
        if line:
            start = start if block else number
            block.append(line)
        elif block:
            yield start, block
            block = []
    if block:
        yield start, block
