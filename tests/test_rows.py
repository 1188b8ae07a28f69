"""Rows out of files and objects of every form: delimiter, quoting, header and places are seen, or refused with the line."""

from __future__ import annotations

import csv
import io
import json

import pytest
from ft_magics.config.references import Reference
from ft_magics.data.cells import fold
from ft_magics.data.rows import read_rows
from ft_magics.errors import DataError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

KNOWN = frozenset(map(fold, ("text", "label", "category")))


def write(tmp_path, content, name="a.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def table(rows):
    return list(rows.columns), [list(cells) for cells in rows.cells]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("text,label\na b,x\nc;d,y\n", "a.csv"),
        ("text;label\na b;x\nc,d;y\n", "a.csv"),
        ("text\tlabel\na b\tx\nc,d\ty\n", "a.csv"),
        ("text|label\na b|x\nc,d|y\n", "a.csv"),
        ("text\tlabel\r\na b\tx\r\nc;d\ty", "a.tsv"),
        ("text\tlabel\na b\tx\nc;d\ty\n", "a.txt"),
        ("\ufefftext,label\na b,x\n\nc;d,y\n\n", "a.csv"),
        ("text,label\na b,x\nc;d,y\n".encode("utf-16"), "a.csv"),
        (' text , label\n"a b","x"\n"c;d",y\n', "a.csv"),
    ],
)
def test_the_delimiter_is_seen(tmp_path, content, name):
    columns, cells = table(read_rows(write(tmp_path, content, name), known=KNOWN))
    assert columns == ["text", "label"]
    assert cells[0] == ["a b", "x"]
    assert [cell[1] for cell in cells] == ["x", "y"]


def test_a_named_delimiter_and_encoding_win(tmp_path):
    path = write(tmp_path, "text,label#x\ncafé,y#z\n".encode("cp1252"))
    assert table(read_rows(path, delimiter="#", encoding="cp1252", header=True)) == (
        ["text,label", "x"],
        [["café,y", "z"]],
    )
    with pytest.raises(DataError, match="line 2: the bytes are not utf-8"):
        read_rows(path)


def test_places_are_the_true_lines_of_the_file(tmp_path):
    content = 'text,label\n"one\ntwo\n\nthree",x\n\nfour,y\n"five ""5""\r\n",z\nsix,x\n'
    rows = read_rows(write(tmp_path, content), known=KNOWN)
    assert [place.rpartition(" ")[2] for place in rows.places] == ["2", "7", "8", "10"]
    assert rows.cells[0][0] == "one\ntwo\n\nthree"
    assert rows.cells[2][0] == 'five "5"\r\n'


@pytest.mark.parametrize(
    ("content", "header"),
    [
        ("text,other\na,b\n", True),
        ("hello you,x\nbye you,y\nbye,x\n", False),  # the label stands below too
        ("utterance,domain\nhello you,x\nbye you,y\nbye,x\nyes,y\n", True),
        ("maandishi,aina\nhabari ya asubuhi,0\nkwaheri ya kuonana,1\n", True),
        ("habari,0\nkwaheri,1\n", False),
        ("maandishi,aina\nhabari ya asubuhi rafiki yangu,a\nkwaheri ya kuonana tena sana,b\n", True),
        ("كلام,نوع\nصباح الخير يا صديقي العزيز,تحية\nإلى اللقاء في الغد,وداع\n", True),
        ("صباح الخير,تحية\nإلى اللقاء,وداع\nمرحبا,تحية\n", False),
        ("今天天气很好,积极\n我很难过,消极\n真棒,积极\n", False),
        ("句,类\n今天天气很好啊,积极\n我很难过,消极\n真棒,积极\n非常糟糕,消极\n", True),
    ],
)
def test_a_header_is_told_from_data(tmp_path, content, header):
    rows = read_rows(write(tmp_path, content), known=KNOWN)
    assert rows.named is header
    assert len(rows.cells) == content.count("\n") - header
    assert (rows.places[0] == "a.csv, line 1") is not header
    assert bool(rows.notes) is ("text" not in content)


def test_the_header_can_be_said(tmp_path):
    path = write(tmp_path, "text,label\na,b\n")
    assert len(read_rows(path, header=False, known=KNOWN).cells) == 2
    data = write(tmp_path, "hello,x\nbye,y\nhi,x\n", "b.csv")
    with pytest.raises(DataError, match=r"b.csv, line 1: this is data and no header: `x` is in 1 rows below it"):
        read_rows(data, header=True, known=KNOWN)


@pytest.mark.parametrize(
    ("content", "name", "texts"),
    [
        ('text\tlabel\n"Yes," he said\tx\n"No"\ty\n', "a.tsv", ['"Yes," he said', '"No"']),
        ('text\tlabel\n"""Yes,"" he said"\tx\nNo\ty\n', "a.tsv", ['"Yes," he said', "No"]),
        ('"text"\t"label"\n"Yes"\t"x"\n"No"\t"y"\n', "a.tsv", ["Yes", "No"]),
        ('text\tlabel\n"a\tb"\tx\nNo\ty\n', "a.tsv", ["a\tb", "No"]),
        ('text,label\n"Yes" he said,x\nNo,y\n', "a.csv", ['"Yes" he said', "No"]),
        ('text,label\n5" screen,x\nNo,y\n', "a.csv", ['5" screen', "No"]),
        ('text,label\n"a, ""b""",x\nNo,y\n', "a.csv", ['a, "b"', "No"]),
        ('text,label\n"a,b",x\n"No" way,y\n', "a.csv", ["a,b", "No way"]),
    ],
)
def test_quotation_marks_are_read_as_the_file_means_them(tmp_path, content, name, texts):
    rows = read_rows(write(tmp_path, content, name), known=KNOWN)
    assert [cells[0] for cells in rows.cells] == texts


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("text,label\na,x\nb, c,y\nd, e,y\nf,x\n", r"line 3: found 3 cells where the first row has 2.*(\n.*)line 4"),
        ("text,label\na,x\nb\n", "line 3: found 1 cells where the first row has 2; the delimiter is a comma"),
        ('text,label\na,x\n"b, c,y\nc,x\n', "line 3: a quotation mark is opened there and never closed"),
        ("\n , \n", "there are no rows in it|is empty"),
        ("", "the file is empty"),
        (b"PK\x03\x04\x00", "a zip archive"),
    ],
)
def test_faults_of_delimited_files(tmp_path, content, says):
    path = write(tmp_path, content)
    with pytest.raises(DataError, match=says):
        read_rows(path, known=KNOWN)


def test_empty_rows_are_left_out_and_counted(tmp_path):
    rows = read_rows(write(tmp_path, "text,label\na,x\n,\n,\nb,y\n"), known=KNOWN)
    assert len(rows.cells) == 2
    assert "2 rows without any content" in rows.notes[0]


def test_a_text_of_many_letters_is_no_unclosed_quotation_mark(tmp_path):
    long = "word " * 60_000
    assert read_rows(write(tmp_path, f'text,label\n"{long},",x\n'), known=KNOWN).cells[0] == (f"{long},", "x")
    assert csv.field_size_limit() == 131_072


RECORDS = [{"text": "a", "label": "x"}, {"text": "b", "label": "y", "more": 1}]


@pytest.mark.parametrize(
    ("content", "name", "first"),
    [
        (json.dumps(RECORDS), "a.json", "a.json, record 1"),
        (json.dumps({"version": 1, "data": RECORDS}, indent=1), "a.json", "a.json, record 1"),
        (json.dumps({"version": 1, "data": RECORDS}), "a.json", "a.json, record 1"),
        ("\n" + "\n\n".join(map(json.dumps, RECORDS)), "a.jsonl", "a.jsonl, line 2"),
        ("\n".join(map(json.dumps, RECORDS)), "a.txt", "a.txt, line 1"),
        (json.dumps({"train": RECORDS, "test": []}), "a.json", "a.json, record 1"),
    ],
)
def test_json_in_every_form(tmp_path, content, name, first):
    rows = read_rows(write(tmp_path, content, name))
    assert table(rows) == (["text", "label", "more"], [["a", "x", None], ["b", "y", 1]])
    assert rows.places[0] == first


def test_json_of_columns_and_of_lists(tmp_path):
    assert table(read_rows(write(tmp_path, '{"text": ["a", "b"], "label": [0, 1]}', "a.json"))) == (
        ["text", "label"],
        [["a", 0], ["b", 1]],
    )
    rows = read_rows(write(tmp_path, '[["a", "x"], ["b", "y"]]', "b.json"))
    assert (rows.named, table(rows)) == (False, (["1", "2"], [["a", "x"], ["b", "y"]]))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"text": "a"}\n{"text": "b"\n', "line 2: this is no JSON"),
        ('{"text": "a"}\n["b", 1]\n', "line 2: expected an object with fields as in the first row"),
        ("[3]", "record 1: expected a list of cells"),
        ("[[1, 2], [3]]", "record 2: found 1 cells where the first row has 2"),
        ("[]", "there are no rows in it"),
        ('{"validation": [], "test": []}', "is a mapping of validation, test; take one split out of it"),
    ],
)
def test_faults_of_json(tmp_path, content, says):
    with pytest.raises(DataError, match=says):
        read_rows(write(tmp_path, content, "a.json"))


def test_objects_of_the_kernel(tmp_path):
    import pandas as pd
    from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

    frame = pd.DataFrame({"text": ["a", "b"], "label": [0, 1]}, index=[7, 9])
    features = Features({"text": Value("string"), "label": ClassLabel(names=["no", "yes"])})
    dataset = Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]}, features=features)
    path = tmp_path / "a.csv"
    frame.to_csv(path, index=False)
    objects = [
        *(
            frame,
            dataset,
            dataset.to_iterable_dataset(),
            DatasetDict(train=dataset),
            {"text": ["a", "b"], "label": [0, 1]},
        ),
        *([{"text": "a", "label": 0}, {"text": "b", "label": 1}], {"train": frame, "test": frame}),
    ]
    for value in objects:
        assert table(read_rows(Reference("x", value))) == (["text", "label"], [["a", 0], ["b", 1]]), value
    assert read_rows(Reference("x", frame)).places == ["$x, row 7", "$x, row 9"]
    assert read_rows(Reference("x", dataset)).class_names == {"label": ["no", "yes"]}
    assert read_rows(Reference("x", path), known=KNOWN).places == ["a.csv, line 2", "a.csv, line 3"]
    tuples = read_rows(Reference("x", [("a", 0), ("b", 1)]))
    assert (tuples.named, tuples.places) == (False, ["$x[0]", "$x[1]"])


def test_faults_of_objects():
    import pandas as pd

    for value, says in [
        (3, r"\$x is an int; expected a pandas DataFrame"),
        ("text", "is a str"),
        ([], "there are no rows"),
        ([1, 2], r"\$x\[0\]: expected a list of cells"),
        (pd.DataFrame({"text": []}), "the DataFrame is empty; its columns are text"),
        ({"validation": [], "other": 1}, "is a mapping of validation, other; take one split"),
    ]:
        with pytest.raises(DataError, match=says):
            read_rows(Reference("x", value))


def test_parquet(tmp_path, monkeypatch):
    import pandas as pd

    path = tmp_path / "a.parquet"
    pd.DataFrame({"text": ["a", "b"], "label": ["x", "y"]}).to_parquet(path)
    for name in ("a.parquet", "a.bin"):
        (tmp_path / name).write_bytes(path.read_bytes())
        rows = read_rows(str(tmp_path / name))
        assert table(rows) == (["text", "label"], [["a", "x"], ["b", "y"]])
    with pytest.raises(DataError, match="no Parquet file that can be read"):
        read_rows(write(tmp_path, "text,label\na,b\n", "b.parquet"))
    monkeypatch.setattr(pd, "read_parquet", _lacks_pyarrow)
    with pytest.raises(DataError, match=r"Parquet files need pyarrow.*pip install 'ft_magics\[parquet\]'"):
        read_rows(str(path))


def _lacks_pyarrow(_):
    raise ImportError("Missing optional dependency 'pyarrow'")


letters = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=30)
cells = letters.filter(str.strip)


@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)  # each example writes its file
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=12), st.sampled_from("\t,;|"), st.booleans())
def test_what_was_written_is_read_back(tmp_path, rows, delimiter, all_quoted):
    stream = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(stream, delimiter=delimiter, quoting=quoting)
    writer.writerows([("text", "label"), *rows])
    path = write(tmp_path, stream.getvalue(), "a.csv")
    found = read_rows(path, delimiter=delimiter, header=True, known=KNOWN)
    assert [tuple(cells) for cells in found.cells] == rows
    lines = io.StringIO(stream.getvalue(), newline="").readlines()
    starts = [int(place.rpartition(" ")[2]) for place in found.places]
    assert all(
        lines[start - 1].lstrip('"').startswith(text[:1].lstrip('"'))
        for start, (text, _) in zip(starts, rows, strict=True)
    )
    path = write(
        tmp_path, "\n".join(json.dumps({"text": a, "label": b}, ensure_ascii=False) for a, b in rows), "a.jsonl"
    )
    assert [tuple(cells) for cells in read_rows(path).cells] == rows


scraps = st.sampled_from(
    [
        "text",
        "label",
        "a",
        ",",
        ";",
        "\t",
        "|",
        '"',
        '""',
        "\n",
        "\r\n",
        "\r",
        "{",
        "}",
        "[",
        "]",
        "0",
        "é",
        "__label__x ",
        " ",
    ]
)


@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)  # each example writes its file
@given(st.lists(scraps, max_size=30), st.sampled_from(["csv", "tsv", "txt", "json", "jsonl", "parquet"]))
def test_any_file_is_read_or_refused(tmp_path, parts, kind):
    path = write(tmp_path, "".join(parts), f"any.{kind}")
    try:
        rows = read_rows(path, known=KNOWN)
    except DataError:
        return
    assert len(rows.cells) == len(rows.places)
    assert all(len(cells) == len(rows.columns) for cells in rows.cells)
