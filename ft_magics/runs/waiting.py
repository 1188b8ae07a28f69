"""Waiting for the end of a training, so that a person knows why nothing happens."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import ClassVar

from ft_magics.errors import RunError
from ft_magics.runs.earlier import name_in_folder
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.interrupts import interrupts_noted

__all__ = ["Awaited"]

_LOOK_EVERY_S = 0.25


class Awaited:
    """A training that one can wait for: a run, or several as one.

    Attributes:
        name: In the notebook.
        folder: Where it lives.
        finished: Set at its end, and where it does not train in this process.
        waits: Whether asking for what it gives waits for its end; else it is an error.
        called: What messages call it before its name.
    """

    called: ClassVar[str] = ""

    def __init__(self, name: str, folder: RunFolder) -> None:
        self.name = name
        self.folder = folder
        self.exception: BaseException | None = None
        self.finished = threading.Event()
        self.waits = True

    @property
    def dir(self) -> Path:
        """Its folder."""
        return self.folder.path

    @property
    def title(self) -> str:
        """Its name; of an earlier one of a name, with the time that its folder has."""
        return self.dir.name if name_in_folder(self.dir.name) == self.name else self.name

    @property
    def status(self) -> str:
        """`running`, `paused`, `done`, `stopped`, `failed`, or `crashed` where its process is gone."""
        raise NotImplementedError

    @property
    def is_active(self) -> bool:
        """Whether it is under way, paused or not."""
        return self.status in ("running", "paused")

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; whether it came."""
        return self.finished.wait(timeout_s)

    def wait_with_notice(self, why: str = "") -> None:
        """Say that one waits for the end, and wait.

        Args:
            why: One does, where that is not plain; in brackets, with a leading space.

        Raises:
            RunError: The waiting was interrupted.
        """
        print(f"Waiting for {self.name}, which is {self.status}{why}; the interrupt ends the waiting.", flush=True)
        with interrupts_noted() as interrupts:
            interrupted = False
            while not interrupted and not self.finished.wait(_LOOK_EVERY_S):
                interrupted = interrupts.take() > 0
        if interrupted:
            raise RunError(f"the waiting for {self.name} was interrupted; {self.name} keeps training")

    def settle(self, wait: bool | None = None) -> None:
        """Wait for the end of a training, so that a notebook that is run as a whole is right.

        Args:
            wait: Whether to wait; None for what `waits` says.

        Raises:
            RunError: It trains, and it was said not to wait, or it trains in another kernel.
        """
        if not self.is_active:
            return
        if not (self.waits if wait is None else wait) or self.finished.is_set():
            where = " in another kernel" if self.finished.is_set() else ""
            raise RunError(
                f"{self.called}{self.name} is still training{where}; stop it or wait for it (`{self.name}.wait()`)"
            )
        self.wait_with_notice()
