"""A cell's text with another learning rate, and everything else as it was written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ft_magics.errors import FineTuneError

__all__ = ["cell_with_rate"]

_WRITTEN = re.compile(r"(?m)^(?P<before>[^#\n]*?\b(?:learning_rate|lr)[\"']?\s*:\s*)(?P<value>[^\s,}#]+)")
_FLOW = re.compile(r"(?m)^(?P<before>train\s*:\s*\{)(?P<after>[^\n]*)")
_BLOCK = re.compile(r"(?m)^train\s*:[ \t]*(?:#[^\n]*)?\n(?P<indent>[ \t]+)")
_FLAG = re.compile(r"\s*--find-rate\b")


def cell_with_rate(line: str, body: str, rate: float, rate_of: Callable[[str, Sequence[str]], Any]) -> str:
    """The text of a `%%finetune` cell that takes a rate.

    Of several ways to write it the first is taken that is then read as meant; the last is the magic's line.

    Args:
        line: Of the magic, with `--find-rate`.
        body: Of the cell.
        rate: To take.
        rate_of: The learning rate that a body and texts of `--set` come to.
    """
    head = f"%%finetune {_FLAG.sub('', line).strip()}".rstrip()
    overrides = _overrides(line)
    for text in _written(body, f"{rate:g}"):
        try:
            if rate_of(text, overrides) == rate:
                return f"{head}\n{text.rstrip()}\n"
        except FineTuneError:
            continue  # this way of writing it is not one for this cell
    return f"{head} --set train.learning_rate={rate:g}\n{body.rstrip()}\n"


def _overrides(line: str) -> list[str]:
    return re.findall(r"--set[=\s]+[\"']?([^\s\"']+)", line)


def _written(body: str, rate: str) -> Iterator[str]:
    """The body with the rate where a cell of its kind has it."""
    if _WRITTEN.search(body):
        yield _WRITTEN.sub(lambda found: f"{found['before']}{rate}", body, count=1)
    if _FLOW.search(body):
        yield _FLOW.sub(lambda found: f"{found['before']}learning_rate: {rate}{_rest(found['after'])}", body, count=1)
    if _BLOCK.search(body):
        yield _BLOCK.sub(lambda found: f"{found[0]}learning_rate: {rate}\n{found['indent']}", body, count=1)
    yield f"{body.rstrip()}\ntrain: {{learning_rate: {rate}}}\n"


def _rest(after: str) -> str:
    return after if after.strip().startswith("}") else f", {after.lstrip()}"
