"""English and Chinese texts that come with the package, and small tokenizers of them."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import ft_magics

_DEMO = Path(ft_magics.__file__).parent / "demo"


@cache
def texts(language: str) -> tuple[str, ...]:
    with (_DEMO / language / "intents_train.csv").open(encoding="utf-8") as stream:
        return tuple(row["text"] for row in csv.DictReader(stream))


def mixed() -> list[str]:
    return [*texts("en"), *texts("zh")]


@cache
def small_tokenizer(kind: str, shape: str = "bert", *, size: int = 1300, lowercase: bool = False):
    from ft_magics.config.scratch import TokenizerSettings
    from ft_magics.models.scratch.train_tokenizer import train_tokenizer

    settings = TokenizerSettings(type=kind, vocab_size=size, lowercase=lowercase)
    return train_tokenizer(mixed(), settings, shape=shape, max_length_tokens=64)
