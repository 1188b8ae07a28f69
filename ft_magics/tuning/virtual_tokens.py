"""What the methods that put virtual tokens before each input have in common; peft's `PeftModel` puts them there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ft_magics.tuning.method import Method
from ft_magics.tuning.outline import Outline

if TYPE_CHECKING:
    import torch
    from torch import nn

    from ft_magics.tuning.plain import PlainMethod, PlainRun

__all__ = ["VirtualTokens", "refuse_tokens"]


def refuse_tokens(outline: Outline, name: str, length: int) -> str | None:
    """Why a model has no place for so many virtual tokens; None where it has."""
    if outline.peft_task is None:
        return (
            f"`{name}` is there for models that classify texts or tokens, find answers or write, and this is "
            f"{outline.kind}; `lora` works on it"
        )
    if outline.peft_task == "CAUSAL_LM" and not outline.takes_positions:
        return (
            f"this {outline.model_type} model cannot be told where a token stands, so padding would come between "
            "virtual tokens and a text; `lora` works on it"
        )
    if outline.peft_task == "CAUSAL_LM" and outline.head:
        return (
            f"the weights have no head for a language model, and `{name}` would leave a new one as it begins; `lora` "
            "trains it"
        )
    if outline.positions is not None and length > outline.positions // 2:
        return (
            f"`length: {length}` is more than half of the {outline.positions} tokens that this {outline.model_type} "
            f"model takes; take at most {outline.positions // 2}"
        )
    return None


class VirtualTokens(Method):
    """A method whose parameters stand before each input, and the head."""

    unmergeable: ClassVar = "what it trained stands before each input, and is no weight; `lora` can be merged"

    def config(self, outline: Outline) -> Any:
        """The `PeftConfig`."""
        raise NotImplementedError

    def apply(self, model: nn.Module, outline: Outline, *, total_steps: int) -> nn.Module:
        """Put the model into a `PeftModel`."""
        from ft_magics.tuning.peft_prompts import with_tokens  # noqa: PLC0415  # a cell is read without torch

        return with_tokens(model, self.config(outline), outline)

    def save(self, model: nn.Module, outline: Outline, folder: Path) -> None:
        """Write what peft's `PeftModel.from_pretrained` reads."""
        from ft_magics.tuning.peft_prompts import save_tokens  # noqa: PLC0415  # a cell is read without torch

        save_tokens(model, folder)

    def load(self, model: nn.Module, outline: Outline, folder: Path) -> None:
        """Fill tokens and head."""
        from ft_magics.tuning.peft_prompts import load_tokens  # noqa: PLC0415  # a cell is read without torch

        load_tokens(model, folder)

    def head_tensors(self, head: tuple[str, ...], folder: Path) -> dict[str, torch.Tensor]:
        """The head in peft's file."""
        from ft_magics.tuning.peft_prompts import head_of_tokens  # noqa: PLC0415  # a cell is read without torch

        return head_of_tokens(head, folder)

    def plain(self, outline: Outline, run: PlainRun) -> PlainMethod:
        """The config as peft has it, and peft's own model; logits of the virtual tokens are left out."""
        from ft_magics.tuning.peft_prompts import filled  # noqa: PLC0415  # a cell is read without torch
        from ft_magics.tuning.plain import PlainMethod, peft_call  # noqa: PLC0415  # for a script alone
        from ft_magics.tuning.plain_python import without_virtual  # noqa: PLC0415  # the same

        config = filled(self.config(outline), outline)
        first, *rest = peft_call(config, outline)
        tokens = config.task_type in ("QUESTION_ANS", "TOKEN_CLS")
        hook = ["model.register_forward_hook(without_virtual, with_kwargs=True)"]
        return PlainMethod(
            lines=[f"config = {first}", *rest, "model = get_peft_model(model, config)", *hook * tokens],
            functions=[without_virtual] * tokens,
            imports=[f"from peft import {type(config).__name__}", "from peft import get_peft_model"],
            needs=["peft"],
            before="base_model.",
            save="model.save_pretrained({}, save_embedding_layers=False)",
        )
