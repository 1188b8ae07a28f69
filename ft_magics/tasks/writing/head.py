"""The head of a model that writes on, and what is said to a model of another kind."""

from __future__ import annotations

from ft_magics.models.heads import Head

__all__ = ["causal_head"]


def causal_head(use: str, *, packs: bool = False) -> Head:
    """The next token of the vocabulary.

    Args:
        use: What it is for.
        packs: Whether a row may hold several texts.
    """
    return Head(
        kind="AutoModelForCausalLM",
        labels=(),
        use=use,
        packs=packs,
        instead="take one, or `model: {preset: tiny}` from nothing. An encoder takes `task: classify` or `ner`",
    )
