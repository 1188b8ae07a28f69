"""`%ner_eval`: the evaluation of a run, of a saved model on a file, or of tags of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from ft_magics.errors import RunError
from ft_magics.magics.lines import read_line
from ft_magics.magics.session import Session

if TYPE_CHECKING:
    from ft_magics.evaluation.report import EntityReport

__all__ = ["NerEvalMagics"]


@magics_class
class NerEvalMagics(Magics):
    """The line magic that evaluates."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.shell)
        self._session = session

    @no_var_expand
    @magic_arguments()
    @argument("target", nargs="*", help="A run's name or folder; with --data, a model's folder or hub id.")
    @argument("--split", choices=["dev", "test"], help="Which predictions of a run; test if there is one.")
    @argument("--data", help="A labelled file, or $name, to run the model on.")
    @argument("--gold", help="Gold tags: $name (a list of lists) or a file.")
    @argument("--pred", help="Predicted tags: $name (a list of lists) or a file.")
    @argument("--token-column", help="Column of the word in files: its number from 1, or its name.")
    @argument("--tag-column", help="Column of the tag in files: its number from 1, or its name.")
    @argument("--scheme", help="Tagging scheme of files, where it cannot be seen: IOB1, IOB2, BIOES, BILOU, IO.")
    @argument("--encoding", help="Encoding of files that are not UTF-8, such as gb18030.")
    @line_magic
    def ner_eval(self, line: str) -> EntityReport:
        """Show and return the evaluation of entity predictions.

            %ner_eval ner --split test
            %ner_eval path/to/model --data test.conll
            %ner_eval --gold $gold --pred $predicted

        The report it returns has `.micro.f1`, `.per_type["PER"].recall` and so on, as shares from 0 to 1.
        """
        with self._session.plain_errors():
            from ft_magics.display.report_view import show_report  # noqa: PLC0415  # %load_ext stays quick

            report = self._report(read_line(self.ner_eval, line))
            show_report(report, self.shell)
            self._session.mark_shown(report)
            return report

    def _report(self, arguments: Any) -> EntityReport:
        from ft_magics.magics.tags import report_of_model, report_of_run, report_of_tags  # noqa: PLC0415  # %load_ext stays quick

        namespace = self._session.namespace
        given = {name for name, value in vars(arguments).items() if value is not None and value != []}
        if given & {"gold", "pred"}:
            if not {"gold", "pred"} <= given or given & {"target", "data", "split"}:
                raise UsageError(
                    "--gold and --pred go together, and with neither a run, --data nor --split: "
                    "%ner_eval --gold $gold --pred $pred"
                )
            return report_of_tags(arguments, namespace)
        if not arguments.target:
            raise UsageError("name a run: %ner_eval NAME, or give tags: %ner_eval --gold $gold --pred $pred")
        if len(arguments.target) > 1:
            raise RunError("comparing runs is not there yet; evaluate them one by one")
        (target,) = arguments.target
        if "data" in given:
            if "split" in given:
                raise UsageError("--split names a run's own predictions, --data another file; leave one of them out")
            return report_of_model(target, arguments, namespace)
        stray = given & {"encoding", "scheme", "tag_column", "token_column"}
        if stray:
            flags = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(stray))
            raise UsageError(f"{flags}: how a file is read, and no file is named; add --data FILE, or leave it out")
        return report_of_run(target, arguments.split, namespace)
