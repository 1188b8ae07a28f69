"""Which methods there are: ours, and those of other packages, which the entry point `ft_magics.methods` names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from ft_magics.config.section import Section
from ft_magics.errors import MethodError, did_you_mean
from ft_magics.tuning.method import Method

__all__ = ["find_method", "method_names", "refuse_together", "section"]

_GROUP = "ft_magics.methods"
_OURS = {
    "full": ("ft_magics.tuning.full", "Full"),
    "adapter": ("ft_magics.tuning.adapter", "Adapter"),
    "lora": ("ft_magics.tuning.lora", "Lora"),
    "dora": ("ft_magics.tuning.dora", "Dora"),
    "adalora": ("ft_magics.tuning.adalora", "AdaLora"),
    "bitfit": ("ft_magics.tuning.bitfit", "BitFit"),
    "ia3": ("ft_magics.tuning.ia3", "Ia3"),
    "prefix": ("ft_magics.tuning.prefix", "Prefix"),
    "prompt": ("ft_magics.tuning.prompt", "Prompt"),
    "p_tuning": ("ft_magics.tuning.p_tuning", "PTuning"),
    "head": ("ft_magics.tuning.head", "Head"),
    "freeze": ("ft_magics.tuning.freeze", "Freeze"),
    "gradual": ("ft_magics.tuning.gradual", "Gradual"),
    "rates": ("ft_magics.tuning.rates", "Rates"),
    "l2_sp": ("ft_magics.tuning.l2_sp", "L2Sp"),
}
_NEEDED = tuple(name for name in vars(Method) if not name.startswith("_"))
_TOLD = ("name", "Settings", "title")


def _theirs() -> dict[str, EntryPoint]:
    """Entry points by name; ours win."""
    return {found.name: found for found in entry_points(group=_GROUP) if found.name not in _OURS}


def method_names() -> Sequence[str]:
    """Every method's name: what trains all, what trains a part, what changes another one, those of other packages."""
    return [*_OURS, *sorted(_theirs())]


def find_method(name: str) -> type[Method]:
    """The class of a method.

    Raises:
        MethodError: There is none of this name, or the package that it comes from cannot be used.
    """
    if name in _OURS:
        module, attribute = _OURS[name]
        ours: type[Method] = getattr(import_module(module), attribute)
        return ours
    found = _theirs().get(name)
    if found is None:
        raise MethodError(
            f"there is no method `{name:.80}`; there are {', '.join(method_names())}."
            f"{did_you_mean(name, method_names())} A method of another package needs that package installed here"
        )
    return _load(found)


@cache
def _load(found: EntryPoint) -> type[Method]:
    where = f"method `{found.name}` of the package {found.dist.name if found.dist else found.value}"
    try:
        method = found.load()
    except Exception as error:  # a package of another's can raise anything
        raise MethodError(
            f"{where} cannot be imported ({type(error).__name__}: {error}); reinstall or update it"
        ) from error
    missing = [name for name in (*_NEEDED, *_TOLD) if not hasattr(method, name)]
    settings = getattr(method, "Settings", None)
    if not isinstance(method, type) or missing or not (isinstance(settings, type) and issubclass(settings, Section)):
        lacking = f"it lacks {', '.join(missing)}" if missing else "it is no class with a `Settings` section"
        raise MethodError(f"{where} is not what ft_magics calls a method: {lacking} (see ft_magics.tuning.method)")
    return method


def section(name: str) -> type[Section]:
    """A method's settings.

    Raises:
        MethodError: As in `find_method`.
    """
    return find_method(name).Settings


def refuse_together(names: Sequence[str]) -> str | None:
    """Why methods cannot be combined; None where they can.

    Args:
        names: At least one; each that of a method.

    Raises:
        MethodError: As in `find_method`.
    """
    methods = [find_method(name) for name in names]
    choosing = [method.name for method in methods if method.chooses]
    if len(choosing) > 1:
        first, second = choosing[:2]
        return f"`{first}` and `{second}` each say what is trainable; keep one of them"
    base = choosing[0] if choosing else "full"
    for method in methods:
        if not method.chooses and base not in method.joins:
            return (
                f"`{method.name}` changes nothing of `{base}`, or would break it; it goes with "
                f"{', '.join(f'`{name}`' for name in method_names() if name in method.joins)}"
            )
    return None
