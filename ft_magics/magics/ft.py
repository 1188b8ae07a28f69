"""`%ft`: housekeeping."""

from __future__ import annotations

from pathlib import Path

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
            getattr(self, f"_{arguments.what}")(arguments.name)

    def _debug(self, _: str | None) -> None:
        print(self._session.last_error or "No error of ft_magics so far.")

    def _runs(self, _: str | None) -> None:
        from ft_magics.config.schema import DEFAULT_FOLDER  # noqa: PLC0415  # the same
        from ft_magics.display.runs_page import runs_bundle  # noqa: PLC0415  # %load_ext stays quick
        from ft_magics.magics.names import all_runs  # noqa: PLC0415  # the same

        runs, unreadable = all_runs(self._session.namespace)
        if runs or unreadable:
            self._session.draw(runs_bundle(runs, unreadable))
        else:
            print(f"No runs in {Path(DEFAULT_FOLDER).resolve()}.")

    def _report(self, name: str) -> None:
        from ft_magics.magics.names import find_run  # noqa: PLC0415  # %load_ext stays quick

        self._session.draw_run(find_run(name, self._session.namespace))

    def _status(self, name: str) -> None:
        from ft_magics.display.run_page import event_text  # noqa: PLC0415  # %load_ext stays quick
        from ft_magics.magics.names import find_run  # noqa: PLC0415  # the same

        run = find_run(name, self._session.namespace)
        print(run)
        said = [text for text in map(event_text, run.events) if text]
        if said:
            print(said[-1])

    def _resume(self, name: str) -> None:
        from ft_magics.display.host import find_host  # noqa: PLC0415  # %load_ext stays quick
        from ft_magics.display.live import watch  # noqa: PLC0415  # the same
        from ft_magics.magics.names import check_name, find_run  # noqa: PLC0415  # the same
        from ft_magics.runs.interrupts import interrupts_noted  # noqa: PLC0415  # the same
        from ft_magics.tasks.cells import parse_cell  # noqa: PLC0415  # the same
        from ft_magics.training.launch import begin, prepare_in_turn  # noqa: PLC0415  # the same

        namespace = self._session.namespace
        before = find_run(name, namespace)
        if before.is_active:
            raise UsageError(f"{name} is {before.status}; only a run that has ended can be resumed")
        variable = check_name(before.name, namespace, folder=before.dir)
        config = parse_cell(before.folder.config_text(), namespace)
        host, prepared = find_host(self.shell), prepare_in_turn(config)
        with interrupts_noted() as interrupts:
            namespace[variable] = run = begin(variable, prepared, before)
            del prepared  # a traceback that is kept would keep the model of a failed run in memory
            watch(run, host, interrupts)

    def _stop(self, name: str) -> None:
        from ft_magics.magics.names import find_run  # noqa: PLC0415  # %load_ext stays quick

        run = find_run(name, self._session.namespace)
        if run.is_active and not run.finished.is_set():
            run.stop("stopped by %ft stop")
            print(f"{name} stops after its step.")
        elif run.is_active:
            run.folder.ask_to_stop()
            print(f"{name} trains in another kernel; it stops after its step.")
        else:
            print(f"{name} is not running: {run.status}.")
