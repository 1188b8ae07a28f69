"""Tag schemes, against seqeval and against themselves."""

from __future__ import annotations

import pytest
from ft_magics.data.schemes import (
    Span,
    check_letters,
    count_invalid,
    detect_scheme,
    is_tag,
    normalise,
    spans_of,
    split_tag,
    tags_of,
)
from ft_magics.errors import SchemeError
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

TYPES = ("PER", "LOC", "creative-work")
any_tags = st.lists(st.one_of(st.just("O"), st.builds("{}-{}".format, st.sampled_from("BIES"), st.sampled_from(TYPES))))


@st.composite
def spans_in_a_sentence(draw):
    """Spans that do not overlap, and the sentence's length."""
    spans, at = [], 0
    for gap, length, kind in draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from(TYPES)))):
        spans.append(Span(at + gap, at + gap + length, kind))
        at += gap + length
    return spans, at + draw(st.integers(0, 2))


@given(any_tags)
def test_spans_are_those_of_seqeval(tags):
    wanted = [(kind, start, end + 1) for kind, start, end in get_entities(tags)]
    assert [(span.type, span.start, span.end) for span in spans_of(tags)] == wanted


@given(spans_in_a_sentence(), st.sampled_from(["IOB2", "BIOES", "BILOU"]))
def test_spans_survive_every_scheme(sentence, scheme):
    spans, length = sentence
    tags = tags_of(spans, length, scheme)
    assert len(tags) == length
    assert spans_of(tags) == spans
    assert count_invalid(tags, scheme) == 0
    check_letters(tags, scheme)
    if scheme == "BIOES" or any(span.end - span.start > 1 for span in spans):
        assert spans_of(normalise(tags, detect_scheme([tags]))) == spans


@given(any_tags)
def test_normalising_keeps_the_spans_and_gives_valid_iob2(tags):
    clean = normalise(tags, "BIOES")
    assert spans_of(clean) == spans_of(tags)
    assert len(clean) == len(tags)
    assert count_invalid(clean, "IOB2") == 0
    assert normalise(clean, "IOB2") == clean


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ("B-A I-A O B-B", "IOB2"),
        ("I-A I-A O I-B", "IOB1"),
        ("I-A B-A O I-B", "IOB1"),
        ("I-A O B-B O", "IOB2"),
        ("B-A E-A S-B O", "BIOES"),
        ("B-A M-A E-A S-B O", "BIOES"),
        ("B-A I-A L-A U-B O", "BILOU"),
        ("O O", "IOB2"),
    ],
)
def test_schemes_are_recognised(tags, scheme):
    assert detect_scheme([tags.split()]) == scheme


@pytest.mark.parametrize(
    ("tags", "scheme", "count"),
    [
        ("O I-A I-A", "IOB2", 1),
        ("B-A I-B", "IOB2", 1),
        ("I-A", "IOB1", 0),
        ("B-A O", "BIOES", 1),
        ("B-A E-B", "BIOES", 1),
        ("I-A E-A", "BIOES", 1),
        ("B-A", "BIOES", 1),
        ("B-A S-A", "BIOES", 1),
        ("B-A L-A U-B", "BILOU", 0),
    ],
)
def test_broken_transitions_are_counted(tags, scheme, count):
    assert count_invalid(tags.split(), scheme) == count


def test_a_type_may_hold_hyphens_and_slashes():
    assert split_tag("B-creative-work") == ("B", "creative-work")
    assert split_tag("I-weather/attribute") == ("I", "weather/attribute")
    assert split_tag("B_PER") == ("B", "PER")


@pytest.mark.parametrize("text", ["PER", "o", "", "B-", "X-PER", "B-a,I-b", "B-a,O", "-", "12"])
def test_what_is_no_tag(text):
    assert not is_tag(text)
    with pytest.raises(SchemeError):
        split_tag(text)


def test_mixed_schemes_are_refused():
    with pytest.raises(SchemeError, match="BIOES and BILOU"):
        detect_scheme([["B-A", "E-A"], ["U-A"]])
