"""Methods of tuning, one module each."""

from __future__ import annotations

from ft_magics.tuning.full import tune_all

__all__ = ["METHODS"]

METHODS = {"full": tune_all}
