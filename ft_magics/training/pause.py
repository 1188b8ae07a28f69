"""Standing still between two steps."""

from __future__ import annotations

import time

from ft_magics.events import PauseChanged
from ft_magics.runs.steering import Steering
from ft_magics.training.guard import Say

__all__ = ["Pause"]


class Pause:
    """Holds the training while a pause lasts.

    Args:
        steering: Says whether it does.
        say: Takes each event.

    Attributes:
        stands_still: Whether a pause was begun, said, and not ended.
    """

    def __init__(self, steering: Steering, say: Say) -> None:
        self._steering, self._say = steering, say
        self.stands_still = False

    def stand_still(self) -> float:
        """Wait while a pause lasts, or until a save is asked for, since the Trainer writes only after a step.

        Returns:
            Seconds that were waited.
        """
        paused_s = 0.0
        if self._steering.pausing:
            began = time.monotonic()
            if not self.stands_still:
                self._say(lambda: PauseChanged(paused=True, reason=self._steering.pause_reason))
            self.stands_still = True
            self._steering.wait_while_paused()
            paused_s = time.monotonic() - began
        if self.stands_still and (self._steering.stopping or not self._steering.pausing):
            self._say(lambda: PauseChanged(paused=False, reason=""))
            self.stands_still = False
        return paused_s
