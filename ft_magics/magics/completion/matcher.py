"""The completer of one shell: IPython asks it at every Tab, before all others.

IPython's matchers, version 2 (`IPython.core.completer`): JupyterLab, Notebook, VS Code and the terminal all show what
they answer. What is imported to answer waits for the first Tab in a cell of ours.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.interactiveshell import InteractiveShell

__all__ = ["Completion"]

_FIRST = 1000  # before all of IPython's own


class Completion:
    """What Tab proposes, in one shell.

    Args:
        shell: Whose completer asks.
        magics: Ours by name, each with its `parser`.
    """

    def __init__(self, shell: InteractiveShell, magics: Mapping[str, Any]) -> None:
        self._shell = shell
        self._magics = magics

    def install(self) -> None:
        """Let the shell's completer ask."""
        self._shell.Completer.custom_matchers.append(self.match)

    def remove(self) -> None:
        """Take that back."""
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
            answer = complete_body(found.body or "", found.offset, namespace)
        if answer is None:
            return _nothing()
        return {
            "completions": [SimpleCompletion(choice.text, type=choice.note or "value") for choice in answer.choices],
            "matched_fragment": answer.typed,
            "suppress": True,
            "ordered": True,
        }


def _nothing() -> SimpleMatcherResult:
    """A new one each time: the completer writes into what it gets."""
    return {"completions": [], "suppress": False}
