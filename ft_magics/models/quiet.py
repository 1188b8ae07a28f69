"""Transformers without its progress bars and reports, while we call it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from transformers.utils import logging

__all__ = ["quiet_transformers"]


class _Quiet:
    """How loud transformers was before the first of those who want quiet, a run and a prediction say."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = (logging.WARNING, True)

    def enter(self) -> None:
        with self._lock:
            if not self._inside:
                self._before = (logging.get_verbosity(), logging.is_progress_bar_enabled())
                logging.set_verbosity_error()
                logging.disable_progress_bar()
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside:
                return
            verbosity, bars = self._before
            logging.set_verbosity(verbosity)
            if bars:
                logging.enable_progress_bar()


_quiet = _Quiet()


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """No progress bars, and no report about the fresh head, which is meant to be fresh."""
    _quiet.enter()
    try:
        yield
    finally:
        _quiet.leave()
