"""`%%pretrain NAME`: the cell becomes a training run on raw text."""

from __future__ import annotations

from IPython.core.magic import Magics, cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from ft_magics.magics.lines import read_line
from ft_magics.magics.session import Session

__all__ = ["PretrainMagics"]


@magics_class
class PretrainMagics(Magics):
    """The cell magic that pre-trains."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.shell)
        self._session = session

    @no_var_expand
    @magic_arguments("%pretrain")
    @argument("name", nargs="?", default="run", help="The variable that the run is bound to, and its folder's name.")
    @argument(
        "--dry-run", action="store_true", help="Check the cell and the text, show what would happen, train nothing."
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
    @argument("--bg", action="store_true", help="Train in the background; the cell ends at once.")
    @cell_magic
    def pretrain(self, line: str, cell: str) -> None:
        """Pre-train a language model on raw text, or continue to.

        The body is YAML: objective, model, data (train, dev, test), method, train, save. `$name` stands for an object
        of this notebook. With `--from RUN` it only says what is to be other than in that run. `model: NAME` in a later
        `%%finetune` cell begins from the result. A short one:

            %%pretrain laws
            objective: mlm
            model: minilm
            data: {train: texts/, dev: {fraction: 0.05}}
            train: {epochs: 1, max_length_tokens: 128}
        """
        with self._session.plain_errors():
            arguments = read_line(self.pretrain, line)
            from ft_magics.magics.cells import read_cell, run_to_repeat  # noqa: PLC0415  # %load_ext stays quick
            from ft_magics.runs.cells import PRETRAIN  # noqa: PLC0415  # the same

            before = run_to_repeat(self._session, arguments, PRETRAIN)
            arguments.name, config = read_cell(self._session, arguments, cell, PRETRAIN, before=before)
            from ft_magics.magics import actions  # noqa: PLC0415  # a mistake in the cell is answered without

            actions.finetune(self._session, arguments, config, before)


def _help() -> str:
    """What `%%pretrain?` shows: the flags, and every key of a cell with its default and meaning."""
    from ft_magics.magics.settings_pages import pretrain_overview  # noqa: PLC0415  # %load_ext stays quick

    return f"{PretrainMagics.pretrain.__doc__}\n{pretrain_overview()}"


# IPython asks an object for its documentation where it can give it (`IPython.core.oinspect.getdoc`).
PretrainMagics.pretrain.getdoc = _help
