"""A model from nothing, with a tokenizer that is trained on the text of the cell: in a folder like any other's.

Both are in the cache beside the tokens, under the key of what they are made of: a run that is resumed, and runs of
other seeds, find the tokenizer there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from ft_magics.config.references import Reference
from ft_magics.config.scratch import NewModelSettings, Shape, TokenizerSettings
from ft_magics.data.documents.document import Document
from ft_magics.data.examples import Corpus
from ft_magics.data.letters import CJK
from ft_magics.errors import ModelError
from ft_magics.models.cache import cache_folder, drop_unused
from ft_magics.models.sources import find_weights

__all__ = ["SAID", "key_of", "made_once", "make_model", "texts_by_script"]

_VERSION = 1
SAID = "said.json"  # in the folder of a model: sentences on what it is
_MOST_TEXTS = 200  # by which coverage and fertility are told
_MOSTLY = 0.3  # of the characters; letters of formulas and names stand in Chinese text too


def make_model(
    corpus: Corpus[Document],
    model: NewModelSettings,
    tokenizer: TokenizerSettings,
    *,
    head: str,
    usual: Shape,
    seed: int,
) -> tuple[str, list[str]]:
    """The folder of a new model, and sentences on what it and its tokenizer are.

    Args:
        corpus: On whose train the tokenizer is trained; how well it fits is told by dev, where there is one.
        model: Shape and sizes, and the model that it begins with layers of.
        tokenizer: Kind and size.
        head: A class of transformers.
        usual: The shape, where the cell names none and no model to begin with.
        seed: Of the weights.

    Raises:
        ModelError: The text does not support such a vocabulary, or there is no model of such sizes.
    """
    from transformers import AutoTokenizer  # noqa: PLC0415  # torch only when asked

    from ft_magics.models.base import base_of  # noqa: PLC0415  # the same
    from ft_magics.models.quiet import quiet_transformers  # noqa: PLC0415  # the same
    from ft_magics.models.scratch.new_model import check_shape  # noqa: PLC0415  # the same
    from ft_magics.models.scratch.starting import start_model  # noqa: PLC0415  # the same
    from ft_magics.models.scratch.train_tokenizer import train_tokenizer  # noqa: PLC0415  # the same

    source = None if model.init is None else find_weights(_named(model.init.source))
    model = model.shaped(_shape_of(source) or usual)
    shape = str(model.shape)
    check_shape(shape, head)  # before a tokenizer is trained, which may take long
    fault = None if source else model.sizes().fault(shape)
    if fault:
        raise ModelError(f"model: {fault}")
    documents: Any = corpus.train.examples

    def save_tokenizer(folder: Path) -> None:
        trained = train_tokenizer(
            (document.text for document in documents),
            tokenizer,
            shape=shape,
            max_length_tokens=model.max_length_tokens,
        )
        trained.save_pretrained(folder)

    words = made_once(
        key_of(documents.hashes.tobytes(), tokenizer.model_dump_json(), shape, model.max_length_tokens),
        save_tokenizer,
    )
    loaded = AutoTokenizer.from_pretrained(words)

    def save_model(folder: Path) -> None:
        with quiet_transformers():
            made, sentences = start_model(model, loaded, head, seed, source=source)
            made.save_pretrained(folder)
        (folder / SAID).write_text(json.dumps(sentences), encoding="utf-8")
        for file in words.iterdir():
            shutil.copy2(file, folder / file.name)

    init = "" if source is None else base_of(source, source).sha256
    sizes = model.model_dump_json(exclude={"init"}), model.init.layers if model.init else None
    folder = made_once(key_of(words.name.encode(), sizes, init, head, seed), save_model)
    said = [f"model {sentence}" for sentence in json.loads((folder / SAID).read_text(encoding="utf-8"))]
    said.append(f"tokenizer from nothing: {tokenizer.kind(shape)}, {len(loaded):,} tokens")
    return str(folder), [*said, *_fits(corpus, loaded)]


def _shape_of(source: str | None) -> Shape | None:
    """The shape of the model that a new one begins with, where it is one that is made from nothing."""
    if source is None:
        return None
    kind = json.loads((Path(source) / "config.json").read_text(encoding="utf-8")).get("model_type")
    return kind if kind in get_args(Shape) else None


def _named(model: str | Reference) -> str:
    """What `find_weights` is asked for."""
    return model if isinstance(model, str) else str(getattr(model.value, "model_dir", model.value))


def _fits(corpus: Corpus[Document], tokenizer: Any) -> list[str]:
    """A sentence per script of the text: coverage and fertility of the tokenizer."""
    from ft_magics.models.scratch.fertility import coverage_and_fertility  # noqa: PLC0415  # torch only when asked

    where = "dev" if corpus.dev else "train"
    return [f"on {where}, {fit}" for fit in coverage_and_fertility(tokenizer, texts_by_script(corpus))]


def texts_by_script(corpus: Corpus[Document]) -> dict[str, list[str]]:
    """Texts of dev, or of train where there is no dev, by which it is told how well a tokenizer fits."""
    documents = (corpus.dev or corpus.train).examples
    step = max(1, len(documents) // _MOST_TEXTS)
    by_script: dict[str, list[str]] = {}
    for at in range(0, len(documents), step):
        text = documents[at].text
        chinese = len(CJK.findall(text)) > _MOSTLY * len(text)
        by_script.setdefault("Chinese" if chinese else "other scripts", []).append(text)
    return by_script


def key_of(*parts: Any) -> str:
    """The name of the folder of what is made of these."""
    digest = hashlib.sha256(str(_VERSION).encode())
    for part in parts:
        digest.update(part if isinstance(part, bytes) else json.dumps(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:32]


def made_once(key: str, make: Callable[[Path], None]) -> Path:
    """The folder of a key, made where it is not there; whole or not at all."""
    cache = cache_folder("models")
    folder = cache / key
    try:
        if not folder.is_dir():
            fresh = cache / f"{key}.{os.getpid()}.new"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(parents=True)
            try:
                make(fresh)
                if not folder.is_dir():
                    fresh.rename(folder)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
            drop_unused(cache, but=folder)
        os.utime(folder)
    except OSError as error:
        raise ModelError(f"model: it cannot be kept in {cache} ({error.strerror or error}); make room there") from error
    return folder
