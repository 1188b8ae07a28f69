"""`%%predict RUN`: the best model's answers to texts in the cell's body, or to what is typed into a box."""

from __future__ import annotations

import re

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from ft_magics.magics.lines import read_line
from ft_magics.magics.session import Session

__all__ = ["PredictMagics", "texts_in", "with_a_body"]

_ALONE = re.compile(r"%%(?:predict|finetune|pretrain)\b[^\n]*\n?")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")


def with_a_body(lines: list[str]) -> list[str]:
    """Give a cell that is nothing but `%%predict RUN`, or `%%finetune`, a body: IPython runs no cell magic without."""
    if len(lines) == 1 and _ALONE.fullmatch(lines[0]):
        return [f"{lines[0].rstrip()}\n", "\n"]
    return lines


# IPython then leaves it out where it only asks whether a cell is whole: in a terminal Enter would run the first line.
with_a_body.has_side_effects = True  # type: ignore[attr-defined]  # IPython's own name for it, set in this way


@magics_class
class PredictMagics(Magics):
    """The magic that asks a model."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.shell)
        self._session = session

    @no_var_expand
    @magic_arguments()
    @argument("run", nargs="?", help="A run (its name or folder), whose best model answers.")
    @argument("--new", action="store_true", help="Begin a dialogue again; else a cell continues the one before it.")
    @argument("--no-wait", action="store_true", help="Do not wait for a run that still trains.")
    @line_cell_magic
    def predict(self, line: str, cell: str = "") -> None:
        """Show what a model says of texts.

            %%predict intents
            my bin was not emptied
            where do I return a book?

        A text a line; with an empty line between them, a text a paragraph. Without a text, a box to type in. A run of
        dialogues takes the body as what a user says, and the next cell continues that dialogue; `--new` begins another.
        """
        with self._session.plain_errors():
            arguments = read_line(self.predict, line)
            if not arguments.run:
                raise UsageError("name a run: %%predict NAME")
            from ft_magics.magics import actions  # noqa: PLC0415  # %load_ext stays quick

            actions.predict(self._session, arguments, texts_in(cell), texts_in)


def texts_in(body: str) -> list[str]:
    """The texts of a cell's body: its paragraphs where an empty line parts them, else its lines."""
    paragraphs = [" ".join(part.split()) for part in _BLANK_LINE.split(body.strip())]
    texts = paragraphs if len(paragraphs) > 1 else [line.strip() for line in body.splitlines()]
    return [text for text in texts if text]
