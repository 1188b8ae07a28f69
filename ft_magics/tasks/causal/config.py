"""What a cell may say about causal language modelling: nothing yet; `objective: clm` is all."""

from __future__ import annotations

from ft_magics.config.section import Section

__all__ = ["CausalSettings"]


class CausalSettings(Section):
    """Every token but the first of a row is predicted from those before it."""
