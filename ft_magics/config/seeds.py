"""Seeds of several runs that one cell asks for."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

__all__ = ["Seeds"]


def _all_different(seeds: list[int]) -> list[int]:
    """See that each makes a run of its own; an interval needs two at least."""
    twice = next((seed for seed in seeds if seeds.count(seed) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice} is there twice; the same seed gives the same run")
    if len(seeds) < 2:
        one = seeds[0] if seeds else 1
        raise ValueError(f"found {seeds}, expected at least two; for one it is `train: {{seed: {one}}}`")
    return seeds


Seed = Annotated[int, Field(ge=0, lt=2**32)]
Seeds = Annotated[list[Seed], AfterValidator(_all_different)]
