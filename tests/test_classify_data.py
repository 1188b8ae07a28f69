"""Labelled texts: what is read, what is said about it, and what is refused with the line."""

from __future__ import annotations

import contextlib
import functools
import json

import pytest
from ft_magics.config.references import Reference
from ft_magics.data.corpus import read_corpus
from ft_magics.data.examples import Corpus
from ft_magics.display.check_page import check_html, check_text
from ft_magics.errors import DataError
from ft_magics.tasks.classify.checks import check_corpus
from ft_magics.tasks.classify.config import ClassifyData, ClassifySettings, TextOptions
from ft_magics.tasks.classify.examples import LabelledText, labels_of
from ft_magics.tasks.classify.likeness import likeness_key
from ft_magics.tasks.classify.reader import read_split
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError


def write(tmp_path, content, name="a.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def read(source, *, multi_label=False, regression=False, **named):
    source = source if isinstance(source, str) else Reference("x", source)
    settings = ClassifySettings(multi_label=multi_label, regression=regression)
    return read_split("train", source, TextOptions(**named), settings)


def pairs(split):
    return [(example.text, *example.labels) for example in split.examples]


TWO = [("good one", "pos"), ("bad one", "neg"), ("fine", "pos")]


@pytest.mark.parametrize(
    "header", ["text,label", "Sentence,Category", "tweet,sentiment", "文本,标签", "内容,类别", "question,intent"]
)
def test_columns_are_found_by_name(tmp_path, header):
    first, second = header.split(",")
    body = "\n".join(f"{label},7,{text}" for text, label in TWO)
    split = read(write(tmp_path, f"{second},number,{first}\n{body}\n"))
    assert pairs(split) == TWO
    assert split.notes == []
    assert split.examples[0] == LabelledText("good one", None, ("pos",), None, "a.csv, line 2")


def test_columns_are_found_by_content_with_a_note(tmp_path):
    body = "to category\tgood one\tpos\nto category\tbad one indeed\tneg\nto category\tfine\tpos\n"
    split = read(write(tmp_path, body, "a.tsv"))
    assert [example.labels for example in split.examples] == [("pos",), ("neg",), ("pos",)]
    assert split.examples[1].text == "bad one indeed"
    assert any(
        "column 2 as the text and column 3 as the label, by what is in them; not read: 1" in note
        for note in split.notes
    )
    named = read(write(tmp_path, body, "a.tsv"), text_column=2, label_column=-1)
    assert named.examples == split.examples


WORDS = {
    "en": ("book", "a table", "for two", "please now"),
    "ar": ("أريد", "حجز طاولة", "لشخصين", "من فضلك"),
    "he": ("אני רוצה", "להזמין שולחן", "לשניים", "בבקשה"),
    "th": ("ฉันต้องการ", "จองโต๊ะ", "สำหรับสองคน", "วันนี้"),
    "ja": ("予約を", "お願いします", "二人で", "今日の夜"),
    "hi": ("मुझे", "टेबल बुक", "दो लोगों", "कृपया"),
}


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("header", ["text,label", "utterance_xy,kind_xy", ""])
@pytest.mark.parametrize("ids", [True, False])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_150_classes_of_any_language_are_read_without_options(tmp_path, language, header, ids, delimiter):
    gap = "" if language in ("th", "ja") else " "
    words = WORDS[language]
    rows = [
        (gap.join((words[at % 4], words[(at // 4) % 4], str(at))), str(at % 151) if ids else f"class_{at % 151}")
        for at in range(604)
    ]
    lines = [delimiter.join(header.split(","))] * bool(header) + [delimiter.join(row) for row in rows]
    split = read(write(tmp_path, "\n".join(lines), "a.csv" if delimiter == "," else "a.tsv"))
    assert pairs(split) == rows
    assert bool(split.notes) is (header != "text,label")


def test_labels_that_are_longer_than_their_texts_are_labels():
    rows = [("hi", "greeting_and_small_talk"), ("yo", "greeting_and_small_talk"), ("bye", "farewell_and_small_talk")]
    assert pairs(read(rows)) == rows


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ([{"sentence1": "a", "sentence2": "b", "label": "x"}], {}),
        ([{"premise": "a", "hypothesis": "b", "label": "x", "idx": 3}], {}),
        ([{"text": "a", "other": "b", "label": "x"}], {"text_pair_column": "other"}),
        ([("a", "b", "x")], {"text_column": 1, "text_pair_column": 2, "label_column": 3}),
    ],
)
def test_pairs_of_texts(rows, named):
    (example,) = read(rows, **named).examples
    assert (example.text, example.pair, example.labels) == ("a", "b", ("x",))


def test_a_place_holds_the_id_of_a_row_where_it_is_asked_for():
    split = read([{"text": "a", "label": "x", "id": 17}], id_column="id")
    assert split.examples[0].id == "$x[0] (17)"


def test_labels_as_names_and_as_ids(tmp_path):
    import pandas as pd
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos", "odd"])})
    dataset = Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features=features)
    split = read(dataset)
    assert (pairs(split), split.names) == ([("a", "pos"), ("b", "neg")], ("neg", "pos", "odd"))
    csv = write(tmp_path, "text,label\na,1\nb,0\n")
    for source in (csv, [("a", 1), ("b", 0)], pd.DataFrame({"text": ["a", "b"], "label": [1.0, 0.0]})):
        assert pairs(read(source)) == [("a", "1"), ("b", "0")]
        assert pairs(read(source, label_names=["neg", "pos"])) == [("a", "pos"), ("b", "neg")]
    assert pairs(read([("a", "neg"), ("b", " pos ")], label_names=["neg", "pos"])) == [("a", "neg"), ("b", "pos")]


def test_ids_are_in_the_order_of_numbers():
    split = read([(f"text {number}", number) for number in (10, 9, 2, 0, 10)])
    corpus = read_corpus(ClassifyData(train=Reference("x", [("a", "b10"), ("c", "b9"), ("d", "b9")])), read_split)
    assert labels_of(type(corpus)(train=split)) == ("0", "2", "9", "10")
    assert labels_of(corpus) == ("b10", "b9")


@pytest.mark.parametrize(
    ("cells", "separator"),
    [
        ([["a", "b"], ["a"], []], ""),
        ([("a", "b"), ("a",), ()], ""),
        (['["a", "b"]', "['a']", "[]"], ""),
        (["a|b", "a", ""], "|"),
        (["a; b", "a", ""], ";"),
        (["a, b", "a", None], ","),
    ],
)
def test_several_labels_in_every_form(cells, separator):
    split = read([{"text": f"text {at}", "label": cell} for at, cell in enumerate(cells)], multi_label=True)
    assert [example.labels for example in split.examples] == [("a", "b"), ("a",), ()]
    assert ([f"parted at `{separator}`" in note for note in split.notes] == [True]) is bool(separator)


def test_a_separator_can_be_said_and_a_comma_in_a_name_is_none():
    cells = ["Foo, bar|baz", "baz", "Foo, bar"]
    split = read([{"text": f"text {at}", "label": cell} for at, cell in enumerate(cells)], multi_label=True)
    assert [example.labels for example in split.examples] == [("Foo, bar", "baz"), ("baz",), ("Foo, bar",)]
    split = read([("x y z", "a/b"), ("y", "a")], multi_label=True, label_separator="/")
    assert [example.labels for example in split.examples] == [("a", "b"), ("a",)]
    ids = read([("x y z", "0,2"), ("y", "1")], multi_label=True, label_names=["a", "b", "c"])
    assert [example.labels for example in ids.examples] == [("a", "c"), ("b",)]


def test_a_column_for_each_class(tmp_path):
    path = write(tmp_path, "comment_text,toxic,rude\na b c,1,1\nb c d,0,0\nc d e,0,1\n")
    wanted = [("toxic", "rude"), (), ("rude",)]
    split = read(path, multi_label=True, label_column=["toxic", "rude"])
    assert ([example.labels for example in split.examples], split.names) == (wanted, ("toxic", "rude"))
    seen = read(path, multi_label=True)
    assert [example.labels for example in seen.examples] == wanted
    assert "columns toxic, rude as the label" in seen.notes[0]
    with pytest.raises(DataError, match=r"line 2: 2 of the 2 columns of `label_column` are 1.*multi_label"):
        read(path, label_column=["toxic", "rude"])


def test_fasttext_lines(tmp_path):
    path = write(tmp_path, "__label__a __label__b the  text\n__label__a\tother\n", "a.txt")
    split = read(path, multi_label=True)
    assert pairs(split) == [("the  text", "a", "b"), ("other", "a")]


def test_numbers(tmp_path):
    split = read(write(tmp_path, "text,score\na,1.5\nb,-2\nc,1e3\n"), regression=True)
    assert [example.value for example in split.examples] == [1.5, -2.0, 1000.0]
    assert all(example.labels == () for example in split.examples)


@pytest.mark.parametrize(
    ("content", "named", "says"),
    [
        (
            "text,label\na,x\n",
            {"label_column": "lable"},
            r"a.csv: no column called lable for `label_column`; the columns are text, label. Did you mean `label`\?",
        ),
        ("text,label\na,x\n", {"label_column": 5}, "`label_column: 5`: there is no such column; there are 2"),
        (
            "text,label\na,x\n",
            {"label_column": "nix", "text_column": "nox"},
            "nox for `text_column`(.|\n)*nix for `label_column`",
        ),
        (
            "text,label\na,x\n",
            {"label_column": "text"},
            "`label_column: text` is the column of the texts; the others are label",
        ),
        (
            "text,label\na,x\n",
            {"text_column": 1, "label_column": -2},
            "`text_column` and `label_column` are both column text",
        ),
        ("hello\nbye\n", {}, "there is one column only"),
        (
            "hello,x\nbye,y\nyes,x\n",
            {"label_column": "label"},
            "nothing names the columns here; give its number, from 1 to 2",
        ),
        ("text,label\n", {}, "there are no rows in it"),
        (
            "text,label\na,0.5\nb,1\nc,0.25\n",
            {},
            r"line 2: the label, in column label, is the number '0.5'.*regression: true.*`label_names`",
        ),
        (
            "text,label\na,\n,x\nb,y\nc,\n",
            {},
            r"line 3: the text is missing\na.csv, line 2: the label is missing\n1 more like it: line 5",
        ),
        (
            "text,label\na,0\nb,2\nc,1\n",
            {"label_names": ["n", "p"]},
            "line 3: label 2 has no name; there are 2 names, counted from 0; if the labels count from 1",
        ),
        (
            "text,label\na,n\nb,pp\n",
            {"label_names": ["neg", "pos"]},
            r"line 2: label `n` is none of `label_names` \(neg, pos\)",
        ),
        ("text,label\na,x\nb, c,y\n", {}, "line 3: found 3 cells"),
        ("text,label\na,[1]\n", {"format": "json"}, "this is no JSON"),
    ],
)
def test_faults_of_files(tmp_path, content, named, says):
    with pytest.raises(DataError, match=says):
        read(write(tmp_path, content), **named)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{"text": "a", "label": ["x", "y"]}], r"\$x\[0\]: there are 2 labels.*`multi_label: true`"),
        ([{"text": "a", "label": []}], "the label is missing"),
        ([{"text": "a", "label": {"x": 1}}], "a label must be a text or a whole number"),
        ([{"text": ["a"], "label": "x"}], "the text must be one text, found a list"),
        ([{"text": "a", "label": float("nan")}], "the label is missing; pandas reads"),
        ([{"text": None, "label": "x"}], "the text is missing"),
        ([{"text": "\ud800", "label": "x"}], "half a surrogate pair"),
        ([{"text": "a", "label": "\ud800"}], "half a surrogate pair"),
        ([{"text": "a", "label": 10**5000}], "."),
        ([("a", "x"), ("b",)], r"\$x\[1\]: found 1 cells"),
    ],
)
def test_faults_of_objects(rows, says):
    with pytest.raises(DataError, match=says):
        read(rows)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("nan", "found 'nan' where a finite number"),
        ("inf", "finite"),
        ("high", "found 'high'"),
        ("1,5", "decimal comma"),
        ("", "the number is missing"),
        (float("nan"), "the number is NaN"),
        (float("inf"), "found inf"),
        (True, "found True"),
        ([1.0], "found a list"),
    ],
)
def test_faults_of_numbers(cell, says):
    with pytest.raises(DataError, match=rf"\$x\[1\]: .*{says}"):
        read([{"text": "a", "score": 1.0}, {"text": "b", "score": cell}], regression=True)


def test_a_frame_whose_names_are_data():
    import pandas as pd

    frame = pd.DataFrame({"I liked it": ["I hated it", "so good", "so bad"], "pos": ["neg", "pos", "neg"]})
    with pytest.raises(DataError, match="the names of the columns are data: pos is in 1 rows too.*header=None"):
        read(frame)


def corpus_of(settings=None, **splits):
    settings = settings or ClassifySettings()
    data = ClassifyData(**{name: Reference(name, rows) for name, rows in splits.items()})
    corpus = read_corpus(data, functools.partial(read_split, settings=settings))
    return check_corpus(settings, corpus)


def numbers(table):
    return [[cell.value if cell.value is not None else cell.text for cell in row.cells] for row in table.rows]


TRAIN = [*((f"good text {at} of many", "pos") for at in range(3)), *((f"bad one {word}", "neg") for word in "abc")]


def test_counts_per_class_and_split():
    check = corpus_of(train=TRAIN, test=[("good", "pos"), ("what is it", "oos"), ("and that", "oos")])
    sizes, classes = check.tables
    assert check.summary == "train 6 texts, test 3 texts"
    assert numbers(sizes)[1] == ["test", 3, pytest.approx(22 / 3), 10, 2, 3, "$test"]
    assert numbers(classes) == [["neg", 3, 0], ["pos", 3, 1], ["oos", 0, 2]]
    (warning,) = check.warnings
    assert warning.startswith("test: 2 labels are of classes that train does not have")
    assert warning.endswith("the model cannot predict them: oos (2); they count as misses")


def test_what_is_odd_is_said():
    train = [
        *TRAIN,
        ("good text 1 of many", "neg"),
        ("  ", "pos"),
        ("lonely", "one"),
        ("bad one a", "neg"),
        ("Lonely text", "Pos"),
    ]
    test = [("bad one b", "neg"), ("GOOD, text: 7 of many!", "pos"), ("many of text good 2", "pos")]
    text = "\n".join(corpus_of(train=train, test=test).warnings)
    assert "train: 1 texts hold nothing but white space ($train[7])" in text
    assert "train: 2 classes have one example only: Pos, one" in text
    assert "1 text has two different labels: $train[1] is pos and $train[6] is neg" in text
    assert "1 of 3 texts of test are in train too ($test[0] is $train[4])" in text
    assert "2 of 3 texts of test are in train but for case, punctuation, digits or the order of words" in text
    assert "differ by letter case only are different classes: pos and Pos" in text
    many = [(f"text {at} {at * at}", "a") for at in range(40)] + [("other", "b"), ("another", "b")]
    assert "train: a has 40 texts and b 2; `class_weights: balanced`" in "\n".join(corpus_of(train=many).warnings)
    notes = corpus_of(train=train).notes
    assert "train: 2 texts stand there more than once" in notes


@pytest.mark.parametrize(
    ("train", "test", "settings", "says"),
    [
        ([("a", "x"), ("b", "x")], None, {}, r"data.train: \$train: all 2 texts have the label x"),
        ([("a", 1.0), ("b", 1.0)], None, {"regression": True}, "the number is 1 in every row"),
        ([(f"text {at}", f"own {at}") for at in range(12)], None, {}, "each of the 12 texts has a label of its own"),
        (
            [("a", "x"), ("b", "y"), ("c", "x")],
            None,
            {"multi_label": True},
            "each of the 3 texts has exactly one label.*`multi_label: true`",
        ),
        ([("a", []), ("b", [])], None, {"multi_label": True}, "no text has a label"),
        (
            [("Ada", "B-PER"), ("of", "O"), ("Kenya", "B-LOC")],
            None,
            {},
            r"every text is one word, and the labels are tags of words \(B-LOC, B-PER, O\).*`task: ner`",
        ),
        (
            [("a", "x"), ("b", "y")],
            [("c", 0), ("d", 1)],
            {},
            r"data.test: its labels are numbers \(0, 1\) and those of train are names \(x, y\).*`label_names`",
        ),
        ([("a", "x"), ("b", "y")], None, {"class_weights": {"z": 2.0}}, "no class is called z; the classes are x, y"),
    ],
)
def test_what_cannot_be_learnt_is_refused(train, test, settings, says):
    splits = {"train": train} if test is None else {"train": train, "test": test}
    with pytest.raises(DataError, match=says):
        corpus_of(ClassifySettings(**settings), **splits)


def test_numbers_are_counted():
    check = corpus_of(ClassifySettings(regression=True), train=[("a", 1), ("bcd", 4.5)])
    assert numbers(check.tables[0]) == [["train", 2, 2.0, 3, 1.0, 4.5, 2.75, "$train"]]


@pytest.mark.parametrize(
    ("first", "second", "like"),
    [
        ("How do I get a card?", "how do i get a CARD", True),
        ("I paid 30 pounds today", "I paid 1,500 pounds today", True),
        ("I paid 30 pounds today", "I paid 75 pounds today", True),
        ("ｆｕｌｌ ｗｉｄｔｈ", "full width", True),
        ("今天,天气很好。", "今天天气很好", True),
        ("今天天气很好", "今天天气不好", False),
        ("ไก่", "ไข่", False),
        ("कि", "की", False),
        ("good 😀", "good 😡", False),
        ("dog bites man", "man bites dog", False),
        ("the dog bites the man", "the man bites the dog", True),
    ],
)
def test_what_counts_as_alike(first, second, like):
    assert (likeness_key(first) == likeness_key(second)) is like


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"multi_label": True, "regression": True}, "is about classes, and `regression: true` predicts numbers"),
        ({"class_weights": "balanced", "regression": True}, "is about classes"),
        ({"label_smoothing": 0.1, "regression": True}, "is about classes"),
        ({"focal_gamma": 2.0, "regression": True}, "is about classes"),
        ({"focal_gamma": 2.0, "label_smoothing": 0.1}, "does not go with `focal_gamma`"),
        ({"class_weights": {"a": -1.0}}, "expected `balanced`, or a positive number per class"),
        ({"class_weights": "even"}, "expected `balanced`"),
        ({"label_smoothing": 1.0}, "less than 1"),
        ({"focal_gamma": -1.0}, "greater than or equal to 0"),
        ({"long_texts": "cut"}, "'truncate' or 'window'"),
        ({"multilabel": True}, "Extra inputs"),
    ],
)
def test_settings_that_contradict_each_other(settings, says):
    with pytest.raises(ValidationError, match=says) as caught:
        ClassifySettings.model_validate(settings)
    assert caught.value.error_count() == 1


def test_weights_of_classes_that_are_numbers():
    settings = ClassifySettings.model_validate({"class_weights": {0: 1, "b": 2.5}})
    assert settings.class_weights == {"0": 1.0, "b": 2.5}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"train": "a.csv", "text_column": "a", "label_column": "a"}, "`text_column` and `label_column` are both `a`"),
        ({"train": "a.csv", "label_column": ["a", "b", "a"]}, "`label_column` names `a` twice"),
        ({"train": "a.csv", "label_names": ["a", "a"]}, "`label_names` has `a` twice"),
        ({"train": "a.csv", "label_column": 0}, "columns count from 1"),
        ({"train": "a.csv", "delimiter": "::"}, "at most 1 character"),
        ({"train": "a.csv", "dev": {"fraction": 0.6}, "test": {"fraction": 0.4}}, "nothing is left to train on"),
        ({"train": {"fraction": 0.5}}, "path"),
        ({"train": "a.csv", "format": "conll"}, "csv"),
    ],
)
def test_data_sections_that_are_wrong(data, says):
    with pytest.raises(ValidationError, match=says):
        ClassifyData.model_validate(data)


def test_options_of_a_split_win_over_those_of_all(tmp_path):
    train = write(tmp_path, "text,label\na,x\nb,y\n")
    test = write(tmp_path, "y;c\nx;d\n", "b.csv")
    data = {"train": train, "label_column": "label", "test": {"path": test, "label_column": 1, "header": False}}
    corpus = read_corpus(ClassifyData.model_validate(data), read_split)
    assert pairs(corpus.test) == [("c", "y"), ("d", "x")]
    both = {"train": train, "text_column": "label", "test": {"path": train, "label_column": "label"}}
    with pytest.raises(DataError, match="`text_column` and `label_column` are both column label"):
        read_corpus(ClassifyData.model_validate(both), read_split)


def test_a_fraction_is_seeded_and_disjoint():
    rows = [(f"text {at}", f"class {at % 3}") for at in range(40)]
    data = ClassifyData.model_validate(
        {"train": Reference("x", rows), "dev": {"fraction": 0.1, "seed": 3}, "test": {"fraction": 0.2}}
    )
    corpora = [read_corpus(data, read_split) for _ in range(2)]
    ids = [{example.id for example in split.examples} for split in corpora[0].splits]
    assert list(map(len, ids)) == [28, 4, 8]
    assert len(set.union(*ids)) == 40
    assert corpora[0] == corpora[1]


def test_the_check_is_drawn_as_html_and_text():
    names = [f"<b>class {at}" for at in range(50)]
    check = corpus_of(
        train=[(f"text {at} {'x' * at}", name) for at, name in enumerate(names * 2)],
        test=[("那是", "\x1b[31m新"), ("b", names[0])],
    )
    html, text = check_html(check), check_text(check)
    assert "<b>" not in html
    assert html.count("<tr") == 2 + 2 + 51  # headings, splits, classes
    assert html.index("Data: train 100 texts, test 2 texts") < html.index("</details>") < html.index("⚠ test: 1 labels")
    assert "\x1b" not in text
    lines = text.splitlines()
    assert lines[0] == "train: 100 texts, characters on average 57, longest 107, 50 classes, 100 labels, $train"
    assert lines[2].startswith("train: <b>class 0 2, <b>class 1 2, ")
    assert lines[3].endswith(" and 11 more")
    assert any(line.startswith("warning: test: 1 labels are of classes") for line in lines)


class Unhashable:
    __hash__ = None


TEXTS = [None, "", " ", "a", "b", "a|b", '["a"]', "[", "1", "0.5", "nan", "\ud800"]
NUMBERS = [0, 1, -1, 2.5, float("nan"), float("inf"), True, 10**5000]
OTHERS = [[], ["a"], ["a", "b"], [1], [[1]], {"a": 1}, ("a",), {"a"}, b"x", bytearray(b"x"), Unhashable()]
odd = st.sampled_from([*TEXTS, *NUMBERS, *OTHERS])
options = st.fixed_dictionaries(
    {},
    optional={
        "text_column": st.sampled_from([1, -1, 9, "text", "nowhere"]),
        "text_pair_column": st.sampled_from([1, 3, "more"]),
        "label_column": st.sampled_from([2, "label", ["label", "more"], [1, 2]]),
        "id_column": st.sampled_from([1, "more"]),
        "label_names": st.sampled_from([["a"], ["a", "b"]]),
        "label_separator": st.just("|"),
    },
)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.tuples(odd, odd, odd), max_size=4), options, st.booleans(), st.sampled_from(["one", "multi", "number"])
)
def test_any_object_is_read_or_refused(cells, named, fields, kind):
    rows = [dict(zip(("text", "label", "more"), row, strict=True)) for row in cells] if fields else cells
    setting = {"multi_label": kind == "multi", "regression": kind == "number"}
    try:
        split = read(rows, **setting, **named)
    except (DataError, ValidationError):
        return
    assert len(split.examples) == len(rows)
    assert all(isinstance(example.text, str) and example.text for example in split.examples)
    assert all((example.value is None) is (kind != "number") for example in split.examples)
    assert kind != "one" or all(len(example.labels) == 1 for example in split.examples)
    with contextlib.suppress(DataError):
        check_html(check_corpus(ClassifySettings(**setting), Corpus(train=split, test=split)))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "rows", "classes", "last"),
    [
        ("banking77_en/train.csv", 10003, 77, 10017),
        ("banking77_en/test.csv", 3080, 77, 3085),
        ("csl_category_zh/train.tsv", 8000, 13, 8000),
        ("csl_category_zh/dev.tsv", 1000, 13, 1000),
        ("csl_category_zh/test.tsv", 1000, 13, 1000),
        ("sib200_en_zh/eng_Latn/train.tsv", 701, 7, 702),
        ("sib200_en_zh/zho_Hans/test.tsv", 204, 7, 205),
        ("semeval2010_task8_en/train.jsonl", 8000, 19, 8000),
        ("quirks/40_csv_line_feeds_in_cells.csv", 31, 15, 44),
        ("quirks/41_csv_utf16.csv", 3, 2, 4),
        ("quirks/51_tsv_literal_quotes.tsv", 12, 6, 13),
    ],
)
def test_real_files_are_read_without_options(shared, name, rows, classes, last):
    split = read(str(shared / name))
    assert len(split.examples) == rows
    assert len({example.labels for example in split.examples}) == classes
    assert split.examples[-1].id == f"{name.rpartition('/')[2]}, line {last}"


@pytest.mark.shared
def test_counts_of_a_real_set(shared):
    folder = shared / "csl_category_zh"
    data = ClassifyData(train=str(folder / "train.tsv"), dev=str(folder / "dev.tsv"), test=str(folder / "test.tsv"))
    check = check_corpus(ClassifySettings(), read_corpus(data, read_split))
    counted = {name: counts for name, *counts in numbers(check.tables[1])}
    assert counted["工学"] == [3536, 443, 443]
    assert counted["军事学"] == [67, 17, 8]
    names = json.loads((shared / "banking77_en" / "categories.json").read_text())
    banking = read(str(shared / "banking77_en" / "train.csv"))
    assert {example.labels[0] for example in banking.examples} == set(names)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("42_csv_row_too_long.csv", "line 2: found 3 cells where the first row has 2"),
        ("43_csv_extra_column_empty_cells.csv", "line 4: the text is missing(.|\n)*line 3: the label is missing"),
        ("44_fasttext_labels.txt", "line 2: there are 2 labels.*multi_label(.|\n)*line 3: the label is missing"),
        ("45_jsonl_overlapping_spans.jsonl", "there are 2 labels"),
        ("46_jsonl_missing_text.jsonl", "line 3: the text is missing"),
        ("50_tsv_missing_tab_en_zh.tsv", "line 4: found 2 cells.*tab(.|\n)*3 more like it: line 6, line 9, line 11"),
    ],
)
def test_real_files_with_faults_are_refused_with_the_line(shared, name, says):
    with pytest.raises(DataError, match=says):
        read(str(shared / "quirks" / name))
