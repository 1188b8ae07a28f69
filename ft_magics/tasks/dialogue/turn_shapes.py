"""The turns of a dialogue as data have them: mappings, pairs of side and text, or texts by turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from ft_magics.config.tree import is_broken
from ft_magics.data.cells import fold, index_of, is_list, is_missing
from ft_magics.data.faults import list_faults, list_names, show
from ft_magics.errors import DataError, FaultsError, did_you_mean
from ft_magics.tasks.dialogue.config import DialogueOptions
from ft_magics.tasks.dialogue.turns import ASSISTANT, ROLES, SYSTEM, TOOLS, USER, Turn, role_named

__all__ = ["SAID", "SIDES", "Faults", "Roles", "turns_in"]

SIDES = ("role", "from", "speaker", "side", "sender", "author")  # usual keys, folded
_BOTH = (  # folded keys of what the user and the assistant say, in one object
    *(("human", "assistant"), ("user", "assistant"), ("input", "output"), ("prompt", "response")),
    *(("question", "answer"), ("query", "response"), ("userutterance", "systemutterance"), ("user", "system")),
)
SAID = ("content", "value", "utterance", "text", "message", "turn")


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
        number = index_of(name)
        name = name if number is None else str(number)
        return role_named(name, self._own) if isinstance(name, str) else None


class Faults:
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
    value = _apart(value, options)
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


def _apart(value: Sequence[Any], options: DialogueOptions) -> Sequence[Any]:
    """Turns without a side as texts by turns, and objects with what both sides say as a turn each; any others as given.

    Sides are missing where no turn of the dialogue has one, as in KdConv (`[{"message": …}]`, Zhou et al. 2020), nor
    a text or number of a key that nobody knows, which may be one.
    """
    items = list(value)
    if not items or options.role_column is not None or not all(isinstance(item, Mapping) for item in items):
        return value
    keys = [_keys(tuple(item), None, options.text_column) for item in items]
    if any(side is not None for side, _ in keys):
        return value
    both = [_of_both(item, first=item is items[0]) for item in items]
    if all(both):
        return [turn for turns in both for turn in turns]
    texts = [item[said] if said is not None else None for item, (_, said) in zip(items, keys, strict=True)]
    others = (item[key] for item, (_, said) in zip(items, keys, strict=True) for key in item if key != said)
    alone = not any(isinstance(other, (str, int, float)) for other in others)
    return texts if alone and all(isinstance(text, str) for text in texts) else value


def _of_both(item: Mapping[Any, Any], *, first: bool) -> list[tuple[str, Any]]:
    """The turns of an object such as `{"human": …, "assistant": …}`, `system` before the first; none of any other."""
    folded = {fold(str(key)): value for key, value in item.items()}
    for names in _BOTH:
        said = [folded.get(name) for name in names]
        others = [value for name, value in folded.items() if name not in (*names, "system") and isinstance(value, str)]
        if set(names) <= set(folded) and not others and all(isinstance(each, str) or is_missing(each) for each in said):
            leads = folded.get("system") if "system" not in names and first else None
            before = [(SYSTEM, leads)] if isinstance(leads, str) and leads else []
            return [*before, *zip((USER, ASSISTANT), said, strict=True)]
    return []


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
    side = role or next((folded[name] for name in SIDES if name in folded), None)
    said = text if text in names else next((folded[name] for name in SAID if name in folded), None)
    return side, said


def _content(value: Any) -> Any:
    """A text; of parts, as in `[{"type": "text", "text": "…"}]`, those that are texts, where all are."""
    if not is_list(value):
        return None if is_missing(value) else value
    parts = [part.get("text") if isinstance(part, Mapping) else part for part in value]
    texts = [part for part in parts if isinstance(part, str)]
    return "\n".join(texts) if len(texts) == len(parts) else value
