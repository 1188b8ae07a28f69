"""New words in the vocabulary of a model that is trained already."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer
from transformers import PreTrainedTokenizerFast

from ft_magics.data.letters import CJK
from ft_magics.errors import ModelError
from ft_magics.models.own_random_numbers import OwnRandomNumbers

__all__ = ["Extended", "extend"]

_NOISE = 0.1  # of the lenders' spread: enough to tell a word from its lender
_BYTE_SPACE = "Ġ"
_ROLES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")


@dataclass(frozen=True, slots=True)
class Extended:
    """What became of a vocabulary.

    Args:
        tokenizer: The new one; the old one is as it was.
        ids: Id by new word.
        unknown: How many of the words were unknown to the old one, in whole or in part.
    """

    tokenizer: Any
    ids: Mapping[str, int]
    unknown: int


def extend(model: Any, tokenizer: Any, words: Iterable[str]) -> Extended:
    """Give words a token of their own, whose embedding is the mean of those of the pieces that they were split into.

    Words that were unknown, in whole or in part, would all begin alike so: each is lent that of another word, which is
    drawn by lot, and a little noise. To the layers it is a word like any other then, if not the right one. Its row of a
    head and its bias are that word's too.

    All other words are split as before: a new word is found only where it stands by itself, a Chinese one wherever its
    characters do. (A tokenizer of bytes that puts a space before each text puts one behind a Chinese word too.) A head
    that is tied to the embeddings follows them; one that is not, and its bias, get what is of its own rows.

    Args:
        model: Is changed: its embeddings (V, D) get a row for each new word, unless there are rows to spare.
        tokenizer: A fast one.
        words: As `new_words` gives them in `.word`; those that have a token already are left out.

    Raises:
        ModelError: There is no new word among them, or this tokenizer cannot have new words that keep their space.

    Source: Hewitt 2021, "Initializing New Word Embeddings"; Casanueva et al. 2020 and Yao et al. 2021 for the pieces.
    """
    known = tokenizer.get_vocab()
    fresh = [word for word in dict.fromkeys(words) if word and word not in known and _BYTE_SPACE + word not in known]
    if not fresh:
        raise ModelError(
            "no new words: the vocabulary has all of them already, or none stands in the text often enough"
        )
    pieces = {word: _pieces(tokenizer, word) for word in fresh}
    larger, ids = _with_words(tokenizer, fresh, writes=_writes(model))
    rows = model.get_input_embeddings().num_embeddings
    if max(ids.values()) >= rows:
        with OwnRandomNumbers(0):  # for rows that are written over
            model.resize_token_embeddings(max(ids.values()) + 1, mean_resizing=False)
    unknown = [word for word in fresh if tokenizer.unk_token_id in pieces[word]]
    lenders = _lenders(tokenizer, rows) if unknown else []
    for parameter in _vocabulary_rows(model):
        with torch.no_grad():
            for word, at in ids.items():
                parameter[at] = parameter[pieces[word]].mean(dim=0)
            if unknown:
                parameter[[ids[word] for word in unknown]] = _lend(parameter, lenders, len(unknown))
    return Extended(tokenizer=larger, ids=ids, unknown=len(unknown))


def _lenders(tokenizer: Any, rows: int) -> list[int]:
    """Tokens that are a whole word, in an order that is drawn by lot and always the same; any token if none is.

    Args:
        tokenizer: The old one.
        rows: Of the model; a tokenizer may have more tokens.
    """
    special = set(tokenizer.all_special_ids)
    ids = sorted(at for at in set(tokenizer.get_vocab().values()) - special if at < rows)
    words = [tokenizer.decode([at]).strip() for at in ids]
    read = tokenizer(words, add_special_tokens=False)["input_ids"]
    whole = [at for at, word, alone in zip(ids, words, read, strict=True) if word.isalpha() and alone == [at]] or ids
    order = torch.randperm(len(whole), generator=torch.Generator().manual_seed(0))
    return [whole[place] for place in order.tolist()]


def _lend(parameter: torch.Tensor, lenders: Sequence[int], count: int) -> torch.Tensor:
    """Rows of other tokens, with noise; where there are fewer than are wanted, one is lent several times.

    Args:
        parameter: (V, D), or (V,) for a number of each token, such as a bias.
        lenders: Tokens whose rows can be lent.
        count: N.

    Returns:
        (N, D), or (N,): the same at each call.
    """
    rows = parameter[lenders]
    lent = rows[torch.arange(count, device=rows.device) % len(rows)]
    noise = torch.randn(lent.shape, generator=torch.Generator().manual_seed(0)).to(lent)
    return lent + _NOISE * rows.std(dim=0, correction=0) * noise


def _writes(model: Any) -> bool:
    """Whether the model writes text, so that a token has to bring its space along."""
    return "CausalLM" in type(model).__name__ or "LMHead" in type(model).__name__


def _pieces(tokenizer: Any, word: str) -> list[int]:
    text = word if CJK.match(word) else f" {word}"
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def _with_words(tokenizer: Any, words: Sequence[str], *, writes: bool) -> tuple[Any, dict[str, int]]:
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    bytes_of = "ByteLevel" in repr(tokenizer.backend_tokenizer.pre_tokenizer)
    chinese = [word for word in words if CJK.search(word)]
    others = [word for word in words if not CJK.search(word)]
    if writes and others and not bytes_of:
        raise ModelError(
            "new words: this tokenizer would lose the space before a new word when the model writes; only one of bytes "
            "(`type: bpe`, GPT-2) keeps it"
        )
    larger: Any = copy.deepcopy(tokenizer)
    ids: dict[str, int] = {}
    if bytes_of and others and not state["model"].get("end_of_word_suffix"):
        larger, ids = _with_byte_words(tokenizer, state, others)
        others = []
    # A token added like this is looked for before the text is split: on its own, with the space that its word has.
    spaced = "Metaspace" in repr(tokenizer.backend_tokenizer.pre_tokenizer) or bytes_of
    larger.add_tokens([AddedToken(word, single_word=True, lstrip=spaced, normalized=True) for word in others])
    larger.add_tokens([AddedToken(word, single_word=False, normalized=True) for word in chinese])
    vocabulary = larger.get_vocab()
    return larger, ids | {word: vocabulary[word] for word in [*others, *chinese]}


def _with_byte_words(tokenizer: Any, state: dict[str, Any], words: Sequence[str]) -> tuple[Any, dict[str, int]]:
    """A tokenizer of bytes that takes a whole word from its vocabulary before it merges anything.

    No merge makes the new tokens, so they are parts of no other word.
    """
    model = state["model"]
    at = 1 + max([*model["vocab"].values(), *(token["id"] for token in state["added_tokens"])])
    ids = {}
    for word in words:
        spelt = _spelt(tokenizer, word)
        model["vocab"][spelt] = ids[word] = at
        at += 1
    model["ignore_merges"] = True
    roles = {role: getattr(tokenizer, role) for role in _ROLES if getattr(tokenizer, role) is not None}
    larger = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(state)),
        model_max_length=tokenizer.model_max_length,
        model_input_names=tokenizer.model_input_names,
        padding_side=tokenizer.padding_side,
        truncation_side=tokenizer.truncation_side,
        extra_special_tokens=list(tokenizer.extra_special_tokens),
        **roles,
    )
    return larger, ids


def _spelt(tokenizer: Any, word: str) -> str:
    """The bytes of a word with a space before it, each as its letter."""
    pieces: list[str] = tokenizer.tokenize(f" {word}")
    return "".join(pieces)


def _vocabulary_rows(model: Any) -> list[Any]:
    """Every parameter with a row for each token: embeddings, an output that is not tied to them, its bias."""
    embeddings, output = model.get_input_embeddings(), model.get_output_embeddings()
    found = [embeddings.weight]
    if output is not None:
        found += [output.weight] * (output.weight is not embeddings.weight)
        found += [output.bias] * (getattr(output, "bias", None) is not None)
    return found
