"""Where the cursor stands in cells that are still being written: `‸` marks it."""

import pytest
from ft_magics.config.cursor import place_at
from hypothesis import given, settings
from hypothesis import strategies as st

CELL = "task: classify\nmodel: minilm\ndata: {train: a.csv, dev: {fraction: 0.1}}  # ours\ntrain:\n  epochs: 3\n"


def at(text):
    body, offset = text.replace("‸", "", 1), text.index("‸")
    return place_at(body, offset)


KEYS = {  # section, what is typed, the other keys there
    "an empty cell": ("‸", (), "", set()),
    "a word begun": ("ta‸", (), "ta", set()),
    "below other keys": ("task: ner\nmo‸", (), "mo", {"task"}),
    "above other keys": ("‸\ntask: ner\nmodel: minilm", (), "", {"task", "model"}),
    "a section in block style": ("train:\n  ‸\n", ("train",), "", set()),
    "between its keys": ("train:\n  epochs: 3\n  ‸\n  seed: 2", ("train",), "", {"epochs", "seed"}),
    "back at the first column": ("train:\n  epochs: 3\n‸", (), "", {"train"}),
    "a section with one key more to the left": ("train:\n    epochs: 3\n  s‸", ("train",), "s", {"epochs"}),
    "flow style": ("data: {train: x, ‸}", ("data",), "", {"train"}),
    "flow style, the first key": ("data: {‸", ("data",), "", set()),
    "flow style, keys behind": ("data: {train: a, te‸, dev: b}\ntrain: {seed: 1}", ("data",), "te", {"train", "dev"}),
    "flow style over lines": ("data: {\n  train: a,\n  ‸\n}", ("data",), "", {"train"}),
    "flow style in flow style": ("train: {early_stopping: {pa‸", ("train", "early_stopping"), "pa", set()),
    "flow style in block style": ("data:\n  dev: {‸}", ("data", "dev"), "", set()),
    "behind an inner bracket": ("data: {dev: {fraction: 0.1}, ‸}", ("data",), "", {"dev"}),
    "a bracket that is never closed": ("data: {train: a\nmodel: b\ntr‸", (), "tr", {"data", "model"}),
    "a comma that is missing": ("data: {train: a\n  dev: {fr‸", ("data", "dev"), "fr", set()),
    "a task's settings": ("task: {classify: {‸}}", ("task", "classify"), "", set()),
    "three levels": ("task:\n  classify:\n    ‸", ("task", "classify"), "", set()),
    "a key that is there already": ("ep‸ochs: 3\nseed: 1", (), "ep", {"seed"}),
    "lines that end in two letters": ("train:\r\n  ep‸\r\nsave: {}\r\n", ("train",), "ep", set()),
    "a tab": ("train:\n\tep‸", ("train",), "ep", set()),
    "behind a comment": ("# the data: {\ntrain: {seed: 1}  # {\n‸", (), "", {"train"}),
    "keys in quotation marks": ("\"train\": {'seed': 1, ‸}", ("train",), "", {"seed"}),
}


@pytest.mark.parametrize("case", KEYS)
def test_a_key_is_written(case):
    text, section, typed, there = KEYS[case]
    place = at(text)
    assert place is not None
    assert (place.section, place.key, place.typed, place.there) == (section, "", typed, there)


VALUES = {  # section, key, what is typed, the space that is still missing
    "block style": ("task: ‸", (), "task", "", ""),
    "no space yet": ("task:‸", (), "task", "", " "),
    "a value begun": ("task: cl‸", (), "task", "cl", ""),
    "a value with spaces": ("model: my folder/b‸", (), "model", "my folder/b", ""),
    "flow style": ("train: {epochs: 3, seed: ‸}", ("train",), "seed", "", ""),
    "flow style, no space yet": ("train: {seed:‸}", ("train",), "seed", "", " "),
    "a quotation mark": ('data: {train: "my fi‸le.csv"}', ("data",), "train", '"my fi', ""),
    "a demo file": ("data: {train: demo:en/tr‸}", ("data",), "train", "demo:en/tr", ""),
    "a path of Windows": ("model: C:\\mo‸", (), "model", "C:\\mo", ""),
    "an object": ("data: {train: $fr‸", ("data",), "train", "$fr", ""),
    "a part of an object": ("data: {train: $all['tr‸", ("data",), "train", "$all['tr", ""),
    "behind a part of an object": ("data: {train: $all['train'], dev: $all.d‸", ("data",), "dev", "$all.d", ""),
    "Chinese": ("data: {train: 训练‸}", ("data",), "train", "训练", ""),
    "a list": ("data: {label_column: [a, b‸", ("data",), "label_column", "b", ""),
    "a list in block style": ("data:\n  label_names:\n    - spam\n    - h‸", ("data",), "label_names", "h", ""),
    "deep inside": ("data:\n  dev: {fraction: 0‸}", ("data", "dev"), "fraction", "0", ""),
    "a cell with full-width marks before": ("data: {train: 数据，一：二, dev: ‸}", ("data",), "dev", "", ""),
}


@pytest.mark.parametrize("case", VALUES)
def test_a_value_is_written(case):
    text, section, key, typed, lead = VALUES[case]
    place = at(text)
    assert place is not None
    assert (place.section, place.key, place.typed, place.lead) == (section, key, typed, lead)


@pytest.mark.parametrize(
    "text", ["# a ‸", "model: x  # which‸", "data: {train: a}‸", "data: |\n  a text ‸", "a: {b: 1} # ‸"]
)
def test_nothing_is_known_in_comments_and_texts(text):
    assert at(text) is None


def test_values_of_the_cell_are_read_as_they_are_written():
    values = at(f"{CELL}‸").values
    assert values[("task",)] == "classify"
    assert values[("data", "train")] == "a.csv"
    assert values[("data", "dev", "fraction")] == "0.1"
    assert values[("train", "epochs")] == "3"


def test_the_whole_word_is_known_where_the_cursor_is_within_it():
    assert at("train: {ep‸ochs: 3}").whole == "epochs"
    assert at("model: mi‸nilm  # small").whole == "minilm"


@given(st.text(alphabet="ab:{}[],#\"' \n\t\r-|>$&*？：训", max_size=60), st.integers(-3, 70))
@settings(max_examples=150, deadline=None)
def test_no_text_is_too_odd(text, offset):
    place_at(text, offset)


@pytest.mark.parametrize("opening", ["data: {a: [", "{", "a:\n", "a: {", "- "])
def test_what_is_nested_beyond_all_measure_is_given_up(opening):
    body = "".join(f"{' ' * level}{opening}" for level in range(400)) + opening * 4000
    assert place_at(body, len(body)) is None or len(place_at(body, len(body)).path) < 100
