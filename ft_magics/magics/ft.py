"""`%ft`: housekeeping."""

from __future__ import annotations

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from ft_magics.magics.lines import read_line
from ft_magics.magics.session import Session

__all__ = ["FtMagics"]

_LATER = ("doctor", "examples")


@magics_class
class FtMagics(Magics):
    """The line magic for everything around runs."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.shell)
        self._session = session

    @no_var_expand
    @magic_arguments()
    @argument("what", choices=["debug", "report", "resume", "runs", "status", "stop"], help="What to do.")
    @argument("name", nargs="?", help="A run's name or folder, for report, resume, status and stop.")
    @line_magic
    def ft(self, line: str) -> None:
        """Housekeeping.

        %ft debug         the whole traceback of the last error
        %ft runs          the runs of this notebook and those below ft_runs
        %ft report NAME   a run's page, from its folder, in any kernel
        %ft status NAME   how far a run is, in any kernel
        %ft stop NAME     stop a run after its step; the best model and a checkpoint are kept
        %ft resume NAME   resume a run that stopped or died, from its last checkpoint
        """
        with self._session.plain_errors():
            arguments = read_line(self.ft, line, later=_LATER)
            about_a_run = arguments.what in ("report", "resume", "status", "stop")
            if about_a_run and not arguments.name:
                raise UsageError(f"name a run: %ft {arguments.what} NAME")
            if arguments.name and not about_a_run:
                raise UsageError(f"`%ft {arguments.what}` takes no name; leave `{arguments.name}` out")
            if arguments.what == "debug":
                print(self._session.last_error or "No error of ft_magics so far.")
                return
            from ft_magics.magics import actions  # noqa: PLC0415  # %load_ext stays quick

            if arguments.what == "runs":
                actions.list_runs(self._session)
            elif arguments.what == "report":
                actions.show_run(self._session, arguments.name)
            else:
                getattr(actions, arguments.what)(self._session, arguments.name)
