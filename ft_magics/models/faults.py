"""What loaders raise, as messages that say which model and what to do."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager

from ft_magics.errors import ModelError
from ft_magics.markup import terminal_line
from ft_magics.models.memory import is_out_of_memory

__all__ = ["plain_errors"]

_LONGEST_REASON = 300


@contextmanager
def plain_errors(source: str, part: str = "it") -> Iterator[None]:
    """Whatever is raised inside becomes a ModelError about this model, or about a part of it."""
    try:
        yield
    except ModelError as error:
        raise ModelError(terminal_line(str(error))) from error  # it may quote what a file says
    except BaseException as error:  # loaders raise whatever a broken file makes them stumble over
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":  # of Rust, under tokenizers
            raise
        kind = "" if isinstance(error, (OSError, ValueError)) else f"{type(error).__name__}: "
        reason = terminal_line(str(error).strip())[:_LONGEST_REASON]
        advice = "copy its folder again, or save it again with `save_pretrained`"
        if is_out_of_memory(error):
            kind, reason = "", "there is not enough memory for it"
            advice = "free some with `RUN.release()`, or take a smaller model"
        if isinstance(error, pickle.UnpicklingError):
            kind, reason = "", "its weights are a pickle that holds more than numbers, which is not opened"
            advice = "save the model as safetensors"
        raise ModelError(f"model: {source}: {part} cannot be loaded: {kind}{reason}; {advice}") from error
