"""Freezing: parts of what another method trains stay as they are, and are not kept."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator

from ft_magics.config.section import Section, described
from ft_magics.tuning.method import Method

if TYPE_CHECKING:
    from torch import nn

    from ft_magics.tuning.outline import Outline
    from ft_magics.tuning.plain import PlainMethod, PlainRun

__all__ = ["Freeze", "FreezeSettings"]

_RANGE = re.compile(r"\s*(\d{1,4})\s*(?:-\s*(\d{1,4})\s*)?")
_LAYERS = "a range such as `0-7`, a number, or a list of numbers"


def _ranges(layers: Any) -> Any:
    """See that layers are said as they can be."""
    if layers is None or (isinstance(layers, int) and not isinstance(layers, bool) and layers >= 0):
        return layers
    if isinstance(layers, list) and layers and all(type(at) is int and at >= 0 for at in layers):
        return layers
    if isinstance(layers, str) and all(_RANGE.fullmatch(part) for part in layers.split(",")):
        return layers
    raise ValueError(f"expected {_LAYERS}; the lowest layer is 0")


def _numbers(layers: str | int | list[int] | None) -> list[int]:
    """The layers that were said, each once."""
    if layers is None or isinstance(layers, int):
        return [] if layers is None else [layers]
    if isinstance(layers, list):
        return sorted(set(layers))
    found: set[int] = set()
    for part in layers.split(","):
        first, last = re.findall(r"\d+", part)[0], re.findall(r"\d+", part)[-1]
        found.update(range(min(int(first), int(last)), max(int(first), int(last)) + 1))
    return sorted(found)


class FreezeSettings(Section):
    """Parts of what would be trained are not: embeddings, layers, or what a pattern names."""

    synonyms: ClassVar = {"pattern": "names", "top": "except_top", "unfreeze_top": "except_top"}

    embeddings: bool = described(
        default=True, description="The embeddings, a third of a small model's step.", origin="Lee et al. 2019"
    )
    layers: Annotated[str | int | list[int] | None, BeforeValidator(_ranges)] = described(
        expected=_LAYERS,
        default=None,
        otherwise="none",
        examples=["0-7", "[0, 1]"],
        description="Layers, counted from 0 at the bottom.",
    )
    except_top: int | None = described(
        default=None, ge=0, le=1000, otherwise="none", description="All layers but so many at the top."
    )
    names: str | None = described(
        default=None,
        min_length=1,
        otherwise="none",
        examples=["*.attention.*"],
        description="Parameters whose names fit, with `*` and `?`.",
    )


class Freeze(Method):
    """Parts of what else would be trainable are not."""

    name: ClassVar = "freeze"
    Settings: ClassVar = FreezeSettings
    title: ClassVar = "frozen parts (Lee et al. 2019)"
    chooses: ClassVar = False
    joins: ClassVar = frozenset(("full", "bitfit", "adapter", "lora", "dora", "ia3"))

    def __init__(self, settings: FreezeSettings) -> None:
        self._settings = settings

    def _depths(self, outline: Outline) -> set[int]:
        settings = self._settings
        depths = {at + 1 for at in _numbers(settings.layers)}
        if settings.except_top is not None:
            depths |= set(range(1, len(outline.layers) + 1 - settings.except_top))
        return depths | {0} if settings.embeddings else depths

    def _frozen(self, outline: Outline, names: list[str]) -> list[str]:
        depths, fits = self._depths(outline), self._settings.names
        return [
            name for name in names if outline.depth(name) in depths or (fits is not None and fnmatchcase(name, fits))
        ]

    def refusal(self, outline: Outline, task: str) -> str | None:
        """Layers that are not there, or are one; a pattern that fits nothing, or all."""
        settings, there = self._settings, len(outline.layers)
        wanted = _numbers(settings.layers)
        if outline.shares_layers and (wanted or settings.except_top is not None):
            return (
                f"the {outline.layer_count} layers of this {outline.model_type} model are one set of weights, so some "
                "of them cannot be frozen; `freeze: {embeddings: true}`, `head` and `lora` work"
            )
        if wanted and wanted[-1] >= there:
            return (
                f"`layers: {settings.layers}` goes up to {wanted[-1]}, and this {outline.model_type} model has {there} "
                f"layers, 0 to {there - 1}"
            )
        if settings.except_top is not None and settings.except_top >= there:
            return (
                f"`except_top: {settings.except_top}` leaves no layer of this {outline.model_type} model frozen, which "
                f"has {there}; leave it out"
            )
        names = list(outline.parameters)
        if settings.names is not None and not any(fnmatchcase(name, settings.names) for name in names):
            from ft_magics.tuning.outline import listed  # noqa: PLC0415  # beside what uses it

            return f"`names: {settings.names}` fits no parameter; they are called {listed(names[::7])}"
        if len(self._frozen(outline, names)) == len(names):
            return "that leaves nothing trainable; take something out, or `method: head`"
        return None

    def apply(self, model: nn.Module, outline: Outline, *, total_steps: int) -> nn.Module:
        """Freeze them."""
        frozen = set(self._frozen(outline, [name for name, _ in model.named_parameters()]))
        for name, parameter in model.named_parameters():
            if name in frozen:
                parameter.requires_grad_(False)
        return model

    def plain(self, outline: Outline, run: PlainRun) -> PlainMethod:
        """Parameters by the beginnings of their names, or by the pattern."""
        from ft_magics.tuning.plain import PlainMethod, literal  # noqa: PLC0415  # for a script alone

        settings, before = self._settings, run.before
        depths = self._depths(outline)
        begins = [*outline.embeddings] if 0 in depths else []
        begins += [f"{layer}." for at, layer in enumerate(outline.layers) if at + 1 in depths]
        conditions = [f"name.startswith({literal(tuple(before + begin for begin in begins))})"] if begins else []
        imports = []
        if settings.names is not None:
            own = 'name.replace(".modules_to_save.default", "")' if before else "name"  # peft's copy of the head
            conditions.append(f"fnmatchcase({own}, {literal(before + settings.names)})")
            imports = ["from fnmatch import fnmatchcase"]
        lines = [
            "for name, parameter in model.named_parameters():",
            f"    if {' or '.join(conditions)}:",
            "        parameter.requires_grad_(False)",
        ]
        return PlainMethod(lines=lines if conditions else (), imports=imports)
