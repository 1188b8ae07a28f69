"""What is written beside a model, so that it can be used again: its task, how it was tuned, and from which base."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ft_magics.errors import ModelError
from ft_magics.markup import terminal_line
from ft_magics.models.base import Base
from ft_magics.models.weight_files import read_json
from ft_magics.tasks.registry import known_names

__all__ = ["FEWEST_TOKENS", "SETTINGS", "ModelSettings", "base_in", "read_settings"]

SETTINGS = "ft_magics.json"
FEWEST_TOKENS = 8  # as in a cell's `max_length_tokens`


class ModelSettings(BaseModel):
    """What we write beside a model, and believe as far as this; what a newer version adds is let be."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    task: str
    max_length_tokens: int = Field(ge=FEWEST_TOKENS, le=1_000_000)
    saved: dict[str, Any] = {}
    method: dict[str, Any] | None = None
    base: Base | None = None
    device: str | None = None
    precision: str | None = None

    def precision_on(self, device: str) -> str:
        """What a model computes in where nobody says it: in fp32 if it was trained so there, so its answers stay."""
        return "fp32" if (self.device, self.precision) == (device, "fp32") else "auto"


def read_settings(folder: Path) -> ModelSettings | None:
    """What was written beside the model; None where nothing was.

    Raises:
        ModelError: It is not what we write.
    """
    path = folder / SETTINGS
    if not os.path.lexists(path):
        return None
    try:
        settings = ModelSettings.model_validate(read_json(path))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where, found = ".".join(map(str, first["loc"])), terminal_line(str(first["input"]))
        raise ModelError(
            f"model: {path}: `{where}` is {found:.80}: {first['msg']}; remove the file to use the model's own limit"
        ) from error
    if settings.task not in known_names():
        raise ModelError(
            f"model: {path}: `task` is {terminal_line(settings.task):.80}: there is no such task; there are "
            f"{', '.join(known_names())}. A task of another package needs that package installed here"
        )
    return settings


def base_in(folder: Path) -> Base | None:
    """The base that a model's folder names; None for a model that is whole, or a folder that cannot be read."""
    try:
        settings = read_settings(folder)
    except ModelError:
        return None
    return settings.base if settings else None
