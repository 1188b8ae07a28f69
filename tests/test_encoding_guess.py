"""A file in another encoding than UTF-8: the message names the encoding that it most likely has, and where to say so."""

from __future__ import annotations

from pathlib import Path

import pytest
from ft_magics.config.references import Reference
from ft_magics.data.encoding import decode
from ft_magics.data.encoding_guess import guess_encoding
from ft_magics.errors import DataError, EncodingError
from ft_magics.runs.cells import parse_cell
from ft_magics.tasks.classify.task import ClassifyTask

TEXTS = {
    "cp1252": [
        "text,label\ncafé fermé à Noël,waste\nprêt d’été,library\n",
        "Müller B-PER\nheißt O\n",
        "Die Straße war für Fußgänger gesperrt; schöne Grüße\n",
        "La señora está en la habitación, ¿no?\n",
        "Até amanhã, não há solução\n",
        "På grund av ökad trafik åker vi\n",
        "été\n",
        "“Hello” he said – it’s a café\n",
    ],
    "cp1250": ["Příliš žluťoučký kůň úpěl ďábelské ódy\n", "Łódź jest piękna, ale życie płynie\n"],
    "cp1254": ["Bugün hava çok güzel, değil mi? İstanbul'da yaşıyorum ve işe gidiyorum\n"],
    "cp1251": ["Привет, как дела? Сегодня хорошая погода\n", "Москва B-LOC\nстоит O\nПётр B-PER\n"],
    "koi8-r": ["Привет, как дела? Сегодня хорошая погода\n"],
    "cp1253": ["Καλημέρα, τι κάνεις σήμερα; Ο καιρός είναι ωραίος\n"],
    "cp1255": ["שלום, מה שלומך היום? מזג האוויר יפה\n"],
    "cp1256": ["مرحبا كيف حالك اليوم؟ الطقس جميل جدا\n"],
    "cp874": ["สวัสดีครับ วันนี้อากาศดีมาก\n"],
    "gb18030": ["text,label\n垃圾桶没有清空,waste\n图书什么时候还,library\n", "今天天气很好，我们去公园玩吧。\n"],
    "big5": ["今天天氣很好，我們去公園玩吧。他說的是真的嗎？\n", "垃圾桶沒有清空,waste\n圖書什麼時候還,library\n"],
    "shift_jis": ["今日は天気がいいですね。公園に行きましょう。\n", "カタカナのテキスト\n"],
    "euc_jp": ["今日は天気がいいですね。公園に行きましょう。\n"],
    "euc_kr": ["오늘 날씨가 정말 좋네요. 공원에 갑시다.\n"],
}


@pytest.mark.parametrize(("codec", "text"), [(codec, text) for codec, texts in TEXTS.items() for text in texts])
def test_the_encoding_is_guessed(codec, text):
    assert guess_encoding(text.encode(codec)) == codec


@pytest.mark.parametrize("raw", [b"\x80\x81\x8d\x8f\x90\x9d\xff", bytes(range(128, 256))])
def test_bytes_that_fit_nothing_are_guessed_to_be_nothing(raw):
    assert guess_encoding(raw) is None
    with pytest.raises(DataError, match="for example `encoding: cp1252`"):
        decode(raw, "odd.csv")


def test_the_message_shows_how_the_line_reads():
    with pytest.raises(EncodingError, match=r"a\.csv, line 2: .*In cp1252 it reads `café fermé`.*`encoding: cp1252`"):
        decode("text\ncafé fermé\n".encode("cp1252"), "a.csv")


@pytest.mark.parametrize(("split", "codec"), [("train", "cp1252"), ("dev", "gb18030")])
def test_the_message_says_where_in_the_cell_the_encoding_belongs(split, codec):
    Path("good.csv").write_text("text,label\na,x\nb,y\n")
    Path("bad.csv").write_bytes(TEXTS[codec][0].encode(codec))
    splits = {"train": "good.csv", "dev": "good.csv", split: "bad.csv"}
    config = parse_cell(f"task: classify\nmodel: m\ndata: {{train: {splits['train']}, dev: {splits['dev']}}}", {})
    with pytest.raises(EncodingError) as refused:
        ClassifyTask.read(config.settings, config.data)
    assert f"data.{split}: bad.csv, line 2" in str(refused.value)
    assert f"`data.encoding: {codec}`" in str(refused.value)
    assert f"`data.{split}: {{path: …, encoding: {codec}}}`" in str(refused.value)


def test_an_encoding_that_was_said_wrongly_is_guessed_too():
    with pytest.raises(EncodingError, match=r"the bytes are not big5\. In gb18030 it reads"):
        decode(TEXTS["gb18030"][1].encode("gb18030") * 3, "a.csv", "big5")


def test_a_path_of_the_notebook_is_read_with_the_same_message():
    Path("bad.csv").write_bytes(TEXTS["cp1252"][0].encode("cp1252"))
    from ft_magics.data.rows import read_rows

    with pytest.raises(EncodingError, match="cp1252"):
        read_rows(Reference("path", Path("bad.csv")))
