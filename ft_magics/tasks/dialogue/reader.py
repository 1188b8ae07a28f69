"""A path or an object of the kernel → a split of dialogues.

Understood are rows with a list of turns, as OpenAI (`messages`: `role`, `content`), ShareGPT (`conversations`: `from`,
`value`) and SGD (`turns`: `speaker`, `utterance`) write them; tables with a turn a row; lists of lists of turns, where
a turn is a mapping, a pair of side and text, or a text alone: then the user and the assistant speak by turns.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from ft_magics.config.references import Reference
from ft_magics.config.tree import is_broken
from ft_magics.data.cells import Rows, fold, is_list, is_missing
from ft_magics.data.columns import named_in, usual_columns
from ft_magics.data.examples import Split
from ft_magics.data.faults import list_faults, list_names, quoted, show
from ft_magics.data.rows import read_rows
from ft_magics.errors import DataError, FaultsError, did_you_mean
from ft_magics.tasks.dialogue.config import DialogueOptions
from ft_magics.tasks.dialogue.pairs import find_pairs, names_in
from ft_magics.tasks.dialogue.turns import ASSISTANT, ROLES, SYSTEM, TOOLS, USER, Dialogue, Repairs, Turn, role_named

__all__ = ["Roles", "input_columns", "read_dialogues", "turns_in"]

_TURNS = ("messages", "conversations", "conversation", "turns", "dialogue", "dialog", "log", "utterances")
_SIDES = ("role", "from", "speaker", "side", "sender", "author")
_SAID = ("content", "value", "utterance", "text", "message", "turn")
_OF_DIALOGUE = ("dialogueid", "conversationid", "dialogid", "convid", "sessionid", "chatid", "dialogue", "conversation")
_KNOWN = frozenset((*_TURNS, *_SIDES, *_SAID, *_OF_DIALOGUE))


class Roles:
    """Which side is which, by the names in a source.

    Args:
        options: What a cell says of that.
        said_by: The key of a side's name. Where that is `speaker`, SYSTEM is who answers, as in task-oriented data.
    """

    def __init__(self, options: DialogueOptions, said_by: str) -> None:
        usual = {"system": ASSISTANT, "sys": ASSISTANT} if fold(said_by) in ("speaker", "side") else {}
        self._own = {**usual, **{name.strip().casefold(): role for name, role in (options.roles or {}).items()}}

    def of(self, name: Any) -> str | None:
        """A role; None for a name that nobody knows."""
        return role_named(name, self._own) if isinstance(name, str) else None


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
        return _named(rows, "turns_column", options.turns_column)
    there = {fold(column): at for at, column in reversed(list(enumerate(rows.columns)))}
    for column in _TURNS:
        at = there.get(column)
        if at is not None and any(is_list(_listed(cells[at])) for cells in rows.cells):
            return at
    return None


def _listed(cell: Any) -> Any:
    """The list that a text is in JSON, as tables without lists hold it; anything else as it is."""
    if not isinstance(cell, str) or not cell.lstrip().startswith("["):
        return cell
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return cell


def _named(rows: Rows, option: str, column: int | str) -> int:
    if isinstance(column, int):
        at = column - 1 if column > 0 else len(rows.columns) + column
        if 0 <= at < len(rows.columns):
            return at
        raise DataError(f"{rows.name}: `{option}: {column}`: there is no such column; there are {len(rows.columns)}")
    if column in rows.columns:
        return list(rows.columns).index(column)
    raise DataError(
        f"{rows.name}: no column called {quoted(column)} for `{option}`; the columns are {list_names(rows.columns)}."
        f"{did_you_mean(column, rows.columns)}"
    )


def _by_rows(rows: Rows, options: DialogueOptions) -> list[Dialogue]:
    """A dialogue a row."""
    at = _turns_at(rows, options)
    folded = [fold(column) for column in rows.columns]
    system = folded.index("system") if "system" in folded else None
    faults = _Faults()
    found = []
    for place, cells in zip(rows.places, rows.cells, strict=True):
        value = _listed(cells[at or 0])
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


class _Faults:
    """Faults of several kinds, each with its places."""

    def __init__(self) -> None:
        self._of_kind: dict[str, list[tuple[str, str]]] = {}

    def add(self, kind: str, place: str, fault: str) -> None:
        """Note one."""
        self._of_kind.setdefault(kind, []).append((place, fault))

    def raise_them(self) -> None:
        """Say all of them.

        Raises:
            DataError: There is a kind.
            FaultsError: There are several.
        """
        errors = [DataError(list_faults(faults)) for faults in self._of_kind.values()]
        if errors:
            raise errors[0] if len(errors) == 1 else FaultsError(errors)


def turns_in(value: Sequence[Any], options: DialogueOptions, place: str, faults: Any) -> list[Turn]:
    """The turns of one dialogue as they stand, empty ones too.

    Args:
        value: Mappings, pairs, or texts by turns.
        options: How to read them.
        place: Where the dialogue stands.
        faults: Takes what is wrong: kind, place, fault.
    """
    found = []
    parts = [_parts(item, number, options) for number, item in enumerate(value, 1)]
    of_keys = {key: Roles(options, key or "") for key in {key for _, _, key in parts}}
    roles = _answering([(side, of_keys[key].of(side)) for side, _, key in parts])
    for number, (item, (side, said, key), role) in enumerate(zip(value, parts, roles, strict=True), 1):
        where = f"{place}, turn {number}"
        if key is None:
            faults.add("turn", where, f"found {show(item)}, expected a turn such as `{{'role': 'user', 'content': …}}`")
        elif role is None:
            faults.add("role", where, _unknown_role(side, key))
        elif role == SYSTEM and number > 1:
            faults.add(
                "system",
                where,
                "a system turn stands before all others; move it there, leave it out, or, where the system is who "
                "answers, say `data: {roles: {system: assistant}}`",
            )
        elif isinstance(item, Mapping) and _text_key(item, options) is None:
            shown = list_names(list(map(str, item)))
            faults.add("key", where, f"no key is known as what is said, among {shown}; name it with `text_column`")
        elif said is not None and not isinstance(said, str):
            faults.add("text", where, f"found {show(said)} as what is said, expected a text")
        elif isinstance(said, str) and is_broken(said):
            faults.add("half", where, f"{said[:60]!a} holds half a surrogate pair; mend the text")
        else:
            found.append(Turn(role, (said or "").strip()))
    return found


def _answering(sides: Sequence[tuple[Any, str | None]]) -> list[str | None]:
    """Roles of turns: a side `sys` or `系统` answers where no other side of the dialogue does."""
    roles = [role for _, role in sides]
    if ASSISTANT in roles:
        return roles
    return [
        ASSISTANT if role == SYSTEM and str(side).strip().casefold() in ("sys", "系统") else role
        for side, role in sides
    ]


def _unknown_role(side: Any, key: str) -> str:
    if isinstance(side, str) and side.strip().casefold() in TOOLS:
        return (
            f"found {show(side)} as `{key}`: calls of tools and what they give back are not learned here; take such "
            "turns out, or the dialogues that have them"
        )
    if side is None:
        return "it has no side; expected a key such as `role`, `from` or `speaker` (`role_column` names another)"
    near = did_you_mean(side, ROLES) if isinstance(side, str) else ""
    return (
        f"found {show(side)} as `{key}`, expected `user`, `assistant` or `system`, or what is usual for these.{near} "
        "Say which is which: `data: {roles: {caller: user, operator: assistant}}`"
    )


def _parts(item: Any, number: int, options: DialogueOptions) -> tuple[Any, Any, str | None]:
    """Side, what is said, and the key of the side; None where it is no turn."""
    if isinstance(item, str):
        return (USER if number % 2 else ASSISTANT), item, "role"
    if is_list(item) and len(item) == 2:
        return item[0], item[1], "role"
    if not isinstance(item, Mapping):
        return None, None, None
    side, said = _keys(tuple(item), options.role_column, options.text_column)
    return item.get(side), _content(item.get(said)), str(side or "role")


def _text_key(item: Mapping[Any, Any], options: DialogueOptions) -> Any:
    """The key of what is said; None where there is none."""
    return _keys(tuple(item), options.role_column, options.text_column)[1]


@lru_cache(maxsize=1024)
def _keys(names: tuple[Any, ...], role: Any, text: Any) -> tuple[Any, Any]:
    """Of the keys of a turn that of its side and that of what is said; turns have the same ones again and again."""
    folded = {fold(str(name)): name for name in names}
    side = role or next((folded[name] for name in _SIDES if name in folded), None)
    said = text if text in names else next((folded[name] for name in _SAID if name in folded), None)
    return side, said


def _content(value: Any) -> Any:
    """A text; of parts, as in `[{"type": "text", "text": "…"}]`, those that are texts, where all are."""
    if not is_list(value):
        return None if is_missing(value) else value
    parts = [part.get("text") if isinstance(part, Mapping) else part for part in value]
    texts = [part for part in parts if isinstance(part, str)]
    return "\n".join(texts) if len(texts) == len(parts) else value


def _by_turns(rows: Rows, options: DialogueOptions) -> list[Dialogue]:
    """A turn a row."""
    usual = {"role_column": _SIDES, "text_column": _SAID, "id_column": _OF_DIALOGUE}
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
    faults = _Faults()
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
        return _named(rows, option, column)
    there = {fold(column): at for at, column in reversed(list(enumerate(rows.columns)))}
    return next((there[name] for name in usual if name in there), None) if rows.named else None


def _with_speaker(options: DialogueOptions, key: str) -> DialogueOptions:
    """Options for turns that are given as `role` and `content`, where the column of sides had another name."""
    roles: dict[str, str] = dict(options.roles or {})
    if fold(key) in ("speaker", "side"):
        roles = {"system": ASSISTANT, "sys": ASSISTANT, **roles}
    return options.model_copy(update={"roles": roles, "role_column": None, "text_column": None})
