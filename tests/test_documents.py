"""Raw text: where documents begin and end, what is held out, and what is wrong with it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ft_magics.config.references import Reference
from ft_magics.config.splits import Fraction
from ft_magics.data.documents.document import Documents
from ft_magics.data.documents.holding_out import hold_out, shared_lines
from ft_magics.data.documents.listed import ListedTexts
from ft_magics.data.documents.reading import HowToRead, read_documents
from ft_magics.errors import DataError, EncodingError, FaultsError
from hypothesis import given
from hypothesis import strategies as st


def _read(source, **how) -> Documents:
    return read_documents(str(source) if not isinstance(source, Reference) else source, HowToRead(**how))


def _texts(documents):
    listed = [document.text for document in documents]
    assert listed == [documents[at].text for at in range(len(documents))]
    assert len(documents.hashes) == len(listed)
    assert documents.characters == sum(map(len, listed))
    assert documents.utf8_bytes == sum(len(text.encode()) for text in listed)
    return listed


def test_blank_lines_lines_or_the_file_part_documents(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffone\r\ntwo\r\n \t \r\n\r\n三\r\nfour".encode())
    documents = _read(path)
    assert _texts(documents) == ["one\r\ntwo", "三\r\nfour"]
    assert [document.id for document in documents] == ["a.txt, line 1", "a.txt, line 5"]
    assert _texts(_read(path, separator="line")) == ["one", "two", "三", "four"]
    assert len(_texts(_read(path, separator="file"))) == 1


@given(text=st.text(alphabet="ab 王é\n", max_size=60))
def test_no_word_is_lost_or_added(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("words") / "a.txt"
    path.write_text(text, encoding="utf-8", newline="")
    if not text.strip():
        with pytest.raises(DataError, match="empty|no text"):
            _read(path)
        return
    assert " ".join(_texts(_read(path))).split() == text.split()


def test_a_long_document_is_taken_in_parts_of_whole_characters(tmp_path):
    for text in ("王小明 " * 30_000, "王" * 50_001, "line of text\n" * 9000):
        path = tmp_path / "long.txt"
        path.write_text(text, encoding="utf-8")
        parts = _texts(_read(path))
        assert len(parts) > 2
        assert max(map(len, parts)) <= 32_000
        assert "".join("".join(parts).split()) == "".join(text.split())
    path = tmp_path / "long.jsonl"
    path.write_text(json.dumps({"text": "b" * 40_000}), encoding="utf-8")
    assert [len(part) for part in _texts(_read(path))] == [16_000, 16_000, 8_000]


def test_records_columns_lists_and_folders(tmp_path):
    import pandas as pd

    lines = [{"id": 1, "text": "eins"}, {"id": 2, "text": None}, {"id": 3, "text": "drei\n\nvier"}]
    path = tmp_path / "b.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    documents = _read(path)
    assert _texts(documents) == ["eins", "drei\n\nvier"]
    assert documents[1].id == "b.jsonl, line 3"
    assert documents.notes == ["b.jsonl: 1 of 3 records have no text and were left out"]
    frame = pd.DataFrame({"n": [1, 2], "body": ["x y", "z"]})
    assert _texts(_read(Reference("frame", frame))) == ["x y", "z"]
    assert _texts(_read(Reference("texts", ["a", "", "b"]))) == ["a", "b"]
    assert _texts(_read(Reference("rows", [{"text": "a"}, {"text": "b"}]))) == ["a", "b"]
    frame.to_csv(tmp_path / "c.csv", index=False)
    assert _texts(_read(tmp_path / "c.csv", text_column="body")) == ["x y", "z"]
    (tmp_path / "README.md").write_text("not text of the corpus")
    assert _texts(_read(tmp_path)) == ["eins", "drei\n\nvier", "x y", "z"]
    assert _texts(_read(tmp_path / "*.jsonl")) == ["eins", "drei\n\nvier"]
    with pytest.raises(DataError, match="which column is the text"):
        _read(Reference("frame", pd.DataFrame({"a": ["x"], "b": ["y"]})))
    with pytest.raises(DataError, match="has no column `bdy`.*Did you mean `body`"):
        _read(Reference("frame", frame), text_column="bdy")


def test_a_data_set_is_read():
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict({"text": ["eins", "zwei"], "n": [1, 2]})
    assert _texts(_read(Reference("data", data))) == ["eins", "zwei"]


def test_faults_say_where(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("first line\n王\n".encode() + "Grüße aus Köln, schöne Grüße\n".encode("cp1252"))
    with pytest.raises(EncodingError, match=r"a.txt, line 3, byte 17: the bytes are not utf-8"):
        _read(path)
    path.write_bytes(b"some text\nand \0 more")
    with pytest.raises(DataError, match="line 2, byte 14: there is a zero byte"):
        _read(path)
    path.write_bytes(bytes(range(256)) * 8)
    with pytest.raises(DataError, match=r"a.txt: this is no text \(10 % of its first bytes are control characters"):
        _read(path)
    path.write_bytes(b"\x1f\x8b\x08 not text")
    with pytest.raises(DataError, match="gzip archive and no text"):
        _read(path)
    path.write_bytes(b" \n \n")
    with pytest.raises(DataError, match="empty"):
        _read(path)
    path.write_text('{"text": "a"}\n{"text": 7}\n')
    with pytest.raises(DataError, match="a.txt, line 2: `text` is 7, expected a text"):
        _read(path, format="jsonl")
    with pytest.raises(DataError, match="no such file"):
        _read(tmp_path / "b.txt")
    (tmp_path / "c.txt").write_text("")
    (tmp_path / "d.txt").write_text("")
    with pytest.raises(FaultsError):
        _read(tmp_path / "[cd].txt")


def test_a_file_that_changes_is_refused_not_misread(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one\n\ntwo\n")
    documents = _read(path)
    path.write_text("three\n\nfour and more\n")
    with pytest.raises(DataError, match="has changed"):
        list(documents)
    path.unlink()
    with pytest.raises(DataError, match="cannot be read"):
        documents[0]


def test_a_share_is_held_out_and_no_text_is_on_both_sides(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("\n\n".join(f"text {at % 60}" for at in range(100)))
    documents = _read(path)
    kept, held = hold_out(documents, "dev", Fraction(fraction=0.1), "a.txt")
    again, _ = hold_out(documents, "dev", Fraction(fraction=0.1), "a.txt")
    assert not set(_texts(kept)) & set(_texts(held))
    assert 9 <= len(held) <= 12
    assert sorted(_texts(kept) + _texts(held)) == sorted(_texts(documents))
    assert np.array_equal(kept.hashes, again.hashes)
    path.write_text("\n\n".join(["the same text"] * 5))
    with pytest.raises(DataError, match="one document"):
        hold_out(_read(path), "dev", Fraction(fraction=0.1), "a.txt")


def test_a_long_document_is_held_out_whole_unless_there_are_too_few(tmp_path):
    path = tmp_path / "long.txt"
    books = ["\n".join(f"book {book} line {line}" for line in range(4000)) for book in range(40)]
    path.write_text("\n\n".join(books))
    documents = _read(path)
    assert len(documents) > 2 * 40
    kept, held = hold_out(documents, "dev", Fraction(fraction=0.1), "long.txt")
    sides = [{text.split()[1] for text in _texts(side)} for side in (kept, held)]
    assert not sides[0] & sides[1]
    assert len(sides[1]) == 4
    assert held.notes == []
    assert hold_out(held, "test", Fraction(fraction=0.25), "long.txt")[1].notes == []  # of a share as of the whole
    path.write_text(books[0])
    kept, held = hold_out(_read(path), "dev", Fraction(fraction=0.3), "long.txt")
    assert len(kept) == 2
    assert "too few documents to hold out whole ones" in held.notes[0]
    # Two begin with the same part, so all four parts are on one side.
    again = ListedTexts(["a" * 20_000 + "b", "c" * 5, "a" * 20_000 + "d", "e"], str, "again")
    kept, held = hold_out(again, "dev", Fraction(fraction=0.3), "again")
    assert not {*map(len, _texts(kept))} & {*map(len, _texts(held))}


def test_lines_that_stand_on_both_sides_are_counted(tmp_path):
    train, dev = tmp_path / "train.txt", tmp_path / "dev.txt"
    lines = [f"this is line number {at} of a text" for at in range(40)]
    train.write_text("\n".join(lines[:30]))
    dev.write_text("\n".join(lines[20:]))
    assert shared_lines(_read(train), _read(dev)) == pytest.approx(0.5)
