"""The model that another one was tuned from: its name, and a hash of its files, so that the two stay together."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from ft_magics.errors import ModelError
from ft_magics.models.sources import find_weights
from ft_magics.models.tokenizer_files import TOKENIZER_FILES
from ft_magics.models.weight_files import open_file

__all__ = ["Base", "base_of", "find_base", "sha256_of_file", "sha256_of_model"]

_PART_BYTES = 1 << 20
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin", "*.safetensors.index.json", "pytorch_model.bin.index.json")
_SETTINGS = ("config.json", "generation_config.json", "ft_magics.json", "adapter_config.json", "chat_template.jinja")


class Base(BaseModel):
    """What a tuned model keeps of its base.

    Attributes:
        model: As the cell named it.
        folder: Where it was.
        sha256: Of its weights' and its tokenizer's files.
    """

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    model: str
    folder: str
    sha256: str


def base_of(model: str, source: str) -> Base:
    """The base that a model is tuned from.

    Args:
        model: As the cell named it.
        source: What `find_weights` gave for it.
    """
    return Base(model=model, folder=str(Path(source).absolute()), sha256=_sha256(source))


def find_base(base: Base, of: str) -> str:
    """The folder of a base, with the very files that the model was tuned from.

    Args:
        base: As it was kept.
        of: The folder that was kept beside it, for the message.

    Raises:
        ModelError: It is gone, or its files have changed.
    """
    there = [base.folder] if (Path(base.folder) / "config.json").is_file() else []
    try:
        there.append(find_weights(base.model))
    except ModelError as error:
        if not there:
            raise ModelError(
                f"model: {of} holds only what was trained, and its base `{base.model}` is gone (it was in "
                f"{base.folder}): put it back there. `run.merge()`, while the base is there, makes a model that needs "
                "none"
            ) from error
    for source in there:
        if _sha256(source) == base.sha256:
            return source
    raise ModelError(
        f"model: {of} was tuned from `{base.model}`, and the files in {there[0]} have changed since (sha256 "
        f"{_sha256(there[0])[:12]}…, not {base.sha256[:12]}…): put back those that it was tuned from, or train it again"
    )


def sha256_of_model(folder: Path) -> str:
    """Of a saved model: of its weights' and its tokenizer's files, and of what its labels and settings are in."""
    return _sha256(str(folder), *_SETTINGS)


def _sha256(source: str, *more: str) -> str:
    """Of the names and contents of the files that make a model's predictions."""
    folder = Path(source)
    files = sorted({path for pattern in (*_WEIGHTS, *TOKENIZER_FILES, *more) for path in folder.glob(pattern)})
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode())
        digest.update(bytes.fromhex(sha256_of_file(path)))
    return digest.hexdigest()


def sha256_of_file(path: Path) -> str:
    """Of a file's content, as 64 hexadecimal digits; it is read again only where its size or its time have changed."""
    state = path.stat()
    return _of_file(str(path.resolve()), state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=64)
def _of_file(path: str, size: int, changed_ns: int) -> str:  # noqa: ARG001  # they are parts of the cache's key
    """Of a file's content; it is read again only where its size or its time have changed."""
    digest = hashlib.sha256()
    with open_file(Path(path)) as stream:
        while part := stream.read(_PART_BYTES):
            digest.update(part)
    return digest.hexdigest()
