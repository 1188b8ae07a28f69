"""`--dry-run` of a cell with `compare:`: how many runs there are, and about how long they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ft_magics.display.host import find_host
from ft_magics.magics.session import Session
from ft_magics.training.random_state import random_state_kept

if TYPE_CHECKING:
    from ft_magics.config.schema import AnyConfig

__all__ = ["try_transfer"]


def try_transfer(session: Session, name: str, config: AnyConfig) -> None:
    """Show what one of the runs would do, and how long all of them take.

    Args:
        session: Of the shell.
        name: That the study would have.
        config: What the cell says.
    """
    with random_state_kept():
        from ft_magics.display.prepared import show_dry_run  # noqa: PLC0415  # torch only for a cell without mistakes
        from ft_magics.display.transfer_plan import plan_text  # noqa: PLC0415  # the same
        from ft_magics.studies.transfer_plan import plan_transfer  # noqa: PLC0415  # the same

        plan = plan_transfer(config, name)
        show_dry_run(name, plan.example, find_host(session.shell))
        print(plan_text(plan))
    session.tried[name] = plan.example_config
