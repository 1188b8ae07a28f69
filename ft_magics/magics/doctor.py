"""`%ft doctor`: what this place has and lacks for training."""

from __future__ import annotations

from ft_magics.display.doctor import examine
from ft_magics.display.doctor_page import doctor_bundle
from ft_magics.magics.session import Session

__all__ = ["doctor"]


def doctor(session: Session) -> None:
    """Look at versions, machine, models and front end, and say what needs attention."""
    session.draw(doctor_bundle(examine(session.shell)))
