"""The head of a model that writes on, and what is said to a model of another kind."""

from __future__ import annotations

from ft_magics.models.heads import Head

__all__ = ["causal_head"]


def causal_head(use: str) -> Head:
    """The next token of the vocabulary.

    Args:
        use: What it is for.
    """
    return Head(
        kind="AutoModelForCausalLM",
        labels=(),
        use=use,
        instead="take one, or `model: {preset: tiny}` from nothing. An encoder takes `task: classify` or `ner`",
    )
