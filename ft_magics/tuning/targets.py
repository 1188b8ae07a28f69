"""Which of a model's linear maps a method works on, as a cell says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator

from ft_magics.errors import did_you_mean

if TYPE_CHECKING:
    from ft_magics.tuning.outline import Outline

__all__ = ["ATTENTION", "DOWN", "KEY", "OUTPUT", "QUERY", "VALUE", "Targets", "find_targets", "refuse_targets"]

# Names of linear maps within a layer, of attention to the text itself and to an encoder's: BERT and its kin, ALBERT,
# DistilBERT, DeBERTa, MPNet, ModernBERT, BART, ProphetNet, T5, Llama, GPT-2.
_SEQ2SEQ = r"(self|encoder|cross)_attn\.|layer\.\d\.(Self|EncDec)Attention\."
_SELF = rf"((cross)?attention\.|{_SEQ2SEQ}|attn\.)(self\.|attn\.)?"
_FUSED = r"(Wqkv|in_proj|qkv|c_attn)"
QUERY = rf"{_SELF}(query|q_lin|query_proj|q|q_proj|{_FUSED})"
KEY = rf"{_SELF}(key|k_lin|key_proj|k|k_proj|{_FUSED})"
VALUE = rf"{_SELF}(value|v_lin|value_proj|v|v_proj|{_FUSED})"
OUTPUT = (
    r"(cross)?attention\.output\.dense|attention\.dense|attention\.out_lin|attention\.attn\.o|attn\.Wo|attn\.c_proj"
    rf"|({_SEQ2SEQ})(out_proj|o_proj|o)"
)
# The last map of the feed-forward block.
DOWN = r"output\.dense|ffn_output|ffn\.lin2|mlp\.Wo|fc2|mlp\.down_proj|mlp\.c_proj|layer\.\d\.DenseReluDense\.wo"
ATTENTION = (QUERY, KEY, VALUE, OUTPUT)


def _names(targets: Any) -> Any:
    """One name is a list of one."""
    if isinstance(targets, str) and targets not in ("linear", "attention"):
        targets = [targets]
    named = isinstance(targets, list) and targets and all(isinstance(name, str) and name for name in targets)
    if not (isinstance(targets, str) or named):
        raise ValueError("expected `linear`, `attention`, or a list of names, such as `[query, value]`")
    return targets


Targets = Annotated[Literal["linear", "attention"] | list[str], BeforeValidator(_names)]


def find_targets(outline: Outline, targets: str | list[str]) -> list[str]:
    """Module names of linear maps of the backbone; the head is never among them.

    Args:
        outline: Of the model.
        targets: `linear` for all, `attention` for those of the attention, or names, each the end of some.
    """
    if targets == "linear":
        return list(outline.linears)
    if targets == "attention":
        return outline.matching(*ATTENTION)
    return outline.named(targets)


def refuse_targets(outline: Outline, targets: str | list[str]) -> str | None:
    """Why there is nothing to work on, with the names that there are; None where there is something."""
    from ft_magics.tuning.outline import listed, short_names  # noqa: PLC0415  # beside what uses it

    there = short_names(outline)
    if isinstance(targets, list):
        wrong = [name for name in targets if not outline.named([name])]
        if wrong:
            return (
                f"`targets` {listed(wrong)}: no linear map of this {outline.model_type} model is called so."
                f"{did_you_mean(wrong[0], there)} There are {listed(there)}; `targets: linear` takes all of them"
            )
        return None
    if not find_targets(outline, targets):
        return (
            f"`targets: {targets}` finds nothing in this {outline.model_type} model; name some of its linear maps: "
            f"{listed(there)}"
        )
    return None
