"""A tokenizer from nothing: the text decides which pieces it has, the model's shape which special tokens."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tokenizers import Tokenizer, models, trainers
from transformers import PreTrainedTokenizerFast

from ft_magics.config.scratch import WRITING_SHAPES, TokenizerSettings
from ft_magics.errors import DataError, ModelError
from ft_magics.models.scratch.sampling import sample_texts
from ft_magics.models.scratch.special_tokens import UNIGRAM_WRITES, SpecialTokens, special_tokens
from ft_magics.models.scratch.splitting import BYTES, SPACE, decoder, normalizer, post_processor, pre_tokenizer
from ft_magics.models.scratch.unigram import unigram_pieces

__all__ = ["MOST_CHARACTERS", "train_tokenizer"]

MOST_CHARACTERS = 64_000_000  # of the text that it is trained on; more changes few pieces and takes memory
_TWICE = 2  # a pair of pieces that occurs once makes no token
_WORTH_IT = 300  # tokens; fewer are no vocabulary
_CONTINUED = "##"


def train_tokenizer(
    texts: Iterable[str],
    settings: TokenizerSettings,
    *,
    shape: str = "bert",
    max_length_tokens: int = 512,
    most_characters: int = MOST_CHARACTERS,
) -> PreTrainedTokenizerFast:
    """A tokenizer whose pieces are those of the texts. The same texts give the same one, in every process.

    Args:
        texts: Read once; of a stream longer than `most_characters` a sample is kept.
        settings: What the cell says.
        shape: Of the model: `bert`, `modernbert`, `electra`, `gpt2` or `llama`.
        max_length_tokens: The longest input of the model.
        most_characters: Of the texts that are looked at.

    Returns:
        Special tokens have the smallest ids. Saved with `save_pretrained` and loaded again it is the same.

    Raises:
        DataError: There is no text.
        ModelError: The text supports fewer tokens than asked for, or its characters alone are more; or a model of this
            shape cannot have a tokenizer of this type.

    Source: Schuster & Nakajima 2012 and Wu et al. 2016 (wordpiece); Sennrich et al. 2016 (bpe); Kudo 2018 (unigram).
    """
    kind = settings.kind(shape)
    _refuse(kind, shape, settings)
    special = special_tokens(shape, kind)
    characters = settings.cjk == "characters"
    cleaned = normalizer(kind, shape, lowercase=settings.lowercase, characters=characters)
    split = pre_tokenizer(kind, shape, characters=characters)
    sample = sample_texts(texts, most_characters)
    if cleaned is not None:
        sample = [cleaned.normalize_str(text) for text in sample]
    if not any(text.strip() for text in sample):
        raise DataError("tokenizer: there is no text to train it on; give `data:` a file with some")
    model: Any
    if kind == "bpe":
        model = _bpe(sample, split, special, settings)
    else:
        known = _frequent_characters(sample, settings.character_coverage)
        rest = dict.fromkeys(map(ord, set().union(*sample) - known), " ")
        sample = [text.translate(rest) for text in sample]
        model = (_wordpiece if kind == "wordpiece" else _unigram)(sample, split, special, settings)
    backend = Tokenizer(model)
    backend.normalizer, backend.pre_tokenizer = cleaned, split
    backend.decoder, backend.post_processor = decoder(kind, shape), post_processor(special)
    backend.add_special_tokens(special.added(spaced=kind != "wordpiece"))
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=max_length_tokens,
        model_input_names=["input_ids", *(["token_type_ids"] if special.segments else []), "attention_mask"],
        **special.roles,
    )


def _refuse(kind: str, shape: str, settings: TokenizerSettings) -> None:
    if kind == "wordpiece" and shape in WRITING_SHAPES:
        raise ModelError(
            f"tokenizer: `type: wordpiece` loses the spaces that a model of the shape `{shape}` has to write; take "
            "`type: bpe`"
        )
    if kind == "wordpiece" and settings.cjk == "pieces":
        raise ModelError("tokenizer: `cjk: pieces` needs `type: bpe` or `unigram`, which join several characters")


def _frequent_characters(sample: Sequence[str], share: float) -> set[str]:
    """The most frequent characters that make up a share of all that are no white space, and white space."""
    counts: Counter[str] = Counter()
    for text in sample:
        counts.update(text)
    blank = {character for character in counts if character.isspace()}
    ranked = sorted((item for item in counts.items() if item[0] not in blank), key=lambda item: (-item[1], item[0]))
    wanted, had, known = share * sum(count for _, count in ranked), 0, blank
    for character, count in ranked:
        if had >= wanted:
            break
        known.add(character)
        had += count
    return known


def _wordpiece(
    sample: Sequence[str], split: Any, special: SpecialTokens, settings: TokenizerSettings
) -> models.WordPiece:
    """Pieces by merging the most frequent pairs, as the tokenizers library does.

    The trainer numbers the letters within words in the order of a hash table, which differs in every process, and
    breaks ties by these numbers. Letters that are given to it have the numbers that they are given.
    """
    words = _words(sample, split)
    alphabet, continued = set().union(*words), set().union(*(word[1:] for word in words))
    first = [*special.tokens(), *sorted(alphabet), *(f"{_CONTINUED}{letter}" for letter in sorted(continued))]
    _check_alphabet(len(first), settings)
    trainer = trainers.WordPieceTrainer(
        vocab_size=settings.vocab_size,
        min_frequency=_TWICE,
        special_tokens=first,
        continuing_subword_prefix=_CONTINUED,
        show_progress=False,
    )
    unknown = special.roles["unk_token"]
    trained = _train(models.WordPiece(unk_token=unknown), sample, split, trainer)
    _check_size(len(trained["vocab"]), settings)
    return models.WordPiece(trained["vocab"], unk_token=unknown, continuing_subword_prefix=_CONTINUED)


def _words(sample: Sequence[str], split: Any) -> Counter[str]:
    """How often each word stands in the sample."""
    chunks = Counter(chunk for text in sample for chunk in text.split())  # white space always ends a word
    words: Counter[str] = Counter()
    for chunk, count in chunks.items():
        for word, _ in split.pre_tokenize_str(chunk):
            words[word] += count
    return words


def _bpe(sample: Sequence[str], split: Any, special: SpecialTokens, settings: TokenizerSettings) -> models.BPE:
    _check_alphabet(len(special.tokens()) + len(BYTES), settings)
    trainer = trainers.BpeTrainer(
        vocab_size=settings.vocab_size,
        min_frequency=_TWICE,
        special_tokens=special.tokens(),
        initial_alphabet=BYTES,
        show_progress=False,
    )
    trained = _train(models.BPE(), sample, split, trainer)
    _check_size(len(trained["vocab"]), settings)
    return models.BPE(trained["vocab"], [tuple(pair) for pair in trained["merges"]])


def _unigram(sample: Sequence[str], split: Any, special: SpecialTokens, settings: TokenizerSettings) -> models.Unigram:
    words = _words(sample, split)
    blank = {character for text in sample for character in text if character.isspace()} - {" "}
    letters = set().union(*words) | {SPACE} | (blank if special is UNIGRAM_WRITES else set())
    first = special.tokens()
    _check_alphabet(len(first) + len(letters), settings)
    pieces = unigram_pieces(words, letters, settings.vocab_size - len(first))
    _check_size(len(first) + len(pieces), settings)
    listed = [*((token, 0.0) for token in first), *pieces]
    return models.Unigram(listed, first.index(special.roles["unk_token"]), byte_fallback=False)


def _train(model: Any, sample: Sequence[str], split: Any, trainer: Any) -> Any:
    """What the trainer made of the sample, which is clean already: the model as it stands in tokenizer.json."""
    bare = Tokenizer(model)
    bare.pre_tokenizer = split
    bare.train_from_iterator(_batches(sample), trainer, length=len(sample))
    return json.loads(bare.to_str())["model"]


def _batches(sample: Sequence[str]) -> Iterator[list[str]]:
    for at in range(0, len(sample), 1000):
        yield list(sample[at : at + 1000])


def _check_alphabet(smallest: int, settings: TokenizerSettings) -> None:
    if smallest > settings.vocab_size:
        least = math.ceil(smallest / 100) * 100
        raise ModelError(
            f"tokenizer: `vocab_size: {settings.vocab_size}` is smaller than the {smallest:,} tokens that the "
            f"characters of this text and the special tokens are by themselves; take at least `vocab_size: {least}`"
            + ("" if settings.type == "bpe" else ", or a smaller `character_coverage`")
        )


def _check_size(size: int, settings: TokenizerSettings) -> None:
    if size < settings.vocab_size:
        advice = f"Take `vocab_size: {size}` or less, or give more text" if size >= _WORTH_IT else "Give more text"
        raise ModelError(
            f"tokenizer: `vocab_size: {settings.vocab_size}` is more than this text supports: it has {size:,} tokens "
            f"whose parts stand together at least twice. {advice}"
        )
