"""`%ft`: housekeeping."""

from __future__ import annotations

from pathlib import Path

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from ft_magics.magics.session import Session

__all__ = ["FtMagics"]


@magics_class
class FtMagics(Magics):
    """The line magic for everything around runs."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.shell)
        self._session = session

    @no_var_expand
    @magic_arguments()
    @argument("what", choices=["debug", "report", "runs", "stop"], help="What to do.")
    @argument("name", nargs="?", help="A run's name or folder, for report and stop.")
    @line_magic
    def ft(self, line: str) -> None:
        """Housekeeping.

        %ft debug         the whole traceback of the last error
        %ft runs          the runs below ft_runs
        %ft report NAME   a run's page, from its folder, in any kernel
        %ft stop NAME     stop a run after its step; the best model is kept
        """
        with self._session.plain_errors():
            arguments = parse_argstring(self.ft, line)
            if arguments.what in ("report", "stop") and not arguments.name:
                raise UsageError(f"name a run: %ft {arguments.what} NAME")
            getattr(self, f"_{arguments.what}")(arguments.name)

    def _debug(self, _: str | None) -> None:
        print(self._session.last_error or "No error of ft_magics so far.")

    def _runs(self, _: str | None) -> None:
        from ft_magics.errors import RunError  # noqa: PLC0415  # %load_ext stays quick
        from ft_magics.magics.names import DEFAULT_FOLDER  # noqa: PLC0415  # the same
        from ft_magics.training.run import load  # noqa: PLC0415  # the same

        folders = sorted(path for path in Path(DEFAULT_FOLDER).glob("*") if path.is_dir())
        for folder in folders:
            try:
                print(load(folder))
            except RunError as error:
                print(error)
        if not folders:
            print(f"No runs in {Path(DEFAULT_FOLDER).resolve()}.")

    def _report(self, name: str) -> None:
        from IPython.display import display  # noqa: PLC0415  # %load_ext stays quick

        from ft_magics.magics.names import find_run  # noqa: PLC0415  # the same

        display(find_run(name, self._session.namespace))

    def _stop(self, name: str) -> None:
        from ft_magics.magics.names import find_run  # noqa: PLC0415  # %load_ext stays quick

        run = find_run(name, self._session.namespace)
        run.stop("stopped by %ft stop")
        print(f"{name} stops after its step.")
