"""Methods of tuning, one module each."""

from __future__ import annotations

from ft_magics.tuning.full import tune_all

__all__ = ["METHODS", "RATE_FACTORS"]

METHODS = {"full": tune_all}
RATE_FACTORS = {"full": 1.0}  # how many times the rate of full fine-tuning a method takes, where none is given
