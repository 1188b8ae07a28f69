"""`%%finetune NAME`: the cell becomes a training run."""

from __future__ import annotations

from typing import Any

from IPython.core.magic import Magics, cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from ft_magics.magics.lines import read_line
from ft_magics.magics.session import Session

__all__ = ["FinetuneMagics"]


@magics_class
class FinetuneMagics(Magics):
    """The cell magic that trains."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.shell)
        self._session = session

    @no_var_expand
    @magic_arguments("%finetune")
    @argument("name", nargs="?", default="run", help="The variable that the run is bound to, and its folder's name.")
    @argument(
        "--dry-run", action="store_true", help="Check the cell and the data, show what would happen, train nothing."
    )
    @argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="Override a setting, such as train.epochs=1."
    )
    @argument(
        "--from",
        dest="from_run",
        metavar="RUN",
        help="Do a run again: its settings hold where the cell says nothing; the body may be empty.",
    )
    @argument("--resume", action="store_true", help="Resume the run of this name from its last checkpoint.")
    @argument(
        "--find-rate", action="store_true", help="Try a few learning rates briefly, suggest one, keep nothing of it."
    )
    @argument("--bg", action="store_true", help="Train in the background; the cell ends at once.")
    @cell_magic
    def finetune(self, line: str, cell: str) -> None:
        """Fine-tune a language model on labelled data.

        The body is YAML: task, model, data (train, dev, test), method, train, save. `$name` stands for an object of
        this notebook. With `--from RUN` it only says what is to be other than in that run. A short one:

            %%finetune ner
            task: ner
            model: minilm
            data: {train: train.conll, dev: dev.conll, test: test.conll}
            train: {epochs: 5, learning_rate: 2e-4}
        """
        with self._session.plain_errors():
            arguments = read_line(self.finetune, line)
            from ft_magics.magics.cells import read_cell, run_to_repeat  # noqa: PLC0415  # %load_ext stays quick

            if arguments.find_rate:
                self._find_rate(arguments, line, cell)
                return
            before = run_to_repeat(self._session, arguments)
            arguments.name, config = read_cell(self._session, arguments, cell, before=before)
            from ft_magics.magics import actions  # noqa: PLC0415  # a mistake in the cell is answered without

            actions.finetune(self._session, arguments, config, before)

    def _find_rate(self, arguments: Any, line: str, cell: str) -> None:
        """`--find-rate`: nothing of the name is begun, so one that trains or has a folder is in nobody's way."""
        from ft_magics.magics.find_rate import check_alone, find_rate  # noqa: PLC0415  # %load_ext stays quick
        from ft_magics.runs.cells import parse_cell  # noqa: PLC0415  # the same

        config = parse_cell(cell, self._session.namespace, arguments.set)
        check_alone(arguments, config)
        find_rate(self._session, arguments, line, cell, config)


def _help() -> str:
    """What `%%finetune?` shows: the flags, and every key of a cell with its default and meaning."""
    from ft_magics.magics.settings_pages import overview  # noqa: PLC0415  # %load_ext stays quick

    return f"{FinetuneMagics.finetune.__doc__}\n{overview()}"


# IPython asks an object for its documentation where it can give it (`IPython.core.oinspect.getdoc`).
FinetuneMagics.finetune.getdoc = _help
