"""A path or an object of the kernel → a split of dialogues.

Understood are rows with a list of turns, as OpenAI (`messages`: `role`, `content`), ShareGPT (`conversations`: `from`,
`value`) and SGD (`turns`: `speaker`, `utterance`) write them; tables with a turn a row; lists of lists of turns, where
a turn is a mapping, a pair of side and text, or a text alone: then the user and the assistant speak by turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ft_magics.config.references import Reference
from ft_magics.data.cells import Rows, fold, is_list
from ft_magics.data.columns import named_in, need_column, usual_columns
from ft_magics.data.examples import Split
from ft_magics.data.faults import list_names, show
from ft_magics.data.rows import read_rows
from ft_magics.data.written import read_written
from ft_magics.errors import DataError
from ft_magics.tasks.dialogue.config import DialogueOptions
from ft_magics.tasks.dialogue.pairs import find_pairs, names_in
from ft_magics.tasks.dialogue.turn_shapes import SAID, SIDES, Faults, turns_in
from ft_magics.tasks.dialogue.turns import ASSISTANT, SYSTEM, Dialogue, Repairs, Turn

__all__ = ["input_columns", "read_dialogues"]

_TURNS = ("messages", "conversations", "conversation", "turns", "dialogue", "dialog", "log", "utterances")
_OF_DIALOGUE = ("dialogueid", "conversationid", "dialogid", "convid", "sessionid", "chatid", "dialogue", "conversation")
_KNOWN = frozenset((*_TURNS, *SIDES, *SAID, *_OF_DIALOGUE))


def input_columns(columns: Sequence[str], data: Any) -> Sequence[str] | None:
    """The column of lists of turns, or of what the user says; see `TakesColumns`."""
    return usual_columns(
        columns, [named_in(data, "turns_column")], [(name,) for name in (*_TURNS, "prompt", "question")]
    )


def read_dialogues(
    name: str, source: str | Reference, options: DialogueOptions, *, sure: bool = False
) -> Split[Dialogue]:
    """Read one split.

    Args:
        name: `train`, `dev` or `test`.
        source: A path, or an object of the kernel.
        options: How to read it.
        sure: Whether only what can be nothing but dialogues is read: no lists of cells, no questions with an answer.

    Raises:
        DataError: It cannot be read, or has no dialogue; the message has the line or row.
        FaultsError: There are faults of several kinds.
    """
    known = _KNOWN | names_in(options)
    rows = read_rows(
        source,
        split=name,
        format=options.format,
        encoding=options.encoding,
        known=known,
        nested="" if sure else "messages",
    )
    notes = list(rows.notes)
    pairs = None if sure or _turns_at(rows, options) is not None else find_pairs(rows, options)
    if _turns_at(rows, options) is not None:
        found = _by_rows(rows, options)
    elif pairs is not None:
        notes.append(f"{rows.name}: {pairs.sentence(rows)}")
        found = pairs.read(rows)
    else:
        found = _by_turns(rows, options)
    repairs = Repairs()
    dialogues = [mended for dialogue in found if (mended := repairs.mended(dialogue)) is not None]
    notes += repairs.sentences(rows.name, len(found))
    if not dialogues:
        said = f" ({'; '.join(repairs.counts)})" if repairs.counts else ""
        raise DataError(f"{rows.name}: no dialogue in it has a turn of the user's that the assistant answers{said}")
    return Split(name=name, source=str(source), examples=dialogues, notes=notes)


def _turns_at(rows: Rows, options: DialogueOptions) -> int | None:
    """Index of the column that holds lists of turns; None where a row is a turn."""
    if options.turns_column is not None:
        return need_column(rows, "turns_column", options.turns_column)
    there = {fold(column): at for at, column in reversed(list(enumerate(rows.columns)))}
    for column in _TURNS:
        at = there.get(column)
        if at is not None and any(is_list(read_written(cells[at])) for cells in rows.cells):
            return at
    return None


def _by_rows(rows: Rows, options: DialogueOptions) -> list[Dialogue]:
    """A dialogue a row."""
    at = _turns_at(rows, options)
    folded = [fold(column) for column in rows.columns]
    system = folded.index("system") if "system" in folded else None
    faults = Faults()
    found = []
    for place, cells in zip(rows.places, rows.cells, strict=True):
        value = read_written(cells[at or 0])
        if not is_list(value):
            faults.add("list", place, f"found {show(value)} as the turns, expected a list of them")
            continue
        turns = turns_in(value, options, place, faults)
        before = cells[system] if system is not None else None
        if isinstance(before, str) and before.strip() and turns[:1] and turns[0].role != SYSTEM:
            turns = [Turn(SYSTEM, before), *turns]
        found.append(Dialogue(tuple(turns), place))
    faults.raise_them()
    return found


def _by_turns(rows: Rows, options: DialogueOptions) -> list[Dialogue]:
    """A turn a row."""
    usual = {"role_column": SIDES, "text_column": SAID, "id_column": _OF_DIALOGUE}
    found_at = {name: _column(rows, name, getattr(options, name), names) for name, names in usual.items()}
    missing = [f"`{name}`" for name, at in found_at.items() if at is None]
    if missing:
        raise DataError(
            f"{rows.name}: no column holds lists of turns, such as `messages`, and for a table with a turn a row "
            f"{' and '.join(missing)} cannot be seen; the columns are {list_names(rows.columns)}. Name `turns_column`, "
            f"or {' and '.join(missing)}"
        )
    side, said, of = (at or 0 for at in found_at.values())
    grouped: dict[Any, list[int]] = {}
    for at, cells in enumerate(rows.cells):
        grouped.setdefault(cells[of] if not is_list(cells[of]) else show(cells[of]), []).append(at)
    faults = Faults()
    found = []
    key = rows.columns[side]
    for places in grouped.values():
        turns = [{"role": rows.cells[at][side], "content": rows.cells[at][said]} for at in places]
        own = _with_speaker(options, key)
        place = rows.places[places[0]]
        found.append(Dialogue(tuple(turns_in(turns, own, place, faults)), place))
    faults.raise_them()
    return found


def _column(rows: Rows, option: str, column: int | str | None, usual: Sequence[str]) -> int | None:
    if column is not None:
        return need_column(rows, option, column)
    there = {fold(column): at for at, column in reversed(list(enumerate(rows.columns)))}
    return next((there[name] for name in usual if name in there), None) if rows.named else None


def _with_speaker(options: DialogueOptions, key: str) -> DialogueOptions:
    """Options for turns that are given as `role` and `content`, where the column of sides had another name."""
    roles: dict[str, str] = dict(options.roles or {})
    if fold(key) in ("speaker", "side"):
        roles = {"system": ASSISTANT, "sys": ASSISTANT, **roles}
    return options.model_copy(update={"roles": roles, "role_column": None, "text_column": None})
