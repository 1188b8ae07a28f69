"""`%ner_eval`: the evaluation of runs, of a saved model on a file, or of tags of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from ft_magics.magics.lines import read_line
from ft_magics.magics.session import Session

if TYPE_CHECKING:
    from ft_magics.evaluation.entities.comparison import Comparison
    from ft_magics.evaluation.entities.report import EntityReport

__all__ = ["NerEvalMagics"]

_TAGS = "%ner_eval --gold $gold --pred $pred"
_FILE_FLAGS = {"encoding", "gold_column", "pred_column", "tag_column", "token_column"}
_VIEWS = ("type", "entity_length", "sentence_length", "seen", "train_frequency", "ambiguity", "capitalisation")


@magics_class
class NerEvalMagics(Magics):
    """The line magic that evaluates."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.shell)
        self._session = session

    @no_var_expand
    @magic_arguments()
    @argument("target", nargs="*", help="Runs (names or folders), the first being the baseline; with --data, a model.")
    @argument("--split", choices=["dev", "test"], help="Which predictions of a run; test if there is one.")
    @argument("--data", help="A labelled file, or $name, to run the model on; without one, gold and predictions.")
    @argument("--gold", help="Gold tags: $name (a list of lists of tags or spans) or a file.")
    @argument("--pred", help="Predicted tags, in the same way.")
    @argument("--mode", choices=["conll", "strict"], default="conll", help="conlleval's rule, or the scheme's own.")
    @argument("--scheme", help="Tagging scheme, where it cannot be seen: IOB1, IOB2, IOE1, IOE2, BIOES, BILOU, IO.")
    @argument("--by", choices=_VIEWS, default="type", help="What the scores are broken down by at first.")
    @argument("--min-support", type=int, default=0, metavar="N", help="Hide types with fewer gold entities.")
    @argument("--no-wait", action="store_true", help="Do not wait for a run that still trains.")
    @argument("--token-column", help="Column of the word in files: its number from 1 (-1 is the last), or its name.")
    @argument("--tag-column", help="Column of the tag in files.")
    @argument("--gold-column", help="Column of the gold tag, where a file has both; else the last but one.")
    @argument("--pred-column", help="Column of the predicted tag, where a file has both; else the last.")
    @argument("--encoding", help="Encoding of files that are not UTF-8, such as gb18030.")
    @line_magic
    def ner_eval(self, line: str) -> EntityReport | Comparison:
        """Show and return the evaluation of entity predictions.

            %ner_eval ner --split test
            %ner_eval ner baseline                       two runs side by side, with significance
            %ner_eval path/to/model --data test.conll
            %ner_eval --gold gold.conll --pred pred.conll
            %ner_eval --data both.conll                  gold and prediction in the last two columns
            %ner_eval --gold $gold --pred $predicted

        The report it returns has `.micro.f1`, `.per_type["PER"].recall` and so on, as shares from 0 to 1.
        """
        with self._session.plain_errors():
            arguments = read_line(self.ner_eval, line)
            given = {name for name, value in vars(arguments).items() if value is not None and value != []}
            _check(arguments, given)
            from ft_magics.magics import tags  # noqa: PLC0415  # %load_ext stays quick

            report = tags.report_of(arguments, given, self._session.namespace)
            tags.show(self._session, report, {"by": arguments.by, "min_support": arguments.min_support})
            return report


def _check(arguments: Any, given: set[str]) -> None:
    """See that the line's flags belong together.

    Raises:
        UsageError: They do not.
    """
    if arguments.min_support < 0:
        raise UsageError(f"--min-support: found {arguments.min_support}, expected a number from 0")
    if given & {"gold", "pred"}:
        if not {"gold", "pred"} <= given or given & {"target", "data", "split"}:
            raise UsageError(f"--gold and --pred go together, and with neither a run, --data nor --split: {_TAGS}")
        return
    if {"data", "split"} <= given:
        raise UsageError("--split names a run's own predictions, --data another file; leave one of them out")
    if "data" in given:
        return
    if not arguments.target:
        raise UsageError(f"name a run: %ner_eval NAME, or give tags: {_TAGS}")
    stray = given & _FILE_FLAGS
    if stray:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(stray))
        raise UsageError(f"{flags}: how a file is read, and no file is named; add --data FILE, or leave it out")
