"""Tag schemes, against seqeval and against themselves."""

from __future__ import annotations

import pytest
from ft_magics.data.tagged.schemes import (
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


def written(spans, length, scheme):
    """Spans in any scheme, written from the schemes' definitions and not with the code under test."""
    tags = ["O"] * length
    for span in spans:
        before = any(other.end == span.start and other.type == span.type for other in spans)
        after = any(other.start == span.end and other.type == span.type for other in spans)
        letters = ["I"] * (span.end - span.start)
        if scheme in ("IOB2", "BIOES", "BMES", "BILOU") or (scheme == "IOB1" and before):
            letters[0] = "B"
        if scheme in ("IOE2", "BIOES", "BMES", "BILOU") or (scheme == "IOE1" and after):
            letters[-1] = "L" if scheme == "BILOU" else "E"
        if scheme in ("BIOES", "BMES", "BILOU") and len(letters) == 1:
            letters = ["U" if scheme == "BILOU" else "S"]
        if scheme == "BMES":
            letters = ["M" if letter == "I" else letter for letter in letters]
        tags[span.start : span.end] = [f"{letter}-{span.type}" for letter in letters]
    return tags


@pytest.mark.parametrize("scheme", ["IOB1", "IOB2", "IOE1", "IOE2", "BIOES", "BMES", "BILOU"])
def test_every_scheme_is_recognised_and_comes_to_the_same_iob2(scheme):
    @given(spans_in_a_sentence())
    def check(sentence):
        spans, length = sentence
        tags = written(spans, length, scheme)
        found = detect_scheme([tags])
        named = "BIOES" if scheme == "BMES" else scheme
        check_letters(tags, named)
        assert count_invalid(tags, named) == count_invalid(tags, found) == 0
        assert normalise(tags, named) == normalise(tags, found) == tags_of(spans, length)
        if any(tag[0] in "BELSU" for tag in tags):  # with I- alone, IOB1 and IOE1 are the same
            assert found == named

    check()


@given(spans_in_a_sentence())
def test_tags_without_prefixes_come_to_iob2(sentence):
    spans, length = sentence
    apart = [span for at, span in enumerate(spans) if not at or spans[at - 1].end < span.start]
    tags = [tag.removeprefix("I-") for tag in written(apart, length, "IOE1")]
    assert normalise(tags, "IO") == tags_of(apart, length)


@given(st.lists(st.one_of(st.just("O"), st.builds("{}-{}".format, st.sampled_from("BIESLUM"), st.sampled_from(TYPES)))))
def test_letters_with_two_names_mean_the_same(tags):
    plain = [tag.replace("M-", "I-").replace("L-", "E-").replace("U-", "S-") for tag in tags]
    assert spans_of(tags) == spans_of(plain)


def test_prefixes_in_a_file_that_is_said_to_have_none():
    check_letters(["B-cell", "O", "gene"], "IO")
    with pytest.raises(SchemeError, match="`B-PER` and `I-PER` have prefixes"):
        check_letters(["B-PER", "I-PER", "O"], "IO")


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
