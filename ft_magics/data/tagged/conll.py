"""CoNLL-like column files: one word a line, its tag in a column, an empty line after a sentence.

What real files do to this form, and what is made of it here: tabs or runs of spaces (decided once per file), lines of
white space between sentences, `-DOCSTART-` lines, comments (a `#` line that has no tag where the tags stand; `#` with a
tag is a word), a header row, an index column, words that are empty or a single space, word|tag cells on one line.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ft_magics.data.faults import list_faults, list_names, quoted
from ft_magics.data.tagged.config import ReadOptions
from ft_magics.data.tagged.examples import LabelledSentence
from ft_magics.data.tagged.schemes import is_tag
from ft_magics.errors import DataError, did_you_mean

__all__ = ["read_conll"]

_BLANKS = " \t"  # str.strip() would also take U+3000, U+00A0 and others, which are words in some files
_SPACES = re.compile(r"[ \t]+")
_MOST_DIGITS = 9  # of the number of a word
_HEADER_WORDS = frozenset({"form", "token", "tokens", "word", "words"})

Row = tuple[int, list[str]]


@dataclass(slots=True)
class _Sentences:
    """Sentences under construction."""

    name: str
    done: list[LabelledSentence] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def add(self, line: int, word: str, tag: str) -> None:
        self.words.append(word)
        self.tags.append(tag)
        self.lines.append(line)

    def end(self) -> None:
        if self.words:
            places = [f"{self.name}, line {line}" for line in self.lines]
            self.done.append(LabelledSentence(self.words, self.tags, places))
            self.words, self.tags, self.lines = [], [], []


def read_conll(text: str, name: str, options: ReadOptions, notes: list[str]) -> list[LabelledSentence]:
    """Read a column file.

    Args:
        text: The whole file, decoded.
        name: For messages.
        options: Columns and the sentence mark, where the user named them.
        notes: What was chosen is added here, for the data check.

    Raises:
        DataError: Lines without a tag or with an odd number of columns, each with its line number.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if _is_inline(lines):
        return _read_inline(lines, name)
    tabs = _separates_by_tab(lines)
    rows = [(number, _cells(line, tabs)) for number, line in enumerate(lines, 1)]
    columns = _Columns.find(rows, name, options, notes)
    return _assemble(rows, columns, name, options)


def _assemble(rows: Sequence[Row], columns: _Columns, name: str, options: ReadOptions) -> list[LabelledSentence]:
    sentences = _Sentences(name)
    faults: list[tuple[str, str]] = []
    marked = False
    for number, cells in rows:
        if not cells or cells[0] == "-DOCSTART-":
            sentences.end()
        elif number != columns.header_line and not columns.is_comment(cells):
            fault = columns.fault(cells)
            if fault:
                faults.append((f"{name}, line {number}", fault))
                continue
            sentences.add(number, cells[columns.token], cells[columns.tag])
            if options.sentence_end and any(options.sentence_end in cell for cell in cells):
                marked = True
                sentences.end()
    sentences.end()
    if faults:
        raise DataError(list_faults(faults))
    if options.sentence_end and not marked:
        raise DataError(f"{name}: no line holds `{options.sentence_end}`, which `sentence_end` names as the mark")
    return sentences.done


def _separates_by_tab(lines: Sequence[str]) -> bool:
    filled = [line for line in lines if line.strip(_BLANKS) and not line.startswith("#")]
    return 2 * sum("\t" in line for line in filled) >= max(len(filled), 1)


def _cells(line: str, tabs: bool) -> list[str]:
    """The cells of a line; none for a line of white space."""
    if not line.strip(_BLANKS):
        return []
    return line.split("\t") if tabs else _SPACES.split(line.strip(_BLANKS))


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which cells of a row are the word and its tag.

    Args:
        token: Index of the word's cell.
        tag: Index of the tag's cell.
        count: Cells in a row, for files in which every row must have as many; None where the tag's column was named.
        header_line: Line number of the header row, 0 for none.
        any_tag: Tags need no prefix (`scheme: IO`).
    """

    token: int
    tag: int
    count: int | None
    header_line: int
    any_tag: bool

    @classmethod
    def find(cls, rows: Sequence[Row], name: str, options: ReadOptions, notes: list[str]) -> _Columns:
        filled = [(number, cells) for number, cells in rows if cells and cells[0] != "-DOCSTART-"]
        if not filled:
            raise DataError(f"{name}: the file is empty. Expected one word and its tag a line")
        candidates = [row for row in filled if not row[1][0].startswith("#")] or filled
        count = Counter(len(cells) for _, cells in candidates).most_common(1)[0][0]
        header_line, header = candidates[0]
        named = [column for column in (options.token_column, options.tag_column) if isinstance(column, str)]
        token = _index(options.token_column, header, name)
        tag = _index(options.tag_column, header, name)
        loose = options.tag_column is not None
        any_tag = options.scheme == "IO"
        if tag is None:
            tag = _tag_column([cells for _, cells in candidates if len(cells) == count], count, any_tag, notes, name)
        if not named and not _looks_like_header(header, token or 0, tag):
            header_line = 0
        if token is None:
            token = _word_column(filled, count, tag, notes, name)
        if token == tag and count > 1:
            raise DataError(
                f"{name}: column {tag + 1} cannot be both the word and its tag; name two columns: `token_column`, "
                "`tag_column`"
            )
        return cls(token, tag, None if loose else count, header_line, any_tag)

    def is_comment(self, cells: Sequence[str]) -> bool:
        if not cells[0].startswith("#"):
            return False
        fits = len(cells) > max(self.token, self.tag) if self.count is None else len(cells) == self.count
        return not fits or len(cells) < 2 or not (is_tag(cells[self.tag]) or self.any_tag)

    def fault(self, cells: Sequence[str]) -> str | None:
        """What is wrong with a row, or None."""
        if len(cells) == 1:
            return f"`{quoted(cells[0][:40])}` has no tag; expected a word and a tag"
        if self.count is not None and len(cells) != self.count > 1:
            return (
                f"found {len(cells)} columns where most lines have {self.count}, so the last column is not one thing; "
                "mend the line, or name the columns: `token_column: 1`, `tag_column: 2`"
            )
        needed = max(self.token, self.tag) + 1
        if len(cells) < needed:
            return f"expected at least {needed} columns, found {len(cells)}; columns count from 1"
        return None


def _index(column: int | str | None, header: Sequence[str], name: str) -> int | None:
    if column is None:
        return None
    if isinstance(column, int):
        if column < -len(header):
            raise DataError(f"{name}: there is no column {column}; the lines have {len(header)}, and -1 is the last")
        return column - 1 if column > 0 else len(header) + column
    if column not in header:
        near = did_you_mean(column, header)
        raise DataError(f"{name}: no column `{quoted(column)}` in the header row ({list_names(header)}).{near}")
    return list(header).index(column)


def _looks_like_header(cells: Sequence[str], token: int, tag: int) -> bool:
    if max(token, tag) >= len(cells):
        return False
    return cells[token].lower() in _HEADER_WORDS and not is_tag(cells[tag])


def _tag_column(rows: Sequence[Sequence[str]], count: int, any_tag: bool, notes: list[str], name: str) -> int:
    """The last column; another one where that alone holds tags."""
    last = count - 1
    body = rows[1:] or rows  # the first may be a header
    holding = [] if any_tag else [at for at in range(1, count) if all(map(is_tag, {cells[at] for cells in body}))]
    if holding == [last] or not holding:
        return last
    listed = list_names(at + 1 for at in holding)
    if last in holding:
        notes.append(
            f"{name}: columns {listed} hold tags; the last was read. Another one: `tag_column: {holding[0] + 1}`"
        )
        return last
    if len(holding) == 1:
        notes.append(f"{name}: only column {listed} holds tags, so it was read as the tag")
        return holding[0]
    raise DataError(f"{name}: columns {listed} hold tags, and the last does not; name one with `tag_column`")


def _word_column(filled: Sequence[Row], count: int, tag: int, notes: list[str], name: str) -> int:
    """The first column, or the second where the first counts the words."""
    if count < 3 or tag == 1:
        return 0
    numbers = [cells[0] for _, cells in filled if len(cells) == count and not cells[0].startswith("#")]
    if "1" not in numbers or not all(number.isdecimal() and len(number) <= _MOST_DIGITS for number in numbers):
        return 0
    steps = itertools.pairwise(numbers)
    if all(int(after) in (int(before) + 1, 1, 0) for before, after in steps):
        notes.append(f"{name}: the first column counts the words, so the second is read as the word")
        return 1
    return 0


def _is_inline(lines: Sequence[str]) -> bool:
    filled = [line for line in lines if line.strip(_BLANKS)]
    return bool(filled) and all(
        "|" in cell and is_tag(cell.rpartition("|")[2]) for line in filled for cell in line.split()
    )


def _read_inline(lines: Sequence[str], name: str) -> list[LabelledSentence]:
    """Sentences as `word|tag word|POS|tag`, one a line."""
    return list(_inline_sentences(lines, name))


def _inline_sentences(lines: Sequence[str], name: str) -> Iterator[LabelledSentence]:
    for number, line in enumerate(lines, 1):
        cells = line.split()
        if cells:
            words = [cell.partition("|")[0] or "|" for cell in cells]
            tags = [cell.rpartition("|")[2] for cell in cells]
            yield LabelledSentence(words, tags, [f"{name}, line {number}"] * len(cells))
