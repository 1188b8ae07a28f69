"""The settings that a saved model keeps of its task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from ft_magics.config.section import Section
from ft_magics.errors import ModelError

__all__ = ["settings_of"]

S = TypeVar("S", bound=Section)


def settings_of(kind: type[S], saved: Mapping[str, Any], config: Any) -> S:
    """What a run wrote beside a model, as a section; the defaults for a model of another origin.

    Args:
        kind: Of section.
        saved: As it was written.
        config: Of the model.

    Raises:
        ModelError: No run wrote this.
    """
    try:
        return kind.model_validate(dict(saved))
    except ValidationError as error:
        raise ModelError(
            f"model: {config.name_or_path}: ft_magics.json does not hold what a run writes; remove the file to use the "
            "model as it is"
        ) from error
