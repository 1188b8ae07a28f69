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
    @argument("--resume", action="store_true", help="Resume the run of this name from its last checkpoint.")
    @argument("--bg", action="store_true", help="Train in the background; the cell ends at once.")
    @cell_magic
    def finetune(self, line: str, cell: str) -> None:
        """Fine-tune a language model on labelled data.

        The body is YAML: task, model, data (train, dev, test), method, train, save. `$name` stands for an object of
        this notebook. A short one:

            %%finetune ner
            task: ner
            model: minilm
            data: {train: train.conll, dev: dev.conll, test: test.conll}
            train: {epochs: 5, learning_rate: 2e-4}
        """
        with self._session.plain_errors():
            self._finetune(read_line(self.finetune, line), cell)

    def _finetune(self, arguments: Any, cell: str) -> None:
        from ft_magics.display.host import find_host  # noqa: PLC0415  # %load_ext stays quick
        from ft_magics.display.live import watch  # noqa: PLC0415  # the same
        from ft_magics.display.prepared import show_prepared  # noqa: PLC0415  # the same
        from ft_magics.magics.names import check_folder, check_name  # noqa: PLC0415  # the same
        from ft_magics.runs.interrupts import interrupts_noted  # noqa: PLC0415  # the same
        from ft_magics.tasks.cells import parse_cell  # noqa: PLC0415  # the same
        from ft_magics.training.launch import begin, find_unfinished, prepare_in_turn  # noqa: PLC0415  # the same

        namespace = self._session.namespace
        arguments.name = check_name(arguments.name, namespace)
        config = parse_cell(cell, namespace, arguments.set)
        check_folder(config.save.dir, arguments.name)
        before = find_unfinished(config.save.dir, arguments.name) if arguments.resume else None
        if before is not None and before.status == "done":
            namespace[arguments.name] = before
            print(f"{arguments.name} is done; there is nothing to resume, so it was read from its folder.")
            return
        host = find_host(self.shell)
        prepared = prepare_in_turn(config)
        show_prepared(prepared, host, dry_run=arguments.dry_run)
        if arguments.dry_run:
            return
        if arguments.resume and before is None:
            print(f"There is no run {arguments.name} to resume; it starts from the beginning.")
        with interrupts_noted() as interrupts:
            namespace[arguments.name] = run = begin(arguments.name, prepared, before)
            del prepared  # a traceback that is kept would keep the model of a failed run in memory
            watch(run, host, interrupts, attached=not arguments.bg)
