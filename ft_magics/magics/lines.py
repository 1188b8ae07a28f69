"""A magic's line → arguments, or a sentence about what is wrong with it."""

from __future__ import annotations

import re
import shlex
from typing import Any

from IPython.core.error import UsageError

from ft_magics.errors import did_you_mean

__all__ = ["read_line"]

_WRONG_CHOICE = re.compile(r"argument (--[\w-]+): invalid choice: '(.*)' \(choose from")


def read_line(magic: Any, line: str) -> Any:
    """Read the line of a magic that was made with `magic_arguments`.

    Quotation marks keep words together, as in a shell; IPython's own reading leaves them in the words, so that a path
    with a space could not be named.

    Args:
        magic: The magic's method.
        line: What stands behind its name.

    Raises:
        UsageError: With the nearest right flag and the usage.
    """
    parser = magic.parser
    try:
        arguments, extra = parser.parse_known_args(_split(line))
    except UsageError as error:
        raise UsageError(f"{_choice(str(error), parser) or f'{error}.'} {_usage(parser)}") from None
    if extra:
        raise UsageError(f"{_too_much(extra[0], parser, arguments)} {_usage(parser)}")
    return arguments


def _split(line: str) -> list[str]:
    """Words of a line; a backslash is a letter, as in the paths of Windows."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.escape, lexer.commenters = True, "", ""
    try:
        return list(lexer)
    except ValueError as error:
        raise UsageError(f"a quotation mark in `{line.strip()}` is never closed") from error


def _usage(parser: Any) -> str:
    usage = " ".join(parser.format_usage().split()).removeprefix(":: ")
    name = usage.partition(" ")[0]
    return f"Usage: {usage}. For all of it: {name}?"


def _choice(error: str, parser: Any) -> str:
    """What argparse says of a value that is none of a flag's, with the nearest; empty for other faults."""
    found = _WRONG_CHOICE.match(error)
    if found is None:
        return ""
    flag, value = found[1], found[2]
    choices = next(action.choices for action in parser._actions if flag in action.option_strings)  # noqa: SLF001  # as below
    listed = ", ".join(f"`{choice}`" for choice in choices)
    return f"`{flag} {value}`: expected one of {listed}.{did_you_mean(value, map(str, choices))}"


def _too_much(word: str, parser: Any, arguments: Any) -> str:
    if word in ("-h", "--help"):
        return "help is asked for with a question mark."
    flag, _, _ = word.partition("=")
    if flag.startswith("-"):
        flags = [name for action in parser._actions for name in action.option_strings]  # noqa: SLF001  # argparse has no other list of them
        return f"there is no flag `{flag}`.{did_you_mean(flag, flags)}"
    name = getattr(arguments, "name", None)
    if name is not None:  # of a run: no quotation marks make one name of two words
        return f"`{word}` is one word too many; a run's name is one word, such as `{name}_{word}`."
    return f"`{word}` is one word too many; put words that belong together in quotation marks."
