"""`%evaluate`: the evaluation of runs, of a saved model on a file, or of predictions of one's own, of any task."""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from ft_magics.magics.lines import read_line
from ft_magics.magics.session import Session

__all__ = ["EvaluateMagics"]

_OWN = "%evaluate --gold $gold --pred $pred --task classify"


@magics_class
class EvaluateMagics(Magics):
    """The line magic that evaluates any task."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.shell)
        self._session = session

    @no_var_expand
    @magic_arguments()
    @argument("target", nargs="*", help="Runs (names or folders), the first being the baseline; with --data, models.")
    @argument("--split", choices=["dev", "test"], help="Which predictions of a run; test if there is one.")
    @argument("--data", help="A labelled file, or $name, to run the models on.")
    @argument("--gold", help="What is right: $name (a list with an entry per example), or a file.")
    @argument("--pred", help="What was predicted, in the same way.")
    @argument("--task", help="Of --gold and --pred, or of a model of another origin: classify, ner, …")
    @argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="How a file is read, such as text_column=body, as under `data:` in a cell.",
    )
    @argument("--no-wait", action="store_true", help="Do not wait for a run that still trains.")
    @line_magic
    def evaluate(self, line: str) -> Any:
        """Show and return an evaluation.

            %evaluate intents --split test
            %evaluate intents baseline                     two runs side by side, with significance
            %evaluate intents --data new.csv               a run's best model on other data
            %evaluate path/to/model --data test.csv --task classify
            %evaluate --gold $gold --pred $predicted --task classify

        The report it returns has `.headline.value`, `.scores["macro_f1"].interval` and so on, as shares from 0 to 1.
        For entities `%ner_eval` has more to choose from.
        """
        with self._session.plain_errors():
            arguments = read_line(self.evaluate, line)
            _check(arguments)
            from ft_magics.magics import evaluations  # noqa: PLC0415  # %load_ext stays quick

            report = evaluations.report_of(arguments, self._session.namespace)
            evaluations.show(self._session, report)
            return report


def _check(arguments: Any) -> None:
    """See that the line's flags belong together.

    Raises:
        UsageError: They do not.
    """
    own = arguments.gold is not None, arguments.pred is not None
    if any(own):
        if not all(own) or arguments.target or arguments.data or arguments.split:
            raise UsageError(f"--gold and --pred go together, and with neither a run, --data nor --split: {_OWN}")
        return
    if not arguments.target:
        raise UsageError(f"name a run: %evaluate NAME, or give predictions of your own: {_OWN}")
    if arguments.data and arguments.split:
        raise UsageError("--split names a run's own predictions, --data another file; leave one of them out")
    if not arguments.data and (arguments.set or arguments.task):
        flag = "--set" if arguments.set else "--task"
        raise UsageError(f"{flag}: how other data are read, and none are named; add --data FILE, or leave it out")
