"""The settings that a saved model keeps of its task, and how more data are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from ft_magics.config.section import Section
from ft_magics.errors import DataError, ModelError, did_you_mean

__all__ = ["options_of", "settings_of"]

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


def options_of(kind: type[S], said: Mapping[str, Any]) -> S:
    """How data are read, by the names that a `data:` section has.

    Args:
        kind: Of section.
        said: Options and their values.

    Raises:
        DataError: There is no such option, or no such value.
    """
    odd = next((name for name in said if name not in kind.model_fields), None)
    if odd is not None:
        raise DataError(f"there is no option `{odd:.60}`.{did_you_mean(odd, kind.model_fields)}")
    try:
        return kind.model_validate(dict(said))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise DataError(f"`{'.'.join(map(str, first['loc']))}`: {first['msg']}") from error
