"""Tagging schemes: which one a file uses, its spans, and the way to IOB2 and back.

Spans follow conlleval's rule: an entity begins at B- or S-, after O, after a closing tag, or where the type changes. So
IOB1 and IOB2 give the same spans, and an `I-` without a beginning is the beginning of an entity and not lost.

Source: Tjong Kim Sang and De Meulder 2003 (conlleval); Ratinov and Roth 2009 for BILOU.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ft_magics.data.faults import quoted
from ft_magics.errors import SchemeError

__all__ = [
    "SCHEMES",
    "Span",
    "check_letters",
    "count_invalid",
    "detect_scheme",
    "is_tag",
    "normalise",
    "spans_of",
    "split_tag",
    "tags_of",
    "with_inside",
]

# Letters per scheme. BMES, usual for Chinese, is BIOES with M for I.
SCHEMES = {"IOB1": "IB", "IOB2": "IB", "IOE1": "IE", "IOE2": "IE", "BIOES": "BIMES", "BILOU": "BILU", "IO": "I"}
_CANONICAL = {"M": "I", "L": "E", "U": "S"}
_TAG = re.compile(r"([BIESLUM])[-_](.+)", re.DOTALL)
_SEVERAL = re.compile(r",\s*(?:[BIESLUM]-|O$)")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """An entity: words start to end, end not included."""

    start: int
    end: int
    type: str


def is_tag(text: str) -> bool:
    """Whether a cell can be a tag with a prefix, or O."""
    return text == "O" or (_TAG.fullmatch(text) is not None and not _SEVERAL.search(text))


def split_tag(tag: str) -> tuple[str, str]:
    """Prefix and type: `B-creative-work` → `("B", "creative-work")`, `O` → `("O", "")`.

    Raises:
        SchemeError: The tag has no prefix; the message says what it looks like instead.
    """
    if tag == "O":
        return "O", ""
    match = _TAG.fullmatch(tag)
    if match is None or _SEVERAL.search(tag):
        raise SchemeError(f"`{quoted(tag)}` {_fault(tag)}")
    return match.group(1), match.group(2)


def _fault(tag: str) -> str:
    if not tag.strip():
        return "is an empty tag; if the tags are in another column, name it with `tag_column`"
    if _SEVERAL.search(tag):
        return "holds several tags; a word has one tag. Split the layers into columns and name one with `tag_column`"
    if tag in ("o", "0"):
        return "is no tag. Did you mean `O`?"
    if _TAG.fullmatch(tag[:1].upper() + tag[1:]):
        return f"is no tag. Did you mean `{quoted(tag[:1].upper() + tag[1:])}`?"
    if tag.isdecimal():
        return "is a number; if it is an index of a tag, list the tags in order with `tag_names: [O, B-PER, …]`"
    return (
        "is no tag: expected O or a prefix and a type, such as B-PER or I-PER. If the tags are in another column, "
        "name it with `tag_column`; if they have no prefixes at all, say `scheme: IO`"
    )


def detect_scheme(sentences: Iterable[Sequence[str]]) -> str:
    """The scheme of many tag sequences.

    Returns:
        `IOB1`, `IOB2`, `IOE1`, `IOE2`, `BIOES` or `BILOU`.

    Raises:
        SchemeError: Letters of BIOES and of BILOU stand together.
    """
    letters: set[str] = set()
    begins_without_need = starts_with_inside = ends_without_need = False
    for tags in sentences:
        before, previous = "O", ""
        for tag in (*tags, "O"):
            letter, kind = split_tag(tag)
            letters.add(letter)
            begins_without_need |= letter == "B" and kind != previous
            starts_with_inside |= letter == "I" and kind != previous
            ends_without_need |= before == "E" and kind != previous
            before, previous = letter, kind
    if letters & set("LU"):
        if letters & set("ESM"):
            raise SchemeError(
                f"prefixes of BIOES and BILOU stand together: {', '.join(sorted(letters - {'O'}))}. Say which one it "
                "is, `scheme: BIOES` or `scheme: BILOU`, and the lines that break it are listed"
            )
        return "BILOU"
    if letters & set("SM") or letters >= set("BE"):
        return "BIOES"
    if "E" in letters:
        return "IOE2" if ends_without_need else "IOE1"
    return "IOB1" if starts_with_inside and not begins_without_need else "IOB2"


def normalise(tags: Sequence[str], scheme: str) -> tuple[str, ...]:
    """Tags of any scheme as IOB2 with the same spans. Length W in and out."""
    if scheme == "IO":
        tags = [with_inside(tag) for tag in tags]
    return tags_of(spans_of(tags), len(tags))


def with_inside(tag: str) -> str:
    """A tag of IO with the prefix that it lacks: `PER` → `I-PER`."""
    return tag if tag == "O" or tag.startswith("I-") else f"I-{tag}"


def spans_of(tags: Sequence[str]) -> list[Span]:
    """The entities of a tag sequence, by conlleval's rule, in order.

    Args:
        tags: IOB1, IOB2, BIOES, BMES or BILOU. Length W.
    """
    spans: list[Span] = []
    start, open_type, previous = 0, "", "O"
    for index, tag in enumerate(tags):
        letter, kind = split_tag(tag)
        letter = _CANONICAL.get(letter, letter)
        begins = letter != "O" and (letter in "BS" or previous in "OES" or kind != open_type)
        if open_type and (begins or letter == "O"):
            spans.append(Span(start, index, open_type))
            open_type = ""
        if begins:
            start, open_type = index, kind
        previous = letter
    if open_type:
        spans.append(Span(start, len(tags), open_type))
    return spans


def tags_of(spans: Iterable[Span], length: int, scheme: str = "IOB2") -> tuple[str, ...]:
    """Spans as tags.

    Args:
        spans: Entities that do not overlap.
        length: Number of words W.
        scheme: `IOB2`, `BIOES` or `BILOU`.

    Returns:
        Length W.
    """
    last, single = {"BIOES": ("E", "S"), "BILOU": ("L", "U")}.get(scheme, ("I", "B"))
    tags = ["O"] * length
    for span in spans:
        tags[span.start : span.end] = [f"I-{span.type}"] * (span.end - span.start)
        tags[span.end - 1] = f"{last}-{span.type}"
        tags[span.start] = f"{'B' if span.end - span.start > 1 else single}-{span.type}"
    return tuple(tags)


def count_invalid(tags: Sequence[str], scheme: str) -> int:
    """How often a sequence breaks its own scheme, such as IOB2's `I-PER` after O."""
    if scheme in ("IO", "IOB1", "IOE1"):
        return 0
    count, previous, open_type = 0, "O", ""
    for tag in (*tags, "O"):
        letter, kind = split_tag(tag)
        letter = _CANONICAL.get(letter, letter)
        goes_on = letter in "IE" and previous in "BI" and kind == open_type
        count += scheme != "IOE2" and letter in "IE" and not goes_on
        open_end = previous in ("I" if scheme == "IOE2" else "BI") and not goes_on
        count += scheme in ("BIOES", "BILOU") and open_end and letter not in "IE"
        count += scheme == "IOE2" and open_end
        previous, open_type = letter, kind
    return count


def check_letters(tags: Iterable[str], scheme: str | None) -> None:
    """See that all are tags, with prefixes of the scheme where one was named.

    Raises:
        SchemeError: No tag, or a prefix that the scheme does not have.
    """
    if scheme == "IO":
        _check_no_prefixes(tags)
        return
    for tag in tags:
        letter, _ = split_tag(tag)
        if scheme and letter != "O" and letter not in SCHEMES[scheme]:
            raise SchemeError(f"`{quoted(tag)}` is no tag of {scheme}, whose prefixes are {', '.join(SCHEMES[scheme])}")


def _check_no_prefixes(tags: Iterable[str]) -> None:
    """A type of IO may begin with B- (B-cell); B- and I- of the same type are prefixes."""
    seen = set(tags)
    both = sorted(tag for tag in seen if tag.startswith("B-") and f"I-{tag[2:]}" in seen)
    if both:
        raise SchemeError(
            f"`{quoted(both[0])}` and `{quoted(f'I-{both[0][2:]}')}` have prefixes, and IO has none; leave `scheme` out"
        )
