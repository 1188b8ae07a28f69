"""Shift+Tab on a key of a cell, or on a flag of a magic's line, shows its help.

A kernel answers a front end's `inspect_request` in `do_inspect`, the method that Jupyter's protocol has kernels
override (jupyter-client, "Making kernels for Jupyter"; ipykernel's `kernelbase.py`). The shell below it is told one
word of the cell only, found as if the cell were Python. So it is the kernel's method that is asked here first, with
the whole cell and the place in it; whatever is not ours is passed to it unchanged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

__all__ = ["Inspection"]

_NAME = "do_inspect"


class Inspection:
    """Help on keys and flags, in one shell.

    Args:
        shell: One in a kernel; in others there is nothing to install.
        magics: Ours by name, each with its `parser`.
    """

    def __init__(self, shell: InteractiveShell, magics: Mapping[str, Any]) -> None:
        self._kernel: Any = getattr(shell, "kernel", None)
        self._magics = magics
        self._before: Callable[..., Any] | None = None  # the kernel's own, or what another extension put there

    def install(self) -> None:
        """Have the kernel ask here first."""
        if self._kernel is not None and hasattr(self._kernel, _NAME):
            self._before = getattr(self._kernel, _NAME)
            setattr(self._kernel, _NAME, self.inspect)

    def remove(self) -> None:
        """Take that back, unless somebody else has come between: then this one only passes on."""
        self._magics = {}
        if self._before is not None and vars(self._kernel).get(_NAME) == self.inspect:
            delattr(self._kernel, _NAME)
            if getattr(self._kernel, _NAME) != self._before:
                setattr(self._kernel, _NAME, self._before)

    def inspect(self, code: str, cursor_pos: int, *others: Any, **named: Any) -> Any:
        """The kernel's answer: ours on a key or flag of ours, else the one that it would have given."""
        bundle = None
        try:
            bundle = self._bundle(code, cursor_pos) if self._magics and "%" in code else None
        except Exception:  # help must never show a traceback; a fault of ours leaves the question to the kernel
            logging.getLogger(__name__).debug("no help", exc_info=True)
        if bundle is not None:
            return {"status": "ok", "found": True, "data": bundle, "metadata": {}}
        assert self._before is not None  # noqa: S101  # it was installed
        return self._before(code, cursor_pos, *others, **named)

    def _bundle(self, code: str, offset: int) -> dict[str, str] | None:
        from ft_magics.magics.completion.help import help_at  # noqa: PLC0415  # %load_ext stays quick

        return help_at(code, offset, self._magics)
