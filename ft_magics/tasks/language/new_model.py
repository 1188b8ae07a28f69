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
from typing import Any

from ft_magics.config.scratch import NewModelSettings, TokenizerSettings
from ft_magics.data.documents.document import Documents
from ft_magics.errors import ModelError
from ft_magics.tasks.language.cache import cache_folder, drop_unused

__all__ = ["make_model"]

_VERSION = 1


def make_model(
    documents: Documents, model: NewModelSettings, tokenizer: TokenizerSettings, *, head: str, seed: int
) -> tuple[str, list[str]]:
    """The folder of a new model, and sentences on what it is.

    Args:
        documents: What the tokenizer is trained on.
        model: Shape and sizes.
        tokenizer: Kind and size.
        head: A class of transformers.
        seed: Of the weights.

    Raises:
        ModelError: The text does not support such a vocabulary, or no model has such sizes.
    """
    from transformers import AutoTokenizer  # noqa: PLC0415  # torch only when asked

    from ft_magics.models.heads import Head  # noqa: PLC0415  # the same
    from ft_magics.models.loading import load_model  # noqa: PLC0415  # the same
    from ft_magics.models.quiet import quiet_transformers  # noqa: PLC0415  # the same
    from ft_magics.models.scratch.new_model import describe_model, new_model  # noqa: PLC0415  # torch only when asked
    from ft_magics.models.scratch.train_tokenizer import train_tokenizer  # noqa: PLC0415  # the same

    if model.init is not None:
        raise ModelError("model: `init` is not read by `%%pretrain` yet; leave it out, or name the model itself")

    def save_tokenizer(folder: Path) -> None:
        trained = train_tokenizer(
            (document.text for document in documents),
            tokenizer,
            shape=model.shape,
            max_length_tokens=model.max_length_tokens,
        )
        trained.save_pretrained(folder)

    words = _made(
        _key(documents.hashes.tobytes(), tokenizer.model_dump_json(), model.shape, model.max_length_tokens),
        save_tokenizer,
    )
    loaded = AutoTokenizer.from_pretrained(words)

    def save_model(folder: Path) -> None:
        with quiet_transformers():
            new_model(model, loaded, head, seed).save_pretrained(folder)
        for file in words.iterdir():
            if file.name != "config.json":
                shutil.copy2(file, folder / file.name)

    folder = _made(_key(words.name.encode(), model.model_dump_json(), head, seed), save_model)

    there = load_model(str(folder), Head(kind=head, labels=(), use="pre-training"))
    said = [
        f"model from nothing: {describe_model(there)}",
        f"tokenizer from nothing: {tokenizer.kind(model.shape)}, {len(loaded):,} tokens",
    ]
    return str(folder), said


def _key(*parts: Any) -> str:
    digest = hashlib.sha256(str(_VERSION).encode())
    for part in parts:
        digest.update(part if isinstance(part, bytes) else json.dumps(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:32]


def _made(key: str, make: Callable[[Path], None]) -> Path:
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
