"""A method in plain Python: what it gives to a script that needs torch, transformers and peft, but not us."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ft_magics.tuning.outline import Outline

__all__ = ["PlainMethod", "PlainRun", "call", "literal", "peft_call", "train_what"]

_WIDTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainRun:
    """What a method needs to know of the run that is written down.

    Args:
        total_steps: Of it.
        learning_rate: Of what no method gives another one.
        before: What stands before a parameter's own name in the model that the script trains, such as
            `base_model.model.` where peft has wrapped it; empty for the method that says what is trainable.
    """

    total_steps: int
    learning_rate: float
    before: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainMethod:
    """A method's part of a script, in which `model` is the model with its head.

    Args:
        constants: Name → plain value, which the functions read; they stand at the head of the script.
        lines: Of `main`. They make the right parameters trainable, and add those that are new, right after the random
            numbers were seeded; for a method that does not choose they change what the one that chooses left.
        functions: Functions and classes that the lines use; they are copied as they are written, with what they use.
        imports: Lines, such as `from peft import LoraConfig`.
        needs: Packages beside torch and transformers.
        before: What stands before a parameter's own name from then on.
        callbacks: Expressions, each a `TrainerCallback`.
        trainer: The class that trains.
        rates: Beginnings of parameters' names, and their learning rates; the first that fits counts.
        undecayed: Parts of the names of parameters that have no weight decay; an empty one for all.
        merge: Lines that give the model plain weights; none where it has them, or cannot.
        save: How the model is saved; `{}` is the folder.
    """

    constants: Mapping[str, Any] = field(default_factory=dict)
    lines: Sequence[str] = ()
    functions: Sequence[Callable[..., Any]] = ()
    imports: Sequence[str] = ()
    needs: Sequence[str] = ()
    before: str = ""
    callbacks: Sequence[str] = ()
    trainer: str = "Trainer"
    rates: Sequence[tuple[str, float]] = ()
    undecayed: Sequence[str] = ()
    merge: Sequence[str] = ()
    save: str = "model.save_pretrained({})"


def literal(value: Any) -> str:
    """A plain value as Python writes it, with the quotation marks that the rest of the script has."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (list, tuple)):
        ends = "[]" if isinstance(value, list) or len(value) == 0 else "()"
        items = [literal(item) for item in value]
        comma = "," * (len(items) == 1 and ends == "()")
        whole = f"{ends[0]}{', '.join(items)}{comma}{ends[1]}"
        if len(whole) <= _WIDTH:
            return whole
        return ends[0] + "\n" + "".join(f"    {item},\n" for item in items) + ends[1]
    return repr(value)


def call(name: str, **arguments: Any) -> list[str]:
    """A call with named plain values, an argument a line where they do not fit into one."""
    named = [f"{key}={literal(value)}" for key, value in arguments.items()]
    whole = f"{name}({', '.join(named)})"
    if len(whole) <= _WIDTH and "\n" not in whole:
        return [whole]
    inside = [line for item in named for line in f"{item},".splitlines()]
    return [f"{name}(", *(f"    {line}" for line in inside), ")"]


def peft_call(config: Any, outline: Outline) -> list[str]:
    """The call that makes a config of peft's: what differs from peft's own defaults, in peft's words.

    Args:
        config: With explicit targets, if it has any.
        outline: Of the model.
    """
    kind = type(config)
    required = {"total_step": config.total_step} if hasattr(config, "total_step") else {}
    defaults = vars(kind(**required))
    changed = {key: value for key, value in vars(config).items() if key in required or value != defaults.get(key)}
    whole = hasattr(
        config, "feedforward_modules"
    )  # of which peft asks that they be among the targets as they are named
    return call(kind.__name__, **{key: _in_order(key, value, outline, whole) for key, value in changed.items()})


def _in_order(key: str, value: Any, outline: Outline, whole: bool) -> Any:
    """Modules as a list in the model's order; by their last names where that means the same to peft."""
    if not isinstance(value, (set, list)):
        return value
    if key == "modules_to_save":
        return sorted(value)
    modules = [name for name in outline.linears if name in value]
    short = list(dict.fromkeys(name.rpartition(".")[2] for name in modules))
    of_head = {name.rpartition(".")[0] for name in outline.parameters if not outline.in_backbone(name)}
    fits_head = any(name == one or name.endswith(f".{one}") for name in of_head for one in short)
    same = outline.named(short) == modules and not fits_head and not whole
    return short if same else modules


def train_what(condition: str) -> list[str]:
    """Lines that make the parameters trainable of whose `name` something is true, and no others."""
    return ["for name, parameter in model.named_parameters():", f"    parameter.requires_grad_({condition})"]
