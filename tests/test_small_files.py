"""Small files and cells that would take minutes, memory or a foreign error: each is read or refused at once.

The sizes are such that work that grows with the square of the input would not end within a test run.
"""

from __future__ import annotations

import json
import os

import numpy as np
import pandas as pd
import pytest
from ft_magics.config.references import Reference
from ft_magics.config.tree import read_plain, read_value
from ft_magics.data.examples import Corpus
from ft_magics.data.faults import show
from ft_magics.data.tagged.checks import check_corpus
from ft_magics.data.tagged.config import ReadOptions
from ft_magics.data.tagged.sources import read_split
from ft_magics.data.tagged.words import split_words
from ft_magics.errors import CellError, DataError, FineTuneError, did_you_mean
from ft_magics.runs.cells import parse_cell
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LEAST = "task: ner\nmodel: minilm\ndata: {train: a.conll, dev: b.conll}\n"
DIGITS_400, DIGITS_5000 = "1" * 400, "1" * 5000
HUGE = 10**5000


def doubling(first: str, step: str, levels: int = 40) -> str:
    """Lines of which each names the one before it, several times."""
    lines = [f"a0: &a0 {first}"]
    lines += [f"a{at}: &a{at} {step.replace('*', f'*a{at - 1}')}" for at in range(1, levels)]
    return "\n".join(lines)


BOMBS = {
    "aliases in lists": (doubling("[x]", "[*, *, *, *, *, *, *, *, *, *]"), "line 6 ", "10,000 values"),
    "aliases in sections": (doubling("{x: 1}", "{x: *, y: *, z: *}"), "10,000 values"),
    "merge keys": (doubling("{x: 1}", "{<<: [*, *, *, *], y: 1}"), "10,000 values"),
    "long text repeated": (f"a: &a {'x' * 1000}\nb: [{'*a, ' * 4000}]", "line 3 ", "200,000 characters"),
    "a chain of aliases": (doubling("[x]", "[*]", 100), "line 65 ", "nested too deeply"),
    "brackets": ("a: " + "[" * 100_000, "nested too deeply"),
    "braces": ("{" * 100_000, "nested too deeply"),
    "dashes": ("- " * 50_000, "nested too deeply"),
    "sections": ("\n".join(" " * level + "a:" for level in range(500)), "nested too deeply"),
    "a long text": ("a: " + "x" * 10_000_000, "10,000,003 characters, and at most 200,000"),
    "a long key": ("x" * 1_000_000 + ": 1", "characters, and at most"),
    "many values": ("a: [" + "1, " * 20_000 + "]", "10,000 values"),
    "an alias inside itself": ("a: &a [*a]", "part of what it names"),
    "keys that stand twice": ("a: 1\n" * 4000, "3,953 more mistakes from here on"),
    "a directive": (f"%YAML 1.{DIGITS_5000}\n---\na: 1", "directive"),
    "an escape": ('a: "\\UFFFFFFFF"', "escape"),
    "half a letter": ('a: "\\ud800"', "'\\ud800' holds half a surrogate pair"),
    "a tag": ("a: !!python/object:os.system x", "take it out"),
    "a long tag": (f"a: !{'x' * 190_000} 1", "take it out"),
    "an undefined alias": (f"a: *{'x' * 190_000}", "undefined alias"),
    "400 digits": (f"a: {DIGITS_400}", "cannot be read"),
    "5,000 digits": (f"a: {DIGITS_5000}", "cannot be read"),
    "5,000 digits in base 16": (f"a: 0x{DIGITS_5000}", "cannot be read"),
    "5,000 digits after the point": (f"a: 1.{DIGITS_5000}", "cannot be read"),
    "beyond the range of floats": (f"a: {'9' * 309}", "cannot be read"),
    "a superscript digit": ('a: !!int "²"', "cannot be read"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_text_that_stands_for_more_than_it_shows_is_refused(name):
    text, *says = BOMBS[name]
    with pytest.raises(CellError) as caught:
        parse_cell(text, {})
    message = str(caught.value)
    assert all(part in message for part in says), message
    assert len(message) < 8000
    with pytest.raises(CellError):
        read_plain(text)
    with pytest.raises(CellError):
        parse_cell(LEAST, {}, [f"train.epochs={text}"])


def test_an_alias_within_the_limits_is_read():
    assert read_plain("a: &a [1, 2.5, true, null, x]\nb: {c: *a, d: '1'}") == {
        "a": [1, 2.5, True, None, "x"],
        "b": {"c": [1, 2.5, True, None, "x"], "d": "1"},
    }
    assert read_plain("") == {}
    assert read_plain("date: 2026-01-01") == {"date": "2026-01-01"}


def test_lines_of_a_file_count_from_1():
    for text in ("a: 1\n? [x]\n: 1\n", "a: 1\nb: {\n", "a: 1\na: 2\n"):
        with pytest.raises(CellError) as caught:
            read_plain(text)
        assert caught.value.problems[0].line in (2, 3), text


def test_many_unknown_and_long_keys_are_explained_in_one_page():
    text = LEAST + "train:\n" + "".join(f"  epoch{at}: 1\n" for at in range(4000))
    text += f"? {'x' * 50_000}\n: 1\n"
    with pytest.raises(CellError) as caught:
        parse_cell(text, {})
    message = str(caught.value)
    assert "Did you mean `epochs`?" in message
    assert "3,951 more mistakes from here on" in message
    assert len(message) < 8000


def test_likeness_is_looked_for_among_names_of_a_usual_length():
    assert did_you_mean("epoch" * 200_000, ["epochs"]) == ""
    assert did_you_mean("epoch", ["x" * 1_000_000, "epochs"]) == " Did you mean `epochs`?"
    assert did_you_mean("epoch", (f"epoch-of-{at}" for at in range(1_000_000)))


LARGE_NUMBERS = {
    "5,001 digits": HUGE,
    "negative": -HUGE,
    "beyond floats": 10**309,
    "NumPy": np.array(HUGE, dtype=object),
}


@pytest.mark.parametrize("key", ["epochs", "seed", "threads", "warmup_ratio", "lr", "batch_size", "max_steps"])
@pytest.mark.parametrize("name", LARGE_NUMBERS)
def test_numbers_of_the_kernel_that_are_too_large(key, name):
    with pytest.raises(CellError, match=f"line 5  train.{'learning_rate' if key == 'lr' else key}: |digits"):
        parse_cell(f"{LEAST}train: {{{key}: $x}}", {"x": LARGE_NUMBERS[name]})


def test_half_a_letter_on_the_magic_line_is_shown_as_an_escape():
    with pytest.raises(CellError) as caught:
        parse_cell(LEAST, {}, ["train.epochs=\udce5"])
    assert "`\\udce5` is no YAML value" in str(caught.value)
    assert str(caught.value).encode()


def test_one_value_of_the_magic_line_is_within_the_limits():
    for text in ("[" * 5000, DIGITS_5000, "x" * 1_000_000, doubling("[x]", "[*, *, *, *, *, *, *, *, *, *]")):
        with pytest.raises(ValueError, match="no YAML value|cannot be read"):
            read_value(text)


def of(value, **named):
    split = read_split("train", Reference("x", value), ReadOptions(**named))
    check_corpus(Corpus(train=split, dev=split))
    return split


def record_of_words(count: int) -> dict[str, object]:
    """A record in which every word is a span."""
    text = " ".join(f"w{at:07d}" for at in range(count))
    return {"text": text, "spans": [[9 * at, 9 * at + 8, "X"] for at in range(count)]}


MANY = 50_000
LARGE = {
    "spans, one a word": [record_of_words(MANY)],
    "spans inside one word": [{"text": "ab" * MANY, "spans": [[2 * at, 2 * at + 2, "X"] for at in range(MANY)]}],
    "one long sentence": [(["w"] * MANY, ["B-X"] * MANY)],
    "many sentences": [(["w"], ["B-X"])] * MANY,
    "many types": [([f"w{at}"], [f"B-X{at}"]) for at in range(MANY)],
    "one long word": [(["w" * 100 * MANY], ["O"])],
    "punctuation": [{"text": "!" * MANY + "U.S." * MANY, "spans": []}],
}


@pytest.mark.parametrize("name", LARGE)
def test_time_grows_with_the_size_and_not_with_its_square(name):
    assert of(LARGE[name]).examples


def test_spans_that_overlap_are_found_without_reading_the_text_for_each():
    with pytest.raises(DataError, match="two spans overlap"):
        of([{"text": "a " * MANY, "spans": [[0, 2 * MANY, "X"]] * MANY}])
    with pytest.raises(DataError, match="two spans overlap"):
        of([{"text": " " * MANY + "a", "spans": [[at, MANY + 1, "X"] for at in range(MANY)]}])


def test_spans_are_trimmed_and_cut_as_before():
    text = "  Ada Lovelace, U.S. (北京) "
    split = of([{"text": text, "spans": [[0, 15, "PER"], [16, 22, "LOC"], [22, 24, "LOC"]]}])
    assert split.examples[0].words == ("Ada", "Lovelace", ",", "U.S.", "(", "北", "京", ")")
    assert split.examples[0].tags == ("B-PER", "I-PER", "I-PER", "B-LOC", "I-LOC", "B-LOC", "I-LOC", "O")
    assert split_words("ab cd", [0, 1, 2, 3, 5]) == [(0, 1), (1, 2), (3, 5)]


def test_a_wide_header_does_not_make_every_row_wide(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("sentence,word,tag," + ",".join(map(str, range(MANY))) + "\n" + "1,w,O\n" * MANY)
    assert len(read_split("train", str(path)).examples[0].words) == MANY
    frame = pd.DataFrame([[1, "w", "O", *range(MANY)]], columns=["sentence", "word", "tag", *map(str, range(MANY))])
    assert of(frame).examples


ROWS = {
    "NA as sentence": ([pd.NA, pd.NA, 2], ["a", "b", "c"], ["O", "O", "O"], None),
    "NaN as sentence": ([1, float("nan"), 2], ["a", "b", "c"], ["O", "O", "O"], None),
    "a list as sentence": ([1, 2, [3]], ["a", "b", "c"], ["O", "O", "O"], "row 2: the sentence must be one text"),
    "NA as word": ([1, 1, 1], ["a", pd.NA, "c"], ["O", "O", "O"], "row 1: the word is missing; pandas reads"),
    "NaT as word": ([1, 1, 1], ["a", pd.NaT, "c"], ["O", "O", "O"], "row 1: the word is missing"),
    "None as tag": ([1, 1, 1], ["a", "b", "c"], ["O", None, "O"], "row 1: the tag is missing"),
    "NA as tag": ([1, 1, 1], ["a", "b", "c"], ["O", pd.NA, "O"], "row 1: the tag is missing"),
    "an array as word": ([1, 1, 1], ["a", np.zeros(3), "c"], ["O", "O", "O"], "row 1: the word must be one text"),
    "a list as tag": ([1, 1, 1], ["a", "b", "c"], ["O", ["O"], "O"], "row 1: the tag must be one text"),
    "a long number": ([1, 1, 1], ["a", HUGE, "c"], ["O", "O", "O"], "row 1: found a very long int"),
    "half a letter": ([1, 1, 1], ["a", "b", "c"], ["O", "B-\ud800", "O"], "row 1: 'B-\\\\ud800' holds half"),
}


@pytest.mark.parametrize("name", ROWS)
def test_odd_cells_of_a_frame(name):
    sentence, word, tag, says = ROWS[name]
    frame = pd.DataFrame({"sentence": sentence, "word": word, "tag": tag}, dtype=object)
    if says is None:
        assert len(of(frame).examples) == 2
        return
    with pytest.raises(DataError, match=says):
        of(frame)


SPANS = ["NaN", "0.5", "true", "null", "-1", '"0"', str(2**70), DIGITS_400, "[0]", "{}"]


@pytest.mark.parametrize("offset", SPANS)
def test_odd_offsets_of_spans(tmp_path, offset):
    for span in (f'[{offset}, 2, "X"]', f'[0, {offset}, "X"]', f'{{"start": {offset}, "end": 2, "label": "X"}}'):
        with pytest.raises(DataError, match=r"a.jsonl, line 1: (a span is|span .* is empty or outside)") as caught:
            read_split("train", write(tmp_path, "a.jsonl", f'{{"text": "abc", "spans": [{span}]}}'))
        assert len(str(caught.value)) < 300


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


BYTES = {
    "digits.jsonl": (f'{{"tokens": [{DIGITS_5000}], "tags": ["O"]}}', "line 1: .*4,300 digits"),
    "digits.json": (f'{{\n"tokens": ["a"],\n "tags": [{DIGITS_5000}]}}', "line 1: this is no JSON"),
    "list.json": (f'[{{"tokens": ["a"], "tags": [{DIGITS_5000}]}}]', "4,300 digits"),
    "tag.jsonl": (f'{{"tokens": ["a"], "tags": [{DIGITS_400}]}}', "line 1: the tags are numbers"),
    "deep.jsonl": ('{"tokens": ' + "[" * 100_000, "nested too deeply"),
    "nested.jsonl": ('{"tokens": ["a"], "tags": [' + "[" * 300 + "]" * 300 + "]}", "a tag must be text"),
    "half_tag.jsonl": ('{"tokens": ["a"], "tags": ["B-\\ud800"]}', "line 1: 'B-.ud800' holds half a surrogate pair"),
    "half_word.jsonl": ('{"tokens": ["\\udfff"], "tags": ["O"]}', "line 1: '.udfff' holds half a surrogate pair"),
    "half_type.jsonl": ('{"text": "ab", "spans": [[0, 2, "\\ud800"]]}', "line 1: .* holds half a surrogate pair"),
    "reversed.jsonl": ('{"text": "abc", "spans": [[2, 1, "X"]]}', "empty or outside"),
    "long.jsonl": (json.dumps({"x" * 1_000_000: 1}), "line 1: found the fields x"),
    "long.conll": ("x" * 1_000_000, "line 1: `x+` has no tag"),
    "long_tag.conll": ("w " + "x" * 1_000_000, "line 1: `x+…` is no tag"),
    "long.csv": (",".join("x" * 10_000 for _ in range(20)), "no column called"),
    "quote.csv": ('sentence,word,tag\n1,"' + "x" * 1_000_000, "line 2: .*quotation mark"),
    "zero.conll": ("w\0 O\n", "line 1: there is a zero byte"),
    "utf16.conll": ("w O\nx y\n".encode("utf-16"), "line 2: `y` is no tag"),
    "binary.conll": (bytes(range(256)) * 100, "the bytes are not utf-8"),
    "index.conll": ("".join(f"{digit} w B-X\n" for digit in ("1", "²", DIGITS_5000)), None),
}


@pytest.mark.parametrize("name", BYTES)
def test_odd_bytes_are_refused_in_a_short_message_or_read(tmp_path, name):
    content, says = BYTES[name]
    path = write(tmp_path, name, content)
    if says is None:
        assert read_split("train", path).examples
        return
    with pytest.raises(DataError, match=says) as caught:
        read_split("train", path)
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("number", ["²", DIGITS_400, DIGITS_5000, "7"])
def test_tags_that_are_odd_numbers(tmp_path, number):
    with pytest.raises(DataError, match="has no name|is no tag"):
        read_split("train", write(tmp_path, "a.conll", f"w {number}\n"), ReadOptions(tag_names=["O", "B-X"]))


def test_paths_that_lead_to_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.conll")
    (tmp_path / "loop.conll").symlink_to("loop.conll")
    (tmp_path / "nowhere.conll").symlink_to("gone.conll")
    for name, says in {
        "pipe.conll": "a device or a pipe",
        "loop.conll": "symbolic link that leads to no file",
        "nowhere.conll": "symbolic link that leads to no file",
        "": "is a folder; name a file in it",
        "a\0b": "no such file|null",
        "\ud800": "no such file",
        "x" * 300: "cannot be read|no such file",
    }.items():
        with pytest.raises(DataError, match=says):
            read_split("train", f"{tmp_path}/{name}")
        with pytest.raises(DataError):
            read_split("train", f"~{name}/x")


def test_objects_that_hold_no_sentences():
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    wide = [(1, 2), {"tokens": np.array(3), "tags": ["O"]}, {"tokens": ["a"], "tags": [np.zeros(2)]}, [HUGE], nested]
    for value in (np.array(3), HUGE, *([row] for row in wide), {HUGE: 1}):
        with pytest.raises(DataError):
            of(value)
    assert show(HUGE) == "a very long int"


def test_an_object_without_a_text_in_a_frame():
    class Broken:
        def __str__(self) -> str:
            raise KeyError("no text")

        __repr__ = __str__

    with pytest.raises(DataError, match="row 0: found <Broken instance"):
        of(pd.DataFrame({"sentence": [1], "word": [Broken()], "tag": ["O"]}))


def test_a_file_name_that_is_no_text_is_shown_with_escapes(tmp_path):
    path = f"{tmp_path}/a\udcff.conll"
    write(tmp_path, "a\udcff.conll", "Ada B-PER\n")
    split = read_split("train", path)
    assert split.source.endswith("a\\udcff.conll")
    assert split.examples[0].id == "a\\udcff.conll, line 1"


LINES = [
    *(
        '{"tokens": ["Ada"], "tags": ["B-PER"]}',
        '{"text": "Ada runs", "spans": [[0, 3, "PER"]]}',
        "Ada B-PER\nruns O\n",
    ),
    *("sentence,word,tag\n1,Ada,B-PER\n", "a: &a [1, 2]\nb: {<<: *a, c: *a}\n", LEAST),
]
SCRAPS = [
    *("[" * 300, "{", "}", "]", '"', "\\ud800", "\\", ",", ":", "\t", "\n", "\0", "²", "&a ", "*a", "<<: ", "!!int "),
    *(
        "NaN",
        "null",
        "1e999",
        "-1",
        DIGITS_400,
        DIGITS_5000,
        "\ufeff",
        "\x85",
        "\u2028",
        "%YAML 1.",
        "---\n",
        "|",
        "? ",
    ),
]
scraps = st.one_of(st.sampled_from(SCRAPS).map(str.encode), st.binary(max_size=3))
edits = st.lists(st.tuples(st.floats(0, 1), scraps, st.sampled_from([0, 0, 1, 5])), max_size=5)


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],  # each example writes its file
)
@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=3), edits)
def test_any_bytes_are_read_or_refused(tmp_path, lines, changes):
    content = "\n".join(lines).encode()
    for share, scrap, cut in changes:
        at = int(share * len(content))
        content = content[:at] + scrap + content[at + cut :]
    text = content.decode(errors="surrogateescape")
    for attempt in (lambda: parse_cell(text, {}), lambda: read_plain(text)):
        _try(attempt)
    for name in ("a.jsonl", "a.json", "a.csv", "a.conll"):
        path = write(tmp_path, name, content)
        _try(lambda path=path: read_split("train", path))


def _try(attempt) -> None:
    message = ""
    try:
        attempt()
    except FineTuneError as error:
        message = str(error)
    assert len(message) < 20_000
