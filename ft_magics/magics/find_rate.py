"""`%%finetune NAME --find-rate`: a few rates are tried, and the cell with the best one is written below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.display import DisplayHandle

from ft_magics.display.host import Host, find_host
from ft_magics.display.rates_page import rates_bundle
from ft_magics.errors import TrainingError
from ft_magics.magics.next_cell import write_below
from ft_magics.magics.rate_in_cell import cell_with_rate
from ft_magics.magics.session import Session
from ft_magics.runs.cells import parse_cell
from ft_magics.runs.interrupts import interrupts_noted
from ft_magics.studies.rates import RateSweep, prepare_sweep

if TYPE_CHECKING:
    from ft_magics.config.schema import AnyConfig

__all__ = ["check_alone", "find_rate"]


def check_alone(arguments: Any, config: AnyConfig) -> None:
    """See that the line's flags belong together, and to the cell.

    Raises:
        UsageError: They do not.
    """
    if config.compare is not None:
        raise UsageError("--find-rate tries rates for one model, and `compare` names several; leave one of them out")
    odd = next((flag for flag in ("dry_run", "resume", "bg") if getattr(arguments, flag)), None)
    if odd is not None:
        raise UsageError(f"--find-rate trains nothing that is kept, so it does not go with --{odd.replace('_', '-')}")


def find_rate(session: Session, arguments: Any, line: str, cell: str, config: AnyConfig) -> None:
    """Try rates, show what became of each, write the cell with the best one below.

    Args:
        session: Of the shell.
        arguments: Of the line.
        line: As it was written.
        cell: The body.
        config: That it comes to.

    Raises:
        TrainingError: No rate could be tried to its end.
    """
    sweep = prepare_sweep(config, arguments.name)
    shown = _Shown(find_host(session.shell))
    with interrupts_noted() as interrupts:
        stopped = False

        def asked_to_stop() -> bool:
            nonlocal stopped
            stopped = stopped or interrupts.take() > 0
            return stopped

        rates = sweep.rates()
        shown.draw(sweep, rates[0], len(rates) - 1)
        for at, _ in enumerate(sweep.sweep(asked_to_stop), 1):
            after = rates[at : at + 1]
            if after:
                shown.draw(sweep, after[0], len(rates) - at - 1)
        shown.draw(sweep)
    _write(session, sweep, line, cell, stopped=stopped)


def _write(session: Session, sweep: RateSweep, line: str, cell: str, *, stopped: bool) -> None:
    suggestion = sweep.suggestion()
    if suggestion is None and stopped:
        print("Stopped before a rate was tried to its end, so there is nothing to suggest.")
        return
    if suggestion is None:
        faults = "; ".join(f"{each.rate:g}: {each.fault}" for each in sweep.tried)
        raise TrainingError(f"no rate could be tried to its end: {faults}")

    def rate_of(text: str, overrides: Sequence[str]) -> Any:
        return parse_cell(text, session.namespace, overrides).train.learning_rate

    rate = sweep.for_whole(suggestion.tried.rate)
    text = cell_with_rate(line, cell, rate, rate_of)
    far = f", the best of the {len(sweep.tried)} that were tried before it was stopped" if stopped else ""
    write_below(session, text, f"Written below: the cell with `learning_rate: {rate:g}`{far}. Run it to train.")


class _Shown:
    """The page of a sweep, drawn again after each rate; lines in a terminal."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._handle: DisplayHandle | None = None

    def draw(self, sweep: RateSweep, now: float | None = None, left: int = 0) -> None:
        """Draw what there is.

        Args:
            sweep: The rates that were tried.
            now: The rate that comes next; None at the end.
            left: How many come after it.
        """
        bundle = rates_bundle(sweep, now=now, left=left)
        if self._host == "text":
            print(bundle["text/plain"] if now is None else f"Trying {now:g} …", flush=True)
        elif self._handle is None:
            self._handle = DisplayHandle()
            self._handle.display(bundle, raw=True)
        else:
            self._handle.update(bundle, raw=True)
