"""Which columns are the text, its pair, the label: as the user said, else by name, else by what is in them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ft_magics.data.cells import Rows, fold, index_of, is_list, is_missing
from ft_magics.data.columns import named_column, named_in, usual_columns
from ft_magics.data.faults import list_names, quoted, show
from ft_magics.errors import DataError
from ft_magics.tasks.classify.config import ClassifySettings, TextOptions

__all__ = ["KNOWN", "Columns", "find_columns", "flag_of", "input_columns"]

_PAIRS = (
    ("sentence1", "sentence2"),
    ("premise", "hypothesis"),
    ("question1", "question2"),
    ("text1", "text2"),
    ("texta", "textb"),
    ("sentencea", "sentenceb"),
    ("text", "textpair"),
    ("question", "sentence"),
    ("query", "passage"),
    ("句子1", "句子2"),
    ("文本1", "文本2"),
)
_TEXT = (
    *("text", "sentence", "content", "tweet", "文本", "内容", "review", "question", "utterance", "query", "comment"),
    *("message", "sms", "post", "body", "document", "article", "description", "abstract", "headline", "title"),
    *("reviewtext", "reviewbody", "commenttext", "tweettext", "fulltext", "input", "prompt", "snippet", "texts", "utt"),
    *("sentences", "txt", "words", "正文", "句子", "评论", "标题", "文章", "问题", "texto", "texte", "texts", "testo"),
    *("текст", "النص", "نص", "テキスト", "本文", "텍스트", "문장", "ข้อความ", "पाठ"),
)
_LABEL = (
    *("labeltext", "labelname", "label", "labels", "category", "class", "intent", "标签", "类别", "target"),
    *("sentiment", "topic", "emotion", "categories", "classes", "intents", "polarity", "classname", "categoryname"),
    *("goldlabel", "gold", "labelid", "tag", "tags", "emotions", "topics", "targets", "stance", "genre", "domain"),
    *(
        "classindex",
        "rating",
        "starrating",
        "stars",
        "score",
        "similarity",
        "y",
        "output",
        "answer",
        "意图",
        "情感",
        "分类",
        "类目",
        "标注",
    ),
    *("etiqueta", "categoria", "categoría", "étiquette", "etichetta", "kategorie", "klasse", "метка", "категория"),
    *("التصنيف", "تصنيف", "ラベル", "カテゴリ", "라벨", "레이블", "분류", "ป้าย", "หมวดหมู่", "लेबल", "श्रेणी"),
)
_SCORE = ("score", "rating", "stars", "similarity", "value", "target", "y", "label", "labels", "分数", "评分")
_ID = ("id", "indexid", "idx", "index", "guid", "uid", "uuid", "textid", "qid", "pairid", "unnamed:0", "编号", "")
KNOWN = frozenset(
    fold(name) for name in (*(name for pair in _PAIRS for name in pair), *_TEXT, *_LABEL, *_SCORE, *_ID) if name
)
_TEXTS = frozenset(map(fold, _TEXT))
_INPUTS = (("text", "textpair"), ("text",), *_PAIRS, *((name,) for name in _TEXT))  # of a file to predict
_MOST_LETTERS = 100  # of a label, on average
_FLAGS = {"0": False, "1": True, "false": False, "true": True, "0.0": False, "1.0": True}


@dataclass(frozen=True, slots=True)
class Columns:
    """Indices of columns; `labels` has more than one where each class has a column of its own."""

    text: int
    pair: int | None
    labels: tuple[int, ...]
    id: int | None


@dataclass(frozen=True, slots=True)
class _Content:
    """What is in a column.

    Args:
        distinct: How many different values.
        letters: Of a cell, on average.
        lists: Whether there is a list in it.
        numbers: Whether all cells are numbers.
        flags: Whether all cells are 0 or 1, true or false, and both occur.
    """

    distinct: int
    letters: float
    lists: bool
    numbers: bool
    flags: bool


@dataclass(slots=True)
class _Choice:
    """Columns as far as they are found."""

    text: int | None
    pair: int | None
    labels: list[int]
    key: int | None


def input_columns(columns: Sequence[str], data: Any) -> Sequence[str] | None:
    """The column of the text, or those of a pair; see `TakesColumns`."""
    return usual_columns(columns, [named_in(data, "text_column"), named_in(data, "text_pair_column")], _INPUTS)


def find_columns(rows: Rows, options: TextOptions, settings: ClassifySettings, notes: list[str]) -> Columns:
    """Find the columns.

    Args:
        rows: What was read.
        options: Columns that the user named.
        settings: A regression's label is a number.
        notes: What was chosen without a name that says it is added here.

    Raises:
        DataError: A column is not there or is named twice, or nothing looks like a text or a label.
    """
    header = list(rows.columns)
    faults: list[str] = []
    labels = options.label_column if isinstance(options.label_column, list) else [options.label_column]
    text = named_column(rows, "text_column", options.text_column, faults)
    pair = named_column(rows, "text_pair_column", options.text_pair_column, faults)
    given = [named_column(rows, "label_column", label, faults) for label in labels if label is not None]
    choice = _Choice(
        text=text,
        pair=pair,
        labels=[at for at in given if at is not None],
        key=named_column(rows, "id_column", options.id_column, faults),
    )
    if faults:
        raise DataError("\n".join(faults))
    _differ(rows, choice)
    if len(header) < 2:
        raise DataError(
            f"{rows.name}: there is one column only ({list_names(header)}); expected a text and its label. "
            f"If they are parted by some other character, name it with `delimiter`{_tagged_hint(rows.name)}"
        )
    if rows.named:
        _refuse_the_text(rows, choice)
        _texts_by_name(rows, choice, notes)
        taken = {choice.text, choice.pair, choice.key}
        usual = (*_SCORE, *_LABEL) if settings.regression else _LABEL
        choice.labels = choice.labels or _by_name(header, usual, taken)
        if choice.key is None:
            choice.key = next(iter(_by_name(header, _ID, {*taken, *choice.labels})), None)
    if choice.text is None or not choice.labels:
        _by_content(rows, choice, settings, notes)
    assert choice.text is not None  # noqa: S101  # it was chosen by content at last
    return Columns(
        choice.text, choice.pair, tuple(choice.labels), choice.key if options.id_column is not None else None
    )


def _tagged_hint(name: str) -> str:
    tagged = name.lower().endswith((".conll", ".bio", ".iob", ".iob2", ".iobes"))
    return "; a file of tagged words is for `task: ner`" if tagged else ""


def _differ(rows: Rows, choice: _Choice) -> None:
    """See that columns that were named in different ways are not one column."""
    named = [("text_column", choice.text), ("text_pair_column", choice.pair)]
    named += [("label_column", at) for at in choice.labels]
    seen: dict[int, str] = {}
    for option, at in named:
        if at is None:
            continue
        if at in seen:
            raise DataError(
                f"{rows.name}: `{seen[at]}` and `{option}` are both column {quoted(rows.columns[at])}; name two columns"
            )
        seen[at] = option


def _refuse_the_text(rows: Rows, choice: _Choice) -> None:
    """See that the column that was named for the labels is not the only one that is called after texts."""
    texts = [at for at, column in enumerate(rows.columns) if fold(column) in _TEXTS]
    if choice.text is None and choice.labels and texts and set(texts) <= set(choice.labels):
        others = list_names(column for at, column in enumerate(rows.columns) if at not in texts)
        raise DataError(
            f"{rows.name}: `label_column: {quoted(rows.columns[texts[0]])}` is the column of the texts; the others are "
            f"{others}. If the texts are in one of those, name it with `text_column`"
        )


def _by_name(header: Sequence[str], usual: Iterable[str], taken: set[int | None]) -> list[int]:
    """The column with the first of the usual names, in a list; an empty list where there is none."""
    places = {fold(column): at for at, column in reversed(list(enumerate(header))) if at not in taken}
    return next(([places[fold(name)]] for name in usual if fold(name) in places), [])


def _texts_by_name(rows: Rows, choice: _Choice, notes: list[str]) -> None:
    header = rows.columns
    places = {fold(column): at for at, column in reversed(list(enumerate(header))) if at not in choice.labels}
    if choice.text is None and choice.pair is None:
        both = next((names for names in _PAIRS if all(name in places for name in names)), None)
        if both and (both[0] == "text" or "text" not in places):
            choice.text, choice.pair = (places[name] for name in both)
            notes.append(
                f"{rows.name}: {quoted(header[choice.text])} and {quoted(header[choice.pair])} were read as a pair of "
                "texts; for one of them alone, name it with `text_column`"
            )
            return
    if choice.text is None:
        first = (names[0] for names in _PAIRS if choice.pair is not None and fold(header[choice.pair]) == names[1])
        choice.text = next(iter(_by_name(header, (*first, *_TEXT), {choice.pair, *choice.labels})), None)


def _by_content(rows: Rows, choice: _Choice, settings: ClassifySettings, notes: list[str]) -> None:
    """Choose what has no name that says it: labels have the fewest different values, texts are the longest."""
    taken = {choice.text, choice.pair, choice.key, *choice.labels}
    contents = {at: _content(rows, at) for at in range(len(rows.columns)) if at not in taken}
    if rows.listed and list(contents) == [0, 1] and contents[0].distinct >= contents[1].distinct:
        choice.text, choice.labels = 0, [1]  # `(text, label)`, as it is written by hand
        return
    said, options = [], []
    if not choice.labels:
        choice.labels = _labels_by_content(rows, contents, settings, text_is_known=choice.text is not None)
        said.append(f"{_shown(rows, choice.labels)} as the label")
        options.append("`label_column`")
    if choice.text is None:
        texts = {at: contents[at] for at in contents if at not in choice.labels and not contents[at].lists}
        if not texts:
            raise DataError(_missing(rows, "text"))
        choice.text = max(texts, key=lambda at: (not texts[at].numbers, texts[at].distinct > 1, texts[at].letters))
        said.insert(0, f"{_shown(rows, [choice.text])} as the text")
        options.insert(0, "`text_column`")
    _refuse_data_as_names(rows, (choice.text, *choice.labels))
    unread = [name for at, name in enumerate(rows.columns) if at not in {choice.text, choice.pair, *choice.labels}]
    rest = f"; not read: {list_names(unread)}" if unread else ""
    numbers = "" if rows.named else f" by number, such as {options[0].removesuffix('`')}: 1`"
    notes.append(
        f"{rows.name}: {' and '.join(said)}, by what is in them{rest}; name others with {', '.join(options)}{numbers}"
    )


def _labels_by_content(
    rows: Rows, contents: dict[int, _Content], settings: ClassifySettings, *, text_is_known: bool
) -> list[int]:
    """The column of labels; several where each class has a column of its own."""
    if settings.regression:
        numbers = {at: item for at, item in contents.items() if item.numbers}
        if numbers:
            return [max(numbers, key=lambda at: (numbers[at].distinct, at))]
    if settings.multi_label:
        lists = [at for at, item in contents.items() if item.lists]
        flags = [at for at, item in contents.items() if item.flags]
        if lists or len(flags) > 1:
            return lists[:1] or flags
    varied = {at: item for at, item in contents.items() if item.distinct > 1 or len(rows.cells) == 1}
    constant = [at for at in contents if at not in varied]
    if len(varied) == (0 if text_is_known else 1) and constant:
        return constant[-1:]  # one class only: refused later, with its name
    short = {at: item for at, item in varied.items() if item.letters <= _MOST_LETTERS}
    if not short:
        raise DataError(_missing(rows, "label"))
    return [min(short, key=lambda at: (short[at].distinct, short[at].letters))]


def _missing(rows: Rows, what: str) -> str:
    names = list_names(rows.columns)
    there = f"the columns are {names}" if rows.named else f"nothing names the {len(rows.columns)} columns"
    return f"{rows.name}: no column looks like the {what}; {there}. Name it with `{what}_column`"


def _shown(rows: Rows, columns: Sequence[int]) -> str:
    listed = list_names(rows.columns[at] for at in columns)
    return f"{'column' if len(columns) == 1 else 'columns'} {listed}"


def _content(rows: Rows, at: int) -> _Content:
    cells = [row[at] for row in rows.cells if not is_list(row[at])]
    lists = len(cells) < len(rows.cells)
    values = {cell if isinstance(cell, Hashable) else show(cell) for cell in cells if not is_missing(cell)}
    letters = sum(len(cell) if isinstance(cell, str) else 1 for cell in cells) / max(len(cells), 1)
    return _Content(
        distinct=len(values),
        letters=letters,
        lists=lists,
        numbers=bool(values) and all(map(_is_number, values)),
        flags=len(values) == 2 and None not in map(flag_of, values),
    )


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return False
        return True
    return isinstance(value, (int, float)) or hasattr(value, "dtype")


def flag_of(cell: Any) -> bool | None:
    """Whether a cell is 1 or true; None where it is neither that nor 0 or false."""
    if isinstance(cell, str):
        return _FLAGS.get(cell.strip().lower())
    index = index_of(cell)
    if isinstance(cell, (bool, float)) or index is not None:
        return bool(cell) if cell in (0, 1) else None
    return None


def _refuse_data_as_names(rows: Rows, columns: Sequence[int]) -> None:
    """A table that was read without its first row, whose cells became the names of the columns."""
    if not rows.named or any(fold(name) in KNOWN for name in rows.columns):
        return
    for at in columns:
        name = rows.columns[at]
        times = sum(1 for row in rows.cells if row[at] == name)
        if times:
            raise DataError(
                f"{rows.name}: the names of the columns are data: {quoted(name)} is in {times} rows too; read the "
                "file without a header, such as `pd.read_csv(…, header=None)`"
            )
