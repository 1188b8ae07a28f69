"""The completer of one shell: IPython asks it at every Tab, before all others.

IPython's matchers, version 2 (`IPython.core.completer`): JupyterLab, Notebook, VS Code and the terminal all show what
they answer. JupyterLab waits a second for it (its setting `providerTimeout`). What is imported to answer takes about
that long, so a kernel imports it as soon as it has nothing else to do.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.interactiveshell import InteractiveShell

if TYPE_CHECKING:
    from ft_magics.magics.completion.choices import Choice

__all__ = ["Completion"]

_FIRST = 1000  # before all of IPython's own
_UNBROKEN = {ord(" "): "\N{NO-BREAK SPACE}", ord("-"): "\N{NON-BREAKING HYPHEN}"}
_WIDEST = 40  # characters of a note in a front end
_SOON_S = 0.2  # after the cell with `%load_ext`, unless others are waiting to be run


class Completion:
    """What Tab proposes, in one shell.

    Args:
        shell: Whose completer asks.
        magics: Ours by name, each with its `parser`.
    """

    def __init__(self, shell: InteractiveShell, magics: Mapping[str, Any]) -> None:
        self._shell = shell
        self._magics = magics
        self._loop: Any = getattr(getattr(shell, "kernel", None), "io_loop", None)
        self._waiting: Any = None

    def install(self) -> None:
        """Let the shell's completer ask."""
        self._shell.Completer.custom_matchers.append(self.match)
        if self._loop is not None:
            self._waiting = self._loop.call_later(_SOON_S, _warm)

    def remove(self) -> None:
        """Take that back."""
        if self._waiting is not None:
            self._loop.remove_timeout(self._waiting)
        matchers = self._shell.Completer.custom_matchers
        matchers[:] = [matcher for matcher in matchers if getattr(matcher, "__self__", None) is not self]

    @context_matcher(identifier="ft_magics", priority=_FIRST)
    def match(self, context: CompletionContext) -> SimpleMatcherResult:
        """Answer with keys, values, flags and names; with nothing in Python and in cells of others."""
        if "%" not in context.full_text:
            return _nothing()
        try:
            return self._answer(context)
        except Exception:  # Tab must never show a traceback; a fault of ours proposes nothing
            logging.getLogger(__name__).debug("no completion", exc_info=True)
            return _nothing()

    def _answer(self, context: CompletionContext) -> SimpleMatcherResult:
        lines = context.full_text.split("\n")
        offset = sum(len(line) + 1 for line in lines[: context.cursor_line]) + context.cursor_position
        from ft_magics.magics.completion.cells import find_magic  # noqa: PLC0415  # %load_ext stays quick

        found = find_magic(context.full_text, offset, self._magics)
        if found is None:
            return _nothing()
        from ft_magics.magics.completion.body import complete_body  # noqa: PLC0415  # the same
        from ft_magics.magics.completion.lines import complete_line  # noqa: PLC0415  # the same

        namespace = self._shell.user_ns
        if found.line is not None:
            answer = complete_line(found.line, namespace)
        else:
            answer = complete_body(found.body or "", found.offset, namespace, found.word)
        if answer is None:
            return _nothing()
        return {
            "completions": [SimpleCompletion(choice.text, type=self._beside(choice)) for choice in answer.choices],
            "matched_fragment": answer.typed,
            "suppress": True,
            "ordered": True,
        }

    def _beside(self, choice: Choice) -> str:
        """What is shown beside a choice: in a terminal there is room for its meaning.

        A front end has a narrow column, where a long text or one that may break at a space runs into the next line
        (JupyterLab 4); it asks for the meaning itself (`inspection.py`).
        """
        if not hasattr(self._shell, "kernel"):
            return choice.shown
        note = choice.note or "value"
        return (note if len(note) <= _WIDEST else f"{note[: _WIDEST - 1]}…").translate(_UNBROKEN)


def _warm() -> None:
    """Import what answers, and describe the keys of every task."""
    try:
        from ft_magics.magics.completion import lines  # noqa: PLC0415  # %load_ext stays quick
        from ft_magics.magics.keys import every_key  # noqa: PLC0415  # the same

        logging.getLogger(__name__).debug("%s knows %d keys", lines.__name__, len(every_key()))
    except Exception:  # it is tried again when Tab is pressed
        logging.getLogger(__name__).debug("completion cannot be prepared", exc_info=True)


def _nothing() -> SimpleMatcherResult:
    """A new one each time: the completer writes into what it gets."""
    return {"completions": [], "suppress": False}
