"""A trained model with more words in its vocabulary: in a folder like any other's, in the cache.

So nothing of loading, resuming and saving knows of it, and a run that is resumed finds the same words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ft_magics.config.new_words import NewWordsSettings
from ft_magics.data.documents.document import Document
from ft_magics.data.documents.listed import as_documents
from ft_magics.data.examples import Corpus
from ft_magics.errors import ModelError
from ft_magics.models.heads import Head
from ft_magics.models.scratch.fertility import Fit
from ft_magics.models.scratch.segmenters import find_segmenter, version_of
from ft_magics.tasks.language.new_model import SAID, key_of, made_once, texts_by_script

__all__ = ["extend_for", "extend_model"]

E = TypeVar("E")

_SHOWN = 5  # of the words
_COVERED = 0.999  # of the characters: nothing to say
_LOOKED_AT = 2000  # characters of each text by which it is told what they save


def extend_model(
    corpus: Corpus[Document], source: str, tokenizer: NewWordsSettings, *, head: Head, seed: int
) -> tuple[str, list[str]]:
    """The folder of a model with new words, and sentences on them and on what they save.

    Args:
        corpus: In whose train the words are looked for; what they save is told by dev, where there is one.
        source: The folder of the model.
        tokenizer: How many words, or which.
        head: Of the model.
        seed: Of a head that the model lacks.

    Raises:
        ModelError: Train needs no new word, or a word that is listed cannot be a token.
    """
    from ft_magics.models.base import base_of  # noqa: PLC0415  # torch only when asked
    from ft_magics.models.chat_templates import read_chat_template, write_chat_template  # noqa: PLC0415  # the same
    from ft_magics.models.loading import load_model, load_tokenizer  # noqa: PLC0415  # the same
    from ft_magics.models.own_random_numbers import OwnRandomNumbers  # noqa: PLC0415  # the same
    from ft_magics.models.quiet import quiet_transformers  # noqa: PLC0415  # the same
    from ft_magics.models.scratch.extend import extend  # noqa: PLC0415  # the same

    wanted, segmenter = tokenizer.new_words, tokenizer.chinese_words
    before = load_tokenizer(source, writes=head.writes, verbatim=head.reads_forwards)
    documents: Any = corpus.train.examples
    template = read_chat_template(source)  # which `load_tokenizer` leaves out, as others than dialogues need none
    said: list[str] = []

    def save(folder: Path) -> None:
        words = wanted if isinstance(wanted, list) else _frequent(documents, before, wanted or 0, segmenter)
        with OwnRandomNumbers(seed):
            model = load_model(source, head, say=said.append)
        extended = extend(model, before, words)
        _check_found(extended.tokenizer, extended.ids)
        with quiet_transformers():
            model.save_pretrained(folder)
            extended.tokenizer.save_pretrained(folder)
        if template is not None:
            write_chat_template(folder, template)
        said.append(_spoken(list(extended.ids), wanted, extended.unknown))
        (folder / SAID).write_text(json.dumps(said), encoding="utf-8")

    if segmenter != "characters":
        find_segmenter(segmenter)
    texts = documents.hashes.tobytes() if isinstance(wanted, int) else b""
    folder = made_once(
        key_of(
            "words, the unknown ones lent",
            base_of(source, source).sha256,
            texts,
            wanted,
            segmenter,
            version_of(segmenter),
            [head.kind, head.problem_type, *head.labels],
            template,
            seed,
        ),
        save,
    )
    sentences: list[str] = json.loads((folder / SAID).read_text(encoding="utf-8"))
    after = load_tokenizer(str(folder), writes=head.writes, verbatim=head.reads_forwards)
    return str(folder), [*sentences, *_saved(corpus, before, after)]


def extend_for(
    corpus: Corpus[E],
    texts_of: Callable[[Sequence[E]], Sequence[str]],
    source: str,
    tokenizer: NewWordsSettings,
    *,
    head: Head,
    seed: int,
) -> tuple[str, list[str]]:
    """The same for examples of another kind, all text of which `texts_of` gives; see `extend_model`."""
    return extend_model(as_documents(corpus, texts_of), source, tokenizer, head=head, seed=seed)


def _frequent(documents: Any, tokenizer: Any, count: int, segmenter: str) -> list[str]:
    """The words of train whose own token saves most."""
    from ft_magics.models.scratch.new_words import new_words  # noqa: PLC0415  # torch only when asked

    cut = None if segmenter == "characters" else find_segmenter(segmenter)
    found = new_words((document.text for document in documents), tokenizer, count, segmenter=cut)
    if not found:
        raise ModelError(
            "tokenizer.new_words: no word that the model's tokenizer splits occurs in train five times or more; leave "
            "`tokenizer` out, or list the words"
        )
    return [new.word for new in found]


def _check_found(tokenizer: Any, ids: Mapping[str, int]) -> None:
    """See that each new word becomes its token.

    Raises:
        ModelError: One is split before the tokenizer looks for it.
    """
    lost = [word for word, at in ids.items() if at not in tokenizer(f" {word}", add_special_tokens=False)["input_ids"]]
    if lost:
        raise ModelError(
            f"tokenizer.new_words: {_listed(lost)} cannot be one token: this tokenizer splits it at a space or a mark "
            "before it looks for words; take it out, or list its words"
        )


def _spoken(words: Sequence[str], wanted: Any, unknown: int) -> str:
    asked = wanted if isinstance(wanted, int) else len(wanted)
    less = f" of {asked:,} that were asked for" if len(words) < asked else ""
    why = "train has no more that are frequent" if isinstance(wanted, int) else "the others are tokens already"
    begins = "each begins as the mean of its pieces' embeddings"
    if unknown:
        begins = "each was unknown, and begins as another word that is drawn by lot"
        if unknown < len(words):
            begins = (
                f"{unknown:,} were unknown, and begin as other words that are drawn by lot; the rest begin as means"
            )
    new = "1 new word" if len(words) == 1 else f"{len(words):,} new words"
    return f"{new}{less} in the vocabulary: {_listed(words)}; {begins}{f' ({why})' if less else ''}"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words[:_SHOWN]) + (", …" if len(words) > _SHOWN else "")


def _saved(corpus: Corpus[Document], before: Any, after: Any) -> list[str]:
    """A sentence per script of the text: into how many tokens it was split, and is."""
    from ft_magics.models.scratch.fertility import coverage_and_fertility  # noqa: PLC0415  # torch only when asked

    texts = {script: [text[:_LOOKED_AT] for text in texts] for script, texts in texts_by_script(corpus).items()}
    where = "dev" if corpus.dev else "train"
    fits = zip(coverage_and_fertility(before, texts), coverage_and_fertility(after, texts), strict=True)
    return [
        f"on {where}, {then.language}: {now.fertility:.2f} tokens per {'character' if now.by_character else 'word'}, "
        f"{then.fertility:.2f} without the new words{_more_covered(then, now)}"
        for then, now in fits
    ]


def _more_covered(then: Fit, now: Fit) -> str:
    if then.coverage > _COVERED:
        return ""
    return f"; {100 * now.coverage:.1f} % of the characters are known, {100 * then.coverage:.1f} % without"
