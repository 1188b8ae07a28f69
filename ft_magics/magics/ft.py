"""`%ft`: housekeeping."""

from __future__ import annotations

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from ft_magics.errors import did_you_mean
from ft_magics.magics.ft_words import WORDS, usage
from ft_magics.magics.lines import read_line
from ft_magics.magics.session import Session

__all__ = ["FtMagics", "show_last_error"]

_WIDTH = max(len(usage(name, word)) for name, word in WORDS.items())
_OVERVIEW = "\n".join(f"{usage(name, word):<{_WIDTH}}  {word.summary}" for name, word in WORDS.items())


@magics_class
class FtMagics(Magics):
    """The line magic for everything around runs."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.shell)
        self._session = session

    @no_var_expand
    @magic_arguments()
    @argument("what", nargs="?", help="What to do.")
    @argument("rest", nargs="*", help="What it is about, such as a run's name or folder.")
    @line_magic
    def ft(self, line: str) -> None:
        """Housekeeping."""
        with self._session.plain_errors():
            arguments = read_line(self.ft, line)
            if arguments.what is None:
                print(_OVERVIEW)
                return
            word = WORDS.get(arguments.what)
            if word is None:
                raise UsageError(
                    f"there is no `%ft {arguments.what}`.{did_you_mean(arguments.what, WORDS)} There is:\n{_OVERVIEW}"
                )
            word.check(arguments.what, arguments.rest)
            word.load()(self._session, *arguments.rest)


FtMagics.ft.__doc__ = f"{FtMagics.ft.__doc__}\n\n{_OVERVIEW}\n"


def show_last_error(session: Session) -> None:
    """`%ft debug`: the whole traceback of the last error."""
    print(session.last_error or "No error of ft_magics so far.")
