"""Tokenizers from nothing: time, memory, fertility and coverage on text held out, beside the library's own unigram.

python benchmarks/fresh_tokenizers.py ../shared/data/mlm_text_en_zh --vocab-size 8000
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from ft_magics.config.scratch import TokenizerSettings
from ft_magics.models.memory import process_memory_bytes
from ft_magics.models.scratch.fertility import coverage_and_fertility
from ft_magics.models.scratch.special_tokens import special_tokens
from ft_magics.models.scratch.splitting import normalizer, pre_tokenizer
from ft_magics.models.scratch.train_tokenizer import train_tokenizer
from tokenizers import Tokenizer, models, trainers
from transformers import PreTrainedTokenizerFast

HELD_OUT = 20  # each 20th line


def main() -> None:
    """Print a line for each tokenizer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--vocab-size", type=int, default=8000)
    parser.add_argument("--times", type=int, default=1, help="how often the text is given, for time and memory")
    arguments = parser.parse_args()
    lines = {"en": [], "zh": []}
    for path in sorted(arguments.folder.glob("*.txt")):
        lines[path.name[:2]] += [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    train = [line for some in lines.values() for at, line in enumerate(some) if at % HELD_OUT]
    held_out = {language: some[::HELD_OUT] for language, some in lines.items()}
    for kind in ("wordpiece", "bpe", "unigram", "the library's unigram"):
        began, before = time.process_time(), process_memory_bytes()
        stream = (f"{line} {time_}" for time_ in range(arguments.times) for line in train)
        if kind.startswith("the"):
            tokenizer = _of_the_library(train, arguments.vocab_size)
        else:
            tokenizer = train_tokenizer(stream, TokenizerSettings(type=kind, vocab_size=arguments.vocab_size))
        took, grew = time.process_time() - began, (process_memory_bytes() - before) / 1e6
        print(
            f"{kind}: {took:.1f} s of processor time, {grew:.0f} MB more",
            *coverage_and_fertility(tokenizer, held_out),
            sep="\n    ",
        )


def _of_the_library(texts: list[str], size: int) -> PreTrainedTokenizerFast:
    special = special_tokens("bert", "unigram")
    backend = Tokenizer(models.Unigram())
    backend.normalizer = normalizer("unigram", "bert", lowercase=False, characters=True)
    backend.pre_tokenizer = pre_tokenizer("unigram", "bert", characters=True)
    trainer = trainers.UnigramTrainer(
        vocab_size=size, special_tokens=special.tokens(), unk_token=special.roles["unk_token"], show_progress=False
    )
    backend.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=backend, **special.roles)


if __name__ == "__main__":
    main()
