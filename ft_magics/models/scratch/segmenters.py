"""Chinese words by a segmenter, which is a package of its own."""

from __future__ import annotations

import logging
import sys
import tempfile
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any

from ft_magics.errors import ModelError
from ft_magics.models.scratch.words import Segmenter

__all__ = ["SEGMENTERS", "find_segmenter", "version_of"]

SEGMENTERS = ("jieba",)


def find_segmenter(name: str) -> Segmenter:
    """A segmenter by its name: a run of Chinese characters → its words.

    Raises:
        ModelError: There is none of that name, or its package is not installed.
    """
    if name not in SEGMENTERS:
        raise ModelError(f"`{name:.80}` is no segmenter; there is `jieba`")
    return _jieba()


def version_of(name: str) -> str:
    """The version of a segmenter that `find_segmenter` gave: another one may find other words."""
    return str(getattr(sys.modules.get(name), "__version__", ""))


@cache
def _jieba() -> Segmenter:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its patterns have escapes that Python warns of
            import jieba  # noqa: PLC0415  # only where it is asked for
    except ImportError as error:
        raise ModelError(
            "Chinese words need the package jieba, which is not installed: `pip install 'ft_magics[chinese]'`. Without "
            "it each character is a word"
        ) from error
    jieba.setLogLevel(logging.ERROR)  # it reports how long its dictionary took
    tokenizer: Any = jieba.Tokenizer()
    # Its cache is a file in the temporary folder of all users, which is loaded unseen: it gets a folder of its own.
    with tempfile.TemporaryDirectory(prefix="ft_magics_jieba_") as folder:
        tokenizer.tmp_dir = folder
        tokenizer.initialize()

    def segment(run: str) -> Sequence[str]:
        words: list[str] = tokenizer.lcut(run, HMM=True)
        return words

    return segment
