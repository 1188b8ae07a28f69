"""Which columns of a table hold sources and targets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ft_magics.data.cells import Rows, fold, is_list, is_missing
from ft_magics.data.columns import named_column, named_in, usual_columns
from ft_magics.data.faults import list_faults, list_names, quoted, show
from ft_magics.errors import DataError
from ft_magics.tasks.seq2seq.config import PairOptions

__all__ = ["KNOWN", "Columns", "find_columns", "input_columns", "is_by_language", "with_languages", "with_references"]

_PAIRS = (
    *(("source", "target"), ("src", "tgt"), ("src", "trg"), ("source", "reference"), ("source", "references")),
    *(("article", "highlights"), ("article", "summary"), ("document", "summary"), ("text", "summary")),
    *(("dialogue", "summary"), ("meeting", "summary"), ("transcript", "summary"), ("report", "summary")),
    *(("article", "summarization"), ("dialogue", "abstract"), ("transcript", "abstract"), ("story", "highlights")),
    *(("article", "abstract"), ("abstract", "title"), ("content", "title"), ("content", "summary"), ("text", "title")),
    *(("text", "translation"), ("sentence", "translation"), ("input", "output"), ("text", "target"), ("body", "title")),
    *(("english", "chinese"), ("chinese", "english"), ("原文", "译文"), ("原文", "摘要"), ("正文", "摘要")),
    *(("正文", "标题"), ("内容", "标题"), ("英文", "中文"), ("中文", "英文")),
)
_LANGUAGES = frozenset(  # ISO 639-1
    (
        *("ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "ga", "he", "hi"),
        *("hr", "hu", "id", "it", "ja", "ka", "kk", "km", "ko", "lt", "lv", "mk", "mn", "ms", "mt", "my", "ne"),
        *("nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th", "tl", "tr"),
        *("uk", "ur", "uz", "vi", "zh"),
    )
)
_OF_REGIONS = (  # as mBART's tokenizer, browsers and parallel corpora write them
    *("ar_AR", "cs_CZ", "de_DE", "en_GB", "en_US", "en_XX", "es_ES", "es_XX", "et_EE", "fa_IR", "fi_FI"),
    *("fr_FR", "fr_XX", "he_IL", "hi_IN", "id_ID", "it_IT", "ja_JP", "ja_XX", "kk_KZ", "ko_KR", "lt_LT"),
    *("lv_LV", "my_MM", "ne_NP", "nl_NL", "nl_XX", "pl_PL", "pt_BR", "pt_PT", "pt_XX", "ro_RO", "ru_RU"),
    *("sv_SE", "th_TH", "tr_TR", "uk_UA", "ur_PK", "vi_VN", "zh_CN", "zh_HK", "zh_Hans", "zh_Hant", "zh_TW"),
)
_TARGETS = (  # names of what is written, also where nothing beside it has a usual name
    *("target", "reference", "references", "summary", "summarization", "highlights", "headline", "headlines"),
    *("translation", "abstractive_summary", "summary_text"),
    *("tldr", "摘要", "标题", "译文"),
)
_SOURCES = (  # names of what is read, the likeliest first; none of them is a target where another column can be it
    *("article", "document", "dialogue", "transcript", "text", "content", "body", "story", "report"),
    *("passage", "sentence", "input", "ctext", "原文", "正文", "内容"),
)
_IDS = frozenset(("id", "idx", "index", "guid", "uid", "uuid", "paperid", "unnamed:0", "编号"))
_ABOUT = frozenset(("fname", "filename", "file", "path", "url", "link", "readmore", "date", "author", "source"))
_FOLDED_TARGETS = frozenset(map(fold, _TARGETS))
_NUMBERED = re.compile(r"(.+?)[ _-]?\d+")
KNOWN = frozenset(map(fold, (*(name for pair in _PAIRS for name in pair), *_LANGUAGES, *_OF_REGIONS, *_TARGETS)))
_TRANSLATION = "translation"  # of the data sets of `datasets`: a column of {language: text}


@dataclass(frozen=True, slots=True)
class Columns:
    """Indices of columns; `id` is None where none was named."""

    source: int
    target: int
    id: int | None


def input_columns(columns: Sequence[str], data: Any) -> Sequence[str] | None:
    """The column of the source; see `TakesColumns`."""
    return usual_columns(columns, [named_in(data, "source_column")], [(source,) for source, _ in _PAIRS])


def with_languages(rows: Rows) -> Rows:
    """The table with a column a language, where one column holds texts by language, as in `{en: …, zh: …}`.

    Raises:
        DataError: In some rows the column holds something else.
    """
    at = next((at for at, _ in enumerate(rows.columns) if rows.cells and _is_translation(rows, at)), None)
    if at is None:
        return rows
    others = [
        (place, f"found {show(row[at])}, expected texts by language as in the other rows")
        for place, row in zip(rows.places, rows.cells, strict=True)
        if not isinstance(row[at], Mapping) and not is_missing(row[at])
    ]
    if others:
        raise DataError(list_faults(others))
    texts = [_by_language(row[at]) if isinstance(row[at], Mapping) else {} for row in rows.cells]
    keys = list(dict.fromkeys(str(key) for by_language in texts for key in by_language))
    cells = [
        (*row[:at], *map(by_language.get, keys), *row[at + 1 :])
        for row, by_language in zip(rows.cells, texts, strict=True)
    ]
    names = [*rows.columns[:at], *keys, *rows.columns[at + 1 :]]
    return replace(rows, columns=names, cells=cells, named=True)


def with_references(rows: Rows, options: PairOptions) -> Rows:
    """The table with columns such as `summary1`, `summary2` and `summary3` as one of several references.

    A table whose columns the cell names is as it is.
    """
    named = (options.source_column, options.target_column, options.id_column)
    grouped: dict[str, list[int]] = {}
    for at, name in enumerate(rows.columns if rows.named and named == (None, None, None) else ()):
        found = _NUMBERED.fullmatch(name)
        if found and fold(found[1]) in _FOLDED_TARGETS:
            grouped.setdefault(found[1], []).append(at)
    name, chosen = next(iter(grouped.items()), ("", []))
    if len(grouped) != 1 or len(chosen) < 2 or fold(name) in map(fold, rows.columns):
        return rows
    rest = [at for at, _ in enumerate(rows.columns) if at not in chosen]
    cells = [(*(row[at] for at in rest), _flat(row[at] for at in chosen) or None) for row in rows.cells]
    note = f"{rows.name}: {list_names([rows.columns[at] for at in chosen])} were read as references of one example"
    names = [*(rows.columns[at] for at in rest), name]
    return replace(rows, columns=names, cells=cells, notes=[*rows.notes, note])


def _flat(cells: Iterable[Any]) -> list[Any]:
    """What cells hold, without those that are empty."""
    return [part for cell in cells for part in (list(cell) if is_list(cell) else [] if is_missing(cell) else [cell])]


def _is_translation(rows: Rows, at: int) -> bool:
    """Whether a column holds texts by language; of another name than the usual one, all of it and two languages."""
    if rows.named and fold(rows.columns[at]) == _TRANSLATION:
        return any(isinstance(row[at], Mapping) for row in rows.cells)
    return all(isinstance(row[at], Mapping) and is_by_language(row[at]) for row in rows.cells)


def _by_language(texts: Mapping[str, Any]) -> Mapping[str, Any]:
    """`{language: [en, de], translation: [Hi, Hallo]}`, as the hub has several languages, as `{en: Hi, de: Hallo}`."""
    if set(texts) != {"language", _TRANSLATION} or not all(map(is_list, texts.values())):
        return texts
    if len(texts["language"]) != len(texts[_TRANSLATION]):
        raise DataError(f"found {show(dict(texts))}, expected as many texts as languages")
    grouped: dict[str, list[Any]] = {}
    for language, text in zip(texts["language"], texts[_TRANSLATION], strict=True):
        grouped.setdefault(str(language), []).append(text)
    return {language: found[0] if len(found) == 1 else found for language, found in grouped.items()}


def is_by_language(texts: Mapping[Any, Any]) -> bool:
    """Whether an object has texts by language, in one of the two ways of the hub."""
    two_lists = set(texts) == {"language", _TRANSLATION} and all(map(is_list, texts.values()))
    return two_lists or (len(texts) > 1 and all(map(_is_language, texts)))


def _is_language(name: Any) -> bool:
    return isinstance(name, str) and name.replace("_", "-").partition("-")[0].lower() in _LANGUAGES


def find_columns(rows: Rows, options: PairOptions, notes: list[str]) -> Columns:
    """Find the columns.

    Args:
        rows: What was read.
        options: Columns that the user named.
        notes: What was chosen without a name that says it is added here.

    Raises:
        DataError: A column is not there, or there are no two.
    """
    faults: list[str] = []
    source = named_column(rows, "source_column", options.source_column, faults)
    target = named_column(rows, "target_column", options.target_column, faults)
    key = named_column(rows, "id_column", options.id_column, faults)
    if faults:
        raise DataError("\n".join(faults))
    if len(rows.columns) < 2:
        raise DataError(
            f"{rows.name}: there is one column only ({list_names(rows.columns)}); expected a source and its target. If "
            "they are parted by some other character, name it with `delimiter`; if the targets are in a second file, "
            "name that with `target_path`"
        )
    if source is None or target is None:
        source, target = _unnamed(rows, source, target, key, notes)
    if source == target:
        raise DataError(
            f"{rows.name}: source and target are both column {quoted(rows.columns[source])}; name two columns"
        )
    return Columns(source, target, key)


def _unnamed(rows: Rows, source: int | None, target: int | None, key: int | None, notes: list[str]) -> tuple[int, int]:
    """The two columns that are not both named: by the usual names, by two languages, or by their place."""
    places = {fold(name): at for at, name in reversed(list(enumerate(rows.columns)))} if rows.named else {}
    for first, second in _PAIRS:
        one, other = places.get(fold(first)), places.get(fold(second))
        if one is not None and other is not None and source in (None, one) and target in (None, other):
            return one, other
    there = [at for at in range(len(rows.columns)) if at not in (source, target, key)]
    if target is None and rows.named:
        usual = [at for at in there if fold(rows.columns[at]) in _FOLDED_TARGETS]
        target = usual[0] if len(usual) == 1 else None
    free = [at for at in there if at != target]
    languages = [at for at in free if rows.named and _is_language(rows.columns[at])]
    wanted = [side for side, at in (("source", source), ("target", target)) if at is None]
    chosen = languages if len(languages) == len(wanted) else _likeliest(rows, free, len(wanted))
    if wanted == ["source"] and rows.named:  # the usual name, or the place
        chosen = [at for name in _SOURCES if (at := places.get(fold(name))) is not None and at in chosen] or chosen
    if len(chosen) < len(wanted):
        shown = list_names(rows.columns) if rows.named else f"{len(rows.columns)} without names"
        raise DataError(
            f"{rows.name}: no column looks like the {wanted[-1]}; the columns are {shown}. Name it with "
            f"`{wanted[-1]}_column`"
        )
    found = dict(zip(wanted, chosen, strict=False))
    one = found.get("source", source if source is not None else 0)
    other = found.get("target", target if target is not None else 0)
    rest = [rows.columns[at] for at in range(len(rows.columns)) if at not in (one, other, key)]
    unread = f"; not read: {list_names(rest)}" if rest else ""
    notes.append(
        f"{rows.name}: column {quoted(rows.columns[one])} was read as the source and {quoted(rows.columns[other])} as "
        f"the target, by their place{unread}; name others with `source_column` and `target_column`"
    )
    return one, other


def _likeliest(rows: Rows, free: Sequence[int], wanted: int) -> list[int]:
    """Columns of texts, in order; those that are the same in every row, or empty, where there are no two without them.

    Ids and numbers are none; a file's name, an author and the like are only where there are not as many as wanted.
    """
    texts = [at for at in free if not _is_other(rows, at)]
    varied = [at for at in texts if len(rows.cells) == 1 or len({_seen(row[at]) for row in rows.cells}) > 1]
    found = varied if len(varied) > 1 else texts
    texts = [at for at in found if not rows.named or fold(rows.columns[at]) not in _ABOUT]
    return texts if len(texts) >= wanted else found


def _seen(cell: Any) -> str:
    return "" if is_missing(cell) else cell if isinstance(cell, str) else repr(cell)


def _is_other(rows: Rows, at: int) -> bool:
    """Whether a column is an id, a number, or no text in a row."""
    if rows.named and fold(rows.columns[at]) in _IDS:
        return True
    cells = [row[at] for row in rows.cells if not is_missing(row[at])]
    texts = [cell for cell in cells if isinstance(cell, str)]
    if len(texts) < len(cells):
        return not any(map(is_list, cells))
    return bool(texts) and all(_is_number(text) for text in texts if text.strip()) and any(map(str.strip, texts))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
