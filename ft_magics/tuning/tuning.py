"""The methods of a run as one: what a training, a saved model and a report need of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from pydantic import ValidationError
from safetensors.torch import save_file
from torch import nn

from ft_magics.config.section import Section
from ft_magics.errors import FineTuneError, MethodError, ModelError
from ft_magics.models.memory import is_out_of_memory
from ft_magics.models.own_random_numbers import OwnRandomNumbers
from ft_magics.tuning import kept
from ft_magics.tuning.method import Method
from ft_magics.tuning.outline import Outline, is_norm, outline_of
from ft_magics.tuning.plain import PlainMethod, PlainRun
from ft_magics.tuning.registry import find_method, refuse_together

__all__ = ["Tuning"]

T = TypeVar("T")
_STATE = "method_state.safetensors"


class Tuning:
    """The method that says what is trainable, and those that change what it says.

    Args:
        settings: By the methods' names; at least one.

    Attributes:
        settings: As given.
        outline: Of the model, once `apply` was called.
    """

    def __init__(self, settings: Mapping[str, Section]) -> None:
        self.settings = dict(settings)
        methods = [find_method(name)(each) for name, each in settings.items()]
        chooses = next((method for method in methods if method.chooses), None)
        self._base: Method = find_method("full")(None) if chooses is None else chooses
        self._changes = [method for method in methods if not method.chooses]
        self.outline: Outline | None = None

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], where: str) -> Tuning:
        """From what `plain` gave and a file has kept.

        Raises:
            ModelError: It did not give this.
            MethodError: A method is not there.
        """
        try:
            settings = {name: find_method(name).Settings.model_validate(each) for name, each in plain.items()}
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            fault = f"{'.'.join(map(str, first['loc']))}: {first['msg']:.100}"
            raise ModelError(f"model: {where}: `method` is not what a run writes ({fault})") from error
        refused = refuse_together(list(settings)) if settings else "there is none"
        if refused:
            raise ModelError(f"model: {where}: `method` is not what a run writes ({refused})")
        return cls(settings)

    @property
    def plain(self) -> dict[str, Any]:
        """The settings as plain data."""
        return {name: each.model_dump() for name, each in self.settings.items()}

    @property
    def _all(self) -> list[Method]:
        return [self._base, *self._changes]

    @property
    def keeps_all(self) -> bool:
        """Whether the whole model is kept."""
        return all(method.keeps_all for method in self._all)

    @property
    def virtual_tokens(self) -> int:
        """How many tokens are put before each input."""
        return self._base.virtual_tokens

    @property
    def unmergeable(self) -> str:
        """Why the model cannot become plain weights; empty where it can."""
        return self._base.unmergeable

    @property
    def trainable(self) -> tuple[str, ...]:
        """The names of the parameters that training changes, once `apply` was called."""
        return self._outline.trainable

    @property
    def trains_matrices(self) -> bool:
        """Whether matrices within the layers are trained."""
        return self._base.trains_matrices

    @property
    def needs_cache(self) -> bool:
        """Whether keys and values of its own are put into the layers."""
        return self._base.needs_cache

    @property
    def needs_whole_embedding(self) -> bool:
        """Whether a method looks at embedding rows that no batch asks for."""
        return any(method.needs_whole_embedding for method in self._all)

    @property
    def kept_copies(self) -> int:
        """Numbers that the methods keep in memory for each weight that is trained."""
        return sum(method.kept_copies for method in self._all)

    @property
    def rate_factor(self) -> float:
        """A good learning rate, as a multiple of one for full fine-tuning."""
        return self._base.rate_factor

    def refusals(self, model: nn.Module, task: str) -> list[tuple[str, str]]:
        """What speaks against tuning a model so: a method's name, and a sentence.

        Args:
            model: It may be on the device `meta`.
            task: The run's.
        """
        outline = outline_of(model)
        asked = [(method.name, self._guarded(method, "refusal", method.refusal, outline, task)) for method in self._all]
        return [(name, text) for name, text in asked if text]

    def apply(self, model: nn.Module, *, seed: int, total_steps: int = 1) -> nn.Module:
        """The model as it is trained.

        Args:
            model: As it was loaded.
            seed: Of the random numbers that new parameters begin with.
            total_steps: Of the run.
        """
        outline = outline_of(model)
        model.requires_grad_(False)
        with OwnRandomNumbers(seed):
            for method in self._all:
                model = self._guarded(method, "apply", _applied, method, model, outline, total_steps)
        trainable = tuple(name for name, item in model.named_parameters() if item.requires_grad)
        if not trainable:
            raise MethodError(f"`method: {' + '.join(self.settings)}` leaves nothing trainable")
        self.outline = replace(outline, trainable=trainable)
        return model

    def counts(self, model: nn.Module) -> tuple[int, int]:
        """How many parameters training changes, and how many there are; a head that peft copied counts once."""
        sizes = {name: item.numel() for name, item in model.named_parameters() if ".original_module." not in name}
        return sum(sizes[name] for name in self._outline.trainable), sum(sizes.values())

    def kept_bytes(self, model: nn.Module) -> int:
        """Bytes of the weights that are kept of a model."""
        wanted = set(self._outline.trainable)
        kept_ones = [item for name, item in model.named_parameters() if self.keeps_all or name in wanted]
        return sum(item.numel() * item.element_size() for item in kept_ones)

    def frozen_base(self, model: nn.Module) -> dict[str, str]:
        """The base's parameters that stay as they are: their names in the plain model, by those in this one."""
        outline = self._outline
        changed = set(outline.trainable)
        plain = {name: _plain(name) for name, _ in model.named_parameters() if name not in changed}
        return {
            name: known
            for name, known in plain.items()
            if known in outline.parameters and (outline.in_backbone(known) or known.startswith(outline.pretrained_head))
        }

    def groups(self, model: nn.Module, *, learning_rate: float, weight_decay: float) -> list[dict[str, Any]]:
        """Parameter groups for an optimiser: each with a rate, and no weight decay on biases and norms."""
        outline = self._outline
        norms = {id(item) for module in model.modules() if is_norm(module) for item in module.parameters(recurse=False)}
        wanted = set(outline.trainable)
        groups: dict[tuple[float, float], list[nn.Parameter]] = {}
        for name, item in model.named_parameters():
            if name not in wanted:
                continue
            rate = learning_rate
            for method in self._all:
                rate = method.rate(name, rate, outline)
            decay = 0.0 if item.ndim < 2 or id(item) in norms else weight_decay
            for method in self._all if decay else ():
                decay = method.decay(name, decay, outline)
            groups.setdefault((rate, decay), []).append(item)
        return [{"params": items, "lr": rate, "weight_decay": decay} for (rate, decay), items in groups.items()]

    def layer_matrices(self, model: nn.Module) -> set[int]:
        """Ids of the trainable matrices within layers: neither embeddings nor the head, and no vector with two axes."""
        outline = self._outline
        wanted = {name for name in outline.trainable if 0 < outline.depth(name) < outline.top}
        named = ((name, item) for name, item in model.named_parameters() if name in wanted)
        return {id(item) for _, item in named if item.ndim == 2 and min(item.shape) > 1}

    def begin_step(self, model: nn.Module, *, step: int, total_steps: int) -> None:
        """A step is about to be computed.

        Args:
            model: The model.
            step: Steps that are done.
            total_steps: Of the run.
        """
        for method in self._all:
            self._guarded(method, "begin_step", _begun, method, model, self._outline, step, total_steps)

    def end_step(self, model: nn.Module, *, step: int) -> None:
        """The optimiser has used the gradients, which are still there.

        Args:
            model: The model.
            step: Steps that were done before this one.
        """
        for method in self._all:
            self._guarded(method, "end_step", _ended, method, model, step)

    def loss_term(self, model: nn.Module) -> torch.Tensor | None:
        """What is added to the loss of a whole step; None for nothing."""
        terms = [term for method in self._all if (term := method.loss_term(model)) is not None]
        return torch.stack(terms).sum() if terms else None

    def save(self, model: nn.Module, folder: Path) -> None:
        """Write what was trained, beside the model's config."""
        config: Any = model.config
        config.save_pretrained(folder)
        self._guarded(self._base, "save", self._base.save, model, self._outline, folder)

    def head_in(self, head: tuple[str, ...], folder: Path) -> dict[str, torch.Tensor]:
        """The head's parameters in what `save` wrote.

        Args:
            head: Names of the modules on top of the backbone.
            folder: Where.

        Raises:
            ModelError: The file cannot be read.
        """
        return self._base.head_tensors(head, folder)

    def load(self, model: nn.Module, folder: Path) -> None:
        """Fill a model that `apply` gave with what `save` wrote.

        Raises:
            ModelError: The file is not of such a model.
        """
        self._guarded(self._base, "load", self._base.load, model, self._outline, folder)

    def merge(self, model: nn.Module) -> nn.Module:
        """The same model with plain weights; the one that is given is used up.

        Raises:
            MethodError: That cannot be.
        """
        if self.unmergeable:
            raise MethodError(f"`{self._base.name}` cannot be merged: {self.unmergeable}")
        merged: nn.Module = self._guarded(self._base, "merge", self._base.merge, model)
        return merged

    def plain_parts(self, *, total_steps: int, learning_rate: float) -> list[PlainMethod]:
        """Each method in plain Python, the one that says what is trainable first.

        Args:
            total_steps: Of the run.
            learning_rate: Of what no method gives another one.

        Raises:
            MethodError: One is not written so.
        """
        parts: list[PlainMethod] = []
        for method in self._all:
            run = PlainRun(
                total_steps=total_steps, learning_rate=learning_rate, before="".join(part.before for part in parts)
            )
            part = self._guarded(method, "plain", method.plain, self._outline, run)
            if part is None:
                raise MethodError(
                    f"`method: {method.name}` does not say how it is written in plain Python, so there is no script of "
                    "this run; its package would add `plain` (see ft_magics.tuning.plain)"
                )
            parts.append(part)
        return parts

    def save_checkpoint(self, model: nn.Module, folder: Path) -> None:
        """Write what a resumed run needs: what was trained, and the methods' own state."""
        folder.mkdir(parents=True, exist_ok=True)
        kept.write_trainable(model, self._outline, folder)
        state = {f"{method.name}.{key}": item for method in self._all for key, item in method.state().items()}
        if state:
            save_file(state, folder / _STATE)

    def load_checkpoint(self, model: nn.Module, folder: Path) -> None:
        """Bring a model and the methods back to what `save_checkpoint` wrote.

        Raises:
            ModelError: It did not write this.
        """
        kept.read_trainable(model, self._outline, folder)
        state = kept.read_tensors(folder, _STATE) if (folder / _STATE).is_file() else {}
        for method in self._all:
            own = f"{method.name}."
            method.restore({key.removeprefix(own): item for key, item in state.items() if key.startswith(own)})

    @property
    def _outline(self) -> Outline:
        if self.outline is None:
            raise MethodError("a method is applied to a model before it is asked of it")
        return self.outline

    def _guarded(self, method: Method, what: str, call: Callable[..., T], *arguments: Any) -> T:
        """What a method gives.

        Raises:
            MethodError: The method has a fault.
        """
        try:
            return call(*arguments)
        except FineTuneError:
            raise
        except Exception as error:
            if is_out_of_memory(error) or isinstance(error, OSError):
                raise
            fault = f"{type(error).__name__}: {error}"
            raise MethodError(
                f"method `{method.name}`: `{what}` failed ({fault:.300}); `%ft debug` shows where"
            ) from error


def _plain(name: str) -> str:
    """The name that a parameter has in a plain model, without what peft puts there."""
    return name.removeprefix("base_model.").replace(".base_layer.", ".")


def _applied(method: Method, model: nn.Module, outline: Outline, total_steps: int) -> nn.Module:
    return method.apply(model, outline, total_steps=total_steps)


def _begun(method: Method, model: nn.Module, outline: Outline, step: int, total_steps: int) -> None:
    method.begin_step(model, outline, step=step, total_steps=total_steps)


def _ended(method: Method, model: nn.Module, step: int) -> None:
    method.end_step(model, step=step)
