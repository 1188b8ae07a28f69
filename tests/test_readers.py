"""Readers on real files with traps, and on each form of data."""

from __future__ import annotations

import json

import pytest
from ft_magics.config.references import Reference
from ft_magics.config.splits import Fraction
from ft_magics.data.corpus import read_corpus
from ft_magics.data.tagged.checks import check_corpus
from ft_magics.data.tagged.config import DataConfig, ReadOptions
from ft_magics.data.tagged.sources import read_split
from ft_magics.errors import DataError, FaultsError, SchemeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# What must be named, where it cannot be seen in the file.
NAMED = {
    "11_index_column_two_layers.tsv": {"outer": {"tag_column": 3}, "inner": {"tag_column": 4}},
    "13_tag_in_third_of_five_columns.iob2": {"": {"tag_column": 3}},
    "14_rtl_ragged_nested_columns.txt": {"first_layer": {"tag_column": 2}},
    "16_header_row_no_blank_lines.tsv": {
        "by_EndOfSentence": {
            "token_column": "TOKEN",
            "tag_column": "NE-COARSE-LIT",
            "sentence_end": "EndOfSentence",
        }
    },
    "23_derived_gb18030.txt": {"": {"encoding": "gb18030"}},
}
READ = [
    "01_bom_inside_token.conll",
    "02_tab_only_separators.conll",
    "03_hash_tokens_tab.conll",
    "04_hash_tokens_space.conll",
    "06_iob1_4cols_docstart_641_tokens.txt",
    "07_docstart_after_document.conll",
    "08_crlf_1047_tokens.conll",
    "10_medline_id_lines.iob2",
    "11_index_column_two_layers.tsv",
    "12_bioes_no_final_blank_line.tsv",
    "13_tag_in_third_of_five_columns.iob2",
    "14_rtl_ragged_nested_columns.txt",
    "16_header_row_no_blank_lines.tsv",
    "17_intents_and_slots_zh.conll",
    "18_thai_space_tokens_combining.conll",
    "19_I_without_B.iob2",
    "20_one_sentence_per_line.iob",
    "21_derived_bilou.conll",
    "22_derived_bmes_zh_char.txt",
    "23_derived_gb18030.txt",
    "24_derived_utf16le_bom_crlf.txt",
    "25_derived_utf8_bom_crlf_no_final_newline.txt",
    "26_derived_decomposed_nfd.conll",
]


def counts(split):
    words = [example.words for example in split.examples]
    return {
        "entities": split.entities_per_type().total(),
        "max_len": max(map(len, words)),
        "per_type": dict(split.entities_per_type()),
        "sentences": len(words),
        "tokens": sum(map(len, words)),
    }


@pytest.mark.shared
@pytest.mark.parametrize("name", READ)
def test_a_file_with_a_trap_is_read_as_meant(shared, name):
    expected = json.loads((shared / "quirks" / "expected.json").read_text())[name]
    for part, named in NAMED.get(name, {"": {}}).items():
        found = counts(read_split("train", str(shared / "quirks" / name), ReadOptions(**named)))
        wanted = expected[part] if part else expected
        assert {key: found[key] for key in found if key in wanted} == {
            key: wanted[key] for key in found if key in wanted
        }


@pytest.mark.shared
def test_nested_layers(shared):
    expected = json.loads((shared / "quirks" / "expected.json").read_text())["15_nested_layers_trailing_tab.tsv"]
    for layer, entities in expected["entities_per_layer"].items():
        options = ReadOptions(tag_column=int(layer[-1]) + 1)
        found = counts(read_split("train", str(shared / "quirks" / "15_nested_layers_trailing_tab.tsv"), options))
        assert (found["entities"], found["sentences"], found["tokens"]) == (entities, 11, 1098)


@pytest.mark.shared
def test_empty_words_keep_their_place(shared):
    split = read_split("train", str(shared / "quirks" / "09_empty_tokens_emoji.conll"))
    words = [word for example in split.examples for word in example.words]
    assert len(words) == 91
    assert sum(word in ("", " ") for word in words) == 7


@pytest.mark.shared
def test_details_of_the_traps(shared):
    thai = read_split("train", str(shared / "quirks" / "18_thai_space_tokens_combining.conll"))
    words = [word for example in thai.examples for word in example.words]
    assert sum(word == " " for word in words) == 310
    assert sum("\ufeff" in word for word in words) == 3
    bioes = read_split("train", str(shared / "quirks" / "12_bioes_no_final_blank_line.tsv"))
    assert bioes.scheme == "BIOES"
    assert read_split("train", str(shared / "quirks" / "21_derived_bilou.conll")).scheme == "BILOU"
    loose = read_split("train", str(shared / "quirks" / "19_I_without_B.iob2"))
    assert loose.entities_per_type().total() == 22


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("05_several_tags_in_one_cell.conll", SchemeError, r"line 12: .*several tags(.|\n)*10 more"),
        ("14_rtl_ragged_nested_columns.txt", DataError, "line 13: found 3 columns"),
        ("15_nested_layers_trailing_tab.tsv", DataError, "name one with `tag_column`"),
        ("16_header_row_no_blank_lines.tsv", DataError, "name one with `tag_column`"),
        ("23_derived_gb18030.txt", DataError, "line 2: .*`encoding: gb18030`"),
        ("45_jsonl_overlapping_spans.jsonl", DataError, "line 1: two spans overlap"),
        ("46_jsonl_missing_text.jsonl", DataError, "line 3: found the fields label, meta"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_line(shared, name, error, says):
    with pytest.raises(error, match=says):
        read_split("train", str(shared / "quirks" / name))


@pytest.mark.shared
def test_counts_of_whole_data_sets(shared):
    wanted = json.loads((shared / "counts.json").read_text())
    files = {
        "wnut17_en/wnut17train.conll": {},
        "wnut17_en/emerging.dev.conll": {},
        "wnut17_en/emerging.test.annotated": {},
        "wikigold_en/wikigold.conll.txt": {},
        "uner_zh_gsdsimp/train.char.bio": {},
        "uner_zh_gsdsimp/zh_gsdsimp-ud-dev.iob2": {"tag_column": 3},
        "crossner_en/music/train.txt": {},
    }
    for name, named in files.items():
        found = counts(read_split("train", str(shared / name), ReadOptions(**named)))
        flat = json.dumps(wanted)
        assert name.split("/")[-1] in flat
        folder, _, file = name.partition("/")
        entry = wanted[folder][file] if folder in wanted else wanted[name]
        assert (found["sentences"], found["tokens"], found["entities"]) == (
            entry["sentences"],
            entry["tokens"],
            entry["entities"],
        ), name


def write(tmp_path, text, name="data.conll"):
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("\n \n\t\n", "empty"),
        ("# only a comment\n", "no sentence|empty|no tag"),
        ("Ada B-PER\nLovelace\n", r"line 2: `Lovelace` has no tag"),
        ("Ada PER\nruns O\n", r"line 1: `PER` is no tag.*scheme: IO"),
        ("Ada B-PER\nruns o\n", r"line 2: `o` is no tag. Did you mean `O`"),
        ("Ada B-PER\nruns 0\n", r"line 2: `0` is no tag"),
        ("Ada\tB-PER\nruns\t\n", r"line 2: .*empty tag"),
        ("a B-X\nb E-X\nc U-X\n", "BIOES and BILOU"),
        ("a x B-X\nb O\n", r"found 2 columns|found 3 columns|has no tag"),
        (b"\xff\xfeA", "not utf-16|truncated|no tag|bytes"),
    ],
)
def test_faults_of_column_files(tmp_path, text, says):
    with pytest.raises(DataError, match=says):
        read_split("train", write(tmp_path, text))


def test_a_file_that_is_not_there_names_the_nearest(tmp_path):
    write(tmp_path, "a O\n", "train.conll")
    with pytest.raises(DataError, match="Did you mean `train.conll`"):
        read_split("train", str(tmp_path / "trian.conll"))
    with pytest.raises(DataError, match="is a folder; name a file in it: train.conll"):
        read_split("train", str(tmp_path))
    with pytest.raises(DataError, match="there is no folder"):
        read_split("train", str(tmp_path / "nowhere" / "train.conll"))


def test_a_named_scheme_is_checked(tmp_path):
    path = write(tmp_path, "a B-X\nb E-X\n")
    with pytest.raises(SchemeError, match=r"line 2: `E-X` is no tag of IOB2"):
        read_split("train", path, ReadOptions(scheme="IOB2"))


def test_tags_without_prefixes_when_the_scheme_says_so(tmp_path):
    split = read_split("train", write(tmp_path, "Ada PER\nLovelace PER\nin O\nRome LOC\n"), ReadOptions(scheme="IO"))
    assert split.examples[0].tags == ("B-PER", "I-PER", "O", "B-LOC")


def test_a_header_row_names_the_columns(tmp_path):
    path = write(tmp_path, "id\tword\tpos\tner\n1\tAda\tN\tB-PER\n2\truns\tV\tO\n", "a.tsv")
    split = read_split("train", path, ReadOptions(token_column="word", tag_column="ner"))
    assert split.examples[0].words == ("Ada", "runs")
    with pytest.raises(DataError, match="no column `nre`.*Did you mean `ner`"):
        read_split("train", path, ReadOptions(token_column="word", tag_column="nre"))


def test_csv_with_the_sentence_named_once(tmp_path):
    text = 'Sentence #,Word,POS,Tag\nSentence: 1,Ada,N,B-PER\n,"a, b",X,O\nSentence: 2,Rome,N,B-LOC\n'
    split = read_split("train", write(tmp_path, text, "a.csv"))
    assert [example.words for example in split.examples] == [("Ada", "a, b"), ("Rome",)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sentence,word\n1,a\n", "no column called tag; the columns are sentence, word"),
        ("sentence,word,tag\n1,a,\n", "line 2: the tag is missing"),
        ("sentence,word,tag\n1,,O\n", "line 2: the word is missing"),
        ("sentence,word,tag\n", "no sentence"),
    ],
)
def test_faults_of_csv(tmp_path, text, says):
    with pytest.raises(DataError, match=says):
        read_split("train", write(tmp_path, text, "a.csv"))


SPANS = {
    "text": "Ada Lovelace wrote to Babbage in London.",
    "spans": [[0, 12, "PER"], [22, 29, "PER"], [33, 39, "LOC"]],
}


def test_json_lines_in_both_forms(tmp_path):
    rows = [{"tokens": ["Ada", "runs"], "tags": ["B-PER", "O"]}, SPANS]
    split = read_split("train", write(tmp_path, "\n".join(map(json.dumps, rows)), "a.jsonl"))
    assert split.examples[1].words == ("Ada", "Lovelace", "wrote", "to", "Babbage", "in", "London", ".")
    assert split.examples[1].tags == ("B-PER", "I-PER", "O", "O", "B-PER", "O", "B-LOC", "O")


def test_a_span_inside_a_word_cuts_it(tmp_path):
    row = {
        "text": "北京大学and(NYC)",
        "entities": [{"start": 0, "end": 4, "label": "ORG"}, {"start": 8, "end": 11, "label": "LOC"}],
    }
    split = read_split("train", write(tmp_path, json.dumps(row), "a.jsonl"))
    assert split.entities_per_type() == {"ORG": 1, "LOC": 1}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('{"tokens": ["a"]', "line 1: this is no JSON"),
        ("[1]", "record 1: expected an object"),
        ('{"tokens": ["a"], "tags": []}', "1 tokens but 0 tags"),
        ('{"tokens": ["a"], "tags": [3]}', "tags are numbers.*tag_names"),
        ('{"tokens": [1], "tags": ["O"]}', "a token must be text"),
        ('{"tokens": "a b", "tags": "O O"}', "must be lists"),
        ('{"text": "abc", "spans": [[0, 9, "X"]]}', "outside the text"),
        ('{"text": "a b", "spans": [[1, 2, "X"]]}', "white space only"),
        ('{"text": "abc", "spans": [[0, "1", "X"]]}', "a span is"),
        ('{"text": "abc", "spans": 3}', "spans must be a list"),
        ('{"words": ["a"]}', "found the fields words"),
    ],
)
def test_faults_of_json_lines(tmp_path, row, says):
    with pytest.raises(DataError, match=says):
        read_split("train", write(tmp_path, row, "a.jsonl"))


def of(value, **named):
    return read_split("train", Reference("x", value), ReadOptions(**named)).examples


def test_objects_of_the_kernel():
    import pandas as pd
    from datasets import ClassLabel, Dataset, Features, List, Value

    wanted = (("Ada", "runs"), ("B-PER", "O"))
    long = pd.DataFrame({"sentence": [1, 1], "word": ["Ada", "runs"], "tag": ["B-PER", "O"]})
    wide = pd.DataFrame({"tokens": [["Ada", "runs"]], "tags": [["B-PER", "O"]]})
    names = ["O", "B-PER"]
    features = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=names))})
    dataset = Dataset.from_dict({"tokens": [["Ada", "runs"]], "ner_tags": [[1, 0]]}, features=features)
    forms = [
        long,
        wide,
        dataset,
        [(["Ada", "runs"], ["B-PER", "O"])],
        [[("Ada", "B-PER"), ("runs", "O")]],
        [{"tokens": ["Ada", "runs"], "tags": ["B-PER", "O"]}],
    ]
    for form in forms:
        (example,) = of(form)
        assert (example.words, example.tags) == wanted, form
    (example,) = of([{"tokens": ["Ada", "runs"], "tags": [1, 0]}], tag_names=names)
    assert example.tags == wanted[1]


def test_faults_of_objects():
    import pandas as pd

    with pytest.raises(DataError, match=r"\$x is an int"):
        of(3)
    with pytest.raises(DataError, match="mapping of west, east"):
        of({"west": [{}], "east": [{}]})
    with pytest.raises(DataError, match="there is no sentence"):
        of([])
    with pytest.raises(DataError, match=r"row 1: the word is missing; pandas reads"):
        of(pd.DataFrame({"sentence": [1, 1], "word": ["Ada", float("nan")], "tag": ["B-PER", "O"]}))


def config(**named):
    return DataConfig.model_validate(named)


def test_a_fraction_is_seeded_and_disjoint(conll):
    conll.write_text("".join(f"Ada B-PER\nruns{number} O\n\n" for number in range(24)))
    first = read_corpus(
        config(train=str(conll), dev=Fraction(fraction=0.25, seed=7), test=Fraction(fraction=0.25)), read_split
    )
    again = read_corpus(
        config(train=str(conll), dev=Fraction(fraction=0.25, seed=7), test=Fraction(fraction=0.25)), read_split
    )
    other = read_corpus(
        config(train=str(conll), dev=Fraction(fraction=0.25, seed=8), test=Fraction(fraction=0.25)), read_split
    )
    ids = [{example.id for example in split.examples} for split in first.splits]
    assert sorted(map(len, ids)) == [6, 6, 12]
    assert len(set.union(*ids)) == 24
    assert [split.examples for split in first.splits] == [split.examples for split in again.splits]
    assert first.dev.examples != other.dev.examples
    with pytest.raises(DataError, match="choose another fraction"):
        read_corpus(config(train=str(conll), dev=Fraction(fraction=0.001)), read_split)


def test_every_unreadable_split_is_named(conll):
    with pytest.raises(FaultsError) as caught:
        read_corpus(config(train=str(conll), dev="nodev.conll", test="notest.conll"), read_split)
    assert [type(fault) for fault in caught.value.faults] == [DataError, DataError]
    assert "nodev.conll" in str(caught.value)
    assert "notest.conll" in str(caught.value)


def test_options_of_a_split_win_over_those_of_all(tmp_path, conll):
    other = write(tmp_path, "1 Ada B-PER x\n2 runs O x\n", "other.txt")
    corpus = read_corpus(config(train=str(conll), test={"path": other, "token_column": 2, "tag_column": 3}), read_split)
    assert corpus.test.examples[0].words == ("Ada", "runs")


def test_the_data_check_says_what_is_odd(tmp_path, conll):
    test = write(
        tmp_path,
        "Ada B-PER\nLovelace I-PER\nlives O\nin O\nLondon B-LOC\n. O\n\nMars B-PLANET\nand O\nVenus I-PLANET\n",
    )
    check = check_corpus(read_corpus(config(train=str(conll), test=test), read_split))
    text = "\n".join(check.warnings)
    assert "types that train does not have" in text
    assert "PLANET (2)" in text
    assert "1 tags break IOB2" in text
    assert "1 of 2 sentences of test are in train too" in text
    types = {row.cells[0].text: row.cells[2].value for row in check.tables[1].rows}
    assert types == {"LOC": 1, "PER": 1, "PLANET": 2}
    sizes = [[cell.text for cell in row.cells[:6]] for row in check.tables[0].rows]
    assert sizes[1] == ["test", "2", "9", "6", "4", "IOB2"]


scraps = st.one_of(
    st.sampled_from('O#1|,;"[]{}\ufeff\u3000\t \n\0\x85'),
    st.sampled_from(["Ada", "B-PER", "I-PER", "E-X", "S-X", "U-X", "-DOCSTART-", "Ada|B-PER", "\n\n", "\r\n"]),
    st.sampled_from(["sentence,word,tag\n", "1,a,O\n", "word tag\n", '{"tokens": ["a"], "tags": ["O"]}']),
    st.just('{"text": "ab", "spans": [[0, 1, "X"]]}'),
)
columns = st.sampled_from([None, 1, 2, 9, -1, -9, "word", "nowhere"])
named = st.fixed_dictionaries(
    {"token_column": columns, "tag_column": columns, "sentence_column": columns},
    optional={
        "scheme": st.sampled_from(["IO", "IOB1", "IOB2", "IOE1", "BIOES", "BILOU"]),
        "encoding": st.sampled_from(["utf-16", "cp1252", "gb18030", "nowhere"]),
        "sentence_end": st.sampled_from(["O", "nowhere"]),
        "tag_names": st.lists(st.sampled_from(["O", "B-X", "x"])),
        "format": st.sampled_from(["conll", "csv", "jsonl"]),
    },
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)  # each example writes its file again
@given(
    st.lists(scraps, max_size=25),
    named,
    st.sampled_from(["conll", "csv", "jsonl", "json"]),
    st.sampled_from([8, 16, 32]),
)
def test_any_file_is_read_or_refused(tmp_path, parts, options, kind, bits):
    path = tmp_path / f"any.{kind}"
    path.write_bytes("".join(parts).encode(f"utf-{bits}"))
    try:
        split = read_split("train", str(path), ReadOptions(**options))
    except DataError:
        return
    assert all(len(example.words) == len(example.tags) > 0 for example in split.examples)
