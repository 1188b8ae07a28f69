"""What every key of a cell expects and means, taken from the sections themselves, for completion, help and lists."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo

from ft_magics.config.references import Reference
from ft_magics.config.section import JoinedSection, Kind, OpenSection, Section

__all__ = ["Key", "KeyPath", "keys_below", "keys_of", "written"]

KeyPath = tuple[str, ...]

_PLAIN: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    Reference: "`$name`",
}
_BOUNDS: tuple[tuple[type, str, str], ...] = (
    (annotated_types.Gt, "gt", ">"),
    (annotated_types.Ge, "ge", "≥"),
    (annotated_types.Lt, "lt", "<"),
    (annotated_types.Le, "le", "≤"),
)
_MOST_LEVELS = 8  # of sections within sections: more is a section within itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a cell.

    Args:
        path: Where it stands, such as `("train", "epochs")`; a task's settings are below `("task", NAME)`.
        takes: The type of its value, as a person would say it.
        default: What it is where it is not given, as one would write it; empty where there is no plain default.
        otherwise: What happens then.
        limits: The values that it may have, such as "> 0, ≤ 1"; empty where the type says it.
        meaning: A sentence; empty where its section does not say it.
        origin: Where the choice comes from: a paper, or a name of Hugging Face's.
        choices: All values, or those that are words, as one would write them.
        examples: Some values, in the same way.
        kinds: Of its values: `column`, `source`, `model`, `folder`, `method`, `task`, `number`, `text`, `list`,
            `section`.
        required: Whether a cell without it is a mistake.
        owner: The section that it is a field of.
    """

    path: KeyPath
    takes: str
    default: str = ""
    otherwise: str = ""
    limits: str = ""
    meaning: str = ""
    origin: str = ""
    choices: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()
    required: bool = False
    owner: type[Section] = OpenSection

    @property
    def name(self) -> str:
        """The last word of its path."""
        return self.path[-1]

    @property
    def dotted(self) -> str:
        """As for `--set`: `train.epochs`."""
        return ".".join(self.path)

    @property
    def unset(self) -> str:
        """What it is where it is not given, in words: a default, what happens, or that it must be given."""
        if self.required:
            return "required"
        return (
            self.default or self.otherwise or ("the defaults of its keys" if self.kinds == {"section"} else "not set")
        )


def keys_of(schema: type[Section], sections: Mapping[str, type[Section]], task: str) -> dict[KeyPath, tuple[Key, ...]]:
    """Every key of a cell, in the order of the schema.

    Args:
        schema: `RunConfig`, or `PretrainConfig`.
        sections: What stands in its place for `settings` and `data`, those of the task, and for `method`.
        task: Its name: `settings` are written as `task: {NAME: {…}}`.

    Returns:
        Keys by path. Where a place takes one of several sections (a share of train, or a file with options), a path
        can have one key for each.
    """
    word = getattr(schema, "word", "task")
    settings = sections.get("settings", OpenSection)
    above = (word,) if issubclass(settings, JoinedSection) else (word, task)
    found: dict[KeyPath, tuple[Key, ...]] = {}
    for key in _walk(schema, (), sections):
        if key.path == ("settings",):
            continue
        path = (*above, *key.path[1:]) if key.path[0] == "settings" else key.path
        path = (word, *path[1:]) if path[0] == "task" else path
        placed = _moved(key, path)
        if all(placed.owner is not other.owner for other in found.get(path, ())):
            found[path] = (*found.get(path, ()), placed)
    return found


def keys_below(keys: Mapping[KeyPath, Sequence[Key]], section: KeyPath, there: Iterable[str] = ()) -> list[Key]:
    """The keys that a section may still get.

    Args:
        keys: Of `keys_of`.
        section: Path of the section; empty for the cell itself.
        there: Keys that it has. They rule out the sections that lack one of them: with `fraction` there is no `path`.
    """
    given = set(there)
    inside = [key for path, each in keys.items() if path[:-1] == section for key in each]
    owners = {key.owner: set(key.owner.model_fields) for key in inside}
    known = set().union(*owners.values()) if owners else set()
    fitting = {owner for owner, fields in owners.items() if given & known <= fields}
    left: dict[str, Key] = {}
    for key in inside:
        if key.name not in given and (key.owner in fitting or not fitting):
            left.setdefault(key.name, key)
    return list(left.values())


def written(value: Any) -> str:
    """A value as one writes it in a cell; empty for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Section):
        said = ((name, written(getattr(value, name))) for name in value.model_fields_set)
        return f"{{{', '.join(f'{name}: {text}' for name, text in said)}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(written, value))}]"
    return str(value)


def _number(value: float) -> str:
    text = f"{value:.10g}"
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text


def _moved(key: Key, path: KeyPath) -> Key:
    fields = {name: getattr(key, name) for name in Key.__dataclass_fields__}
    return Key(**{**fields, "path": path})


def _walk(model: type[Section], above: KeyPath, known: Mapping[str, type[Section]]) -> Iterator[Key]:
    if len(above) > _MOST_LEVELS:
        return
    for name, info in model.model_fields.items():
        path = (*above, name)
        yield _key(model, path, info)
        inside = [known[name]] if name in known else dict.fromkeys(_sections_in(info.annotation))
        for section in inside:
            yield from _walk(section, path, {})


def _key(owner: type[Section], path: KeyPath, info: FieldInfo) -> Key:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    parts = list(_parts(info.annotation, tuple(info.metadata)))
    limits = str(extra.get("limits", "")) or _limits(info)
    choices = tuple(dict.fromkeys(choice for part in parts for choice in part.choices))
    spoken = list(dict.fromkeys(part.spoken for part in sorted(parts, key=lambda part: part.kind == "section")))
    return Key(
        path=path,
        takes=str(extra.get("expected", "")) or _listed(spoken),
        default=_default(info),
        otherwise=str(extra.get("otherwise", "")),
        limits=limits,
        meaning=info.description or "",
        origin=str(extra.get("origin", "")),
        choices=choices,
        examples=tuple(text if isinstance(text, str) else written(text) for text in info.examples or ()),
        kinds=frozenset(part.kind for part in parts),
        required=info.is_required(),
        owner=owner,
    )


def _default(info: FieldInfo) -> str:
    if info.is_required() or (info.default_factory and info.default_factory_takes_validated_data):
        return ""
    value = info.get_default(call_default_factory=True)
    text = written(value)
    return "" if isinstance(value, Section) and text == "{}" else text


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the things that a value may be."""

    kind: str
    spoken: str
    choices: tuple[str, ...] = ()


def _parts(annotation: Any, metadata: Sequence[Any] = ()) -> Iterator[_Part]:
    """What a value may be: the branches of a union, without None."""
    kind = next((item for item in metadata if isinstance(item, Kind)), None)
    if kind is not None:
        yield _Part(kind.name, kind.spoken)
        return
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _parts(arguments[0], arguments[1:])
    elif origin in (Union, types.UnionType):
        for argument in arguments:
            yield from _parts(argument)
    elif origin is Literal:
        words = tuple(written(argument) for argument in arguments if argument is not None)
        yield _Part("choice", _listed([f"`{word}`" for word in words]), words)
    elif origin in (list, tuple):
        inner = list(_parts(arguments[0])) if arguments else []
        texts = all(part.kind == "text" for part in inner)
        yield _Part("list", "a list of texts" if texts else "a list of such")
        yield from (_Part(part.kind, part.spoken) for part in inner if not texts)
    elif annotation is bool:
        yield _Part("choice", _PLAIN[bool], ("true", "false"))
    elif annotation in (int, float):
        yield _Part("number", _PLAIN[annotation])
    elif annotation in _PLAIN:
        yield _Part("text", _PLAIN[annotation])
    elif isinstance(annotation, TypeVar) or origin is dict or _is_section(annotation):
        yield _Part("section", "a section")
    elif annotation is not type(None):
        yield _Part("any", "a value")


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Section)


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else " or ".join([", ".join(words[:-1]), words[-1]]) if words else "a value"


def _sections_in(annotation: Any) -> Iterator[type[Section]]:
    if _is_section(annotation):
        yield annotation
    for part in get_args(annotation):
        yield from _sections_in(part)


def _limits(info: FieldInfo) -> str:
    """The bounds of a number, such as "≥ 0, < 1"."""
    bounds: dict[str, str] = {}
    for item in (*info.metadata, *_nested_metadata(info.annotation)):
        for kind, attribute, sign in _BOUNDS:
            if isinstance(item, kind):
                bounds.setdefault(sign, _grouped(getattr(item, attribute)))
    return ", ".join(f"{sign} {bounds[sign]}" for _, _, sign in _BOUNDS if sign in bounds)


def _nested_metadata(annotation: Any) -> Iterator[Any]:
    """The bounds of a union's branches, but not of the items of a list."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        for item in metadata:
            yield from item.metadata if isinstance(item, FieldInfo) else (item,)
        yield from _nested_metadata(inner)
    elif get_origin(annotation) in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _nested_metadata(part)


def _grouped(bound: Any) -> str:
    return f"{bound:,}" if isinstance(bound, int) else written(bound)
