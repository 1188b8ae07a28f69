"""What a method is: which parameters are trainable, at which rate, and how they are kept.

A method either says what is trainable (`lora`, `head`: there is one of these in a run), or changes what another one
says (`freeze`, `rates`: there may be several). A class that inherits from `Method` writes down only where it differs
from full fine-tuning. Settings can be read without torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ft_magics.config.section import Section

if TYPE_CHECKING:
    import torch
    from torch import nn

    from ft_magics.tuning.outline import Outline
    from ft_magics.tuning.plain import PlainMethod, PlainRun

__all__ = ["Method"]


class Method(Protocol):
    """One way of tuning.

    Args:
        settings: Of the class `Settings`.

    Attributes:
        name: In a cell.
        Settings: `method: {NAME: {…}}`.
        title: What it is called in a sentence, with its source.
        chooses: Whether it says what is trainable; else it changes what another one says.
        joins: Names of the methods that it can be combined with; for one that does not choose.
        keeps_all: Whether the whole model is kept; else what was trained, beside the base's name and hash.
        trains_matrices: Whether matrices within the layers are trained.
        needs_cache: Whether keys and values of its own are put into the layers.
        needs_whole_embedding: Whether it looks at embedding rows that no batch asks for; such a run keeps them all in
            training.
        kept_copies: Numbers that it keeps in memory for each weight that is trained.
        rate_factor: A good learning rate, as a multiple of one for full fine-tuning.
        unmergeable: Why it cannot become plain weights; empty for one that can.
    """

    name: ClassVar[str]
    Settings: ClassVar[type[Section]]
    title: ClassVar[str]
    chooses: ClassVar[bool] = True
    joins: ClassVar[frozenset[str]] = frozenset()
    keeps_all: ClassVar[bool] = False
    trains_matrices: ClassVar[bool] = True
    needs_cache: ClassVar[bool] = False
    needs_whole_embedding: ClassVar[bool] = False
    kept_copies: ClassVar[int] = 0
    rate_factor: ClassVar[float] = 1.0
    unmergeable: ClassVar[str] = ""

    def __init__(self, settings: Any) -> None: ...

    def refusal(self, outline: Outline, task: str) -> str | None:
        """Why it cannot tune a model, with the nearest method that can; asked before any weight is read.

        Args:
            outline: Of the model.
            task: The name of the run's task.

        Returns:
            A sentence; None where it can.
        """
        return None

    @property
    def virtual_tokens(self) -> int:
        """How many tokens it puts before each input."""
        return 0

    def apply(self, model: nn.Module, outline: Outline, *, total_steps: int) -> nn.Module:
        """Make the right parameters trainable, and add those that are new.

        Random numbers are drawn from a generator of its own, whose seed is the run's.

        Args:
            model: All of whose parameters are as they were loaded; for one that does not choose, as the one that
                chooses left them.
            outline: Of the model as it was loaded.
            total_steps: Optimiser steps of the run; 1 for a model that is only loaded.
        """
        ...

    def rate(self, parameter: str, rate: float, outline: Outline) -> float:
        """The learning rate of a parameter.

        Args:
            parameter: Its name.
            rate: That it would have else.
            outline: Of the model as it was loaded.
        """
        return rate

    def decay(self, parameter: str, decay: float, outline: Outline) -> float:
        """The weight decay of a parameter that has one: biases and norms have none.

        Args:
            parameter: Its name.
            decay: That it would have else.
            outline: Of the model as it was loaded.
        """
        return decay

    def begin_step(self, model: nn.Module, outline: Outline, *, step: int, total_steps: int) -> None:
        """A step is about to be computed; what this does depends on the step alone, so that a resumed run is the same.

        Args:
            model: The model.
            outline: Of it as it was loaded.
            step: Steps that are done.
            total_steps: Of the run.
        """

    def end_step(self, model: nn.Module, *, step: int) -> None:
        """The optimiser has used the gradients, which are still there.

        Args:
            model: The model.
            step: Steps that were done before this one.
        """

    def loss_term(self, model: nn.Module) -> torch.Tensor | None:
        """What is added to the loss of a whole step; None for nothing."""
        return None

    def state(self) -> dict[str, torch.Tensor]:
        """What a resumed run needs of it beside the parameters."""
        return {}

    def restore(self, state: Mapping[str, torch.Tensor]) -> None:
        """Continue from what `state` gave."""

    def save(self, model: nn.Module, outline: Outline, folder: Path) -> None:
        """Write what was trained; for one that does not keep all."""
        from ft_magics.tuning.kept import write_trainable  # noqa: PLC0415  # a cell is read without torch

        write_trainable(model, outline, folder)

    def load(self, model: nn.Module, outline: Outline, folder: Path) -> None:
        """Fill a model that `apply` gave with what `save` wrote.

        Raises:
            ModelError: The file is not of such a model.
        """
        from ft_magics.tuning.kept import read_trainable  # noqa: PLC0415  # a cell is read without torch

        read_trainable(model, outline, folder)

    def head_tensors(self, head: tuple[str, ...], folder: Path) -> dict[str, torch.Tensor]:
        """The head's parameters in what `save` wrote, by their names in the model.

        Raises:
            ModelError: The file cannot be read.
        """
        from ft_magics.tuning.kept import read_tensors  # noqa: PLC0415  # a cell is read without torch

        found = read_tensors(folder)
        return {name: tensor for name, tensor in found.items() if name.partition(".")[0] in head}

    def merge(self, model: nn.Module) -> nn.Module:
        """The same model with plain weights; the one that is given is used up."""
        return model

    def plain(self, outline: Outline, run: PlainRun) -> PlainMethod | None:
        """How it is written in plain Python, for `%ft script`.

        Args:
            outline: Of the model as it was loaded.
            run: That is written down.

        Returns:
            Its part of the script; None where it says none.
        """
        return None
