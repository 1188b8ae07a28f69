"""Which tokens of a map begin a word, where a segmenter says what a word is: worked out once, kept beside the tokens.

One byte a token, in a file that is mapped into memory, not read.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.data.documents.document import Documents
from ft_magics.errors import DataError
from ft_magics.models.cache import CACHE
from ft_magics.models.scratch.segmenters import find_segmenter, version_of
from ft_magics.models.scratch.words import Segmenter, word_groups
from ft_magics.tasks.language.token_map import SPARE_BYTES, TokenMap, batches

__all__ = ["Borders", "map_borders"]

_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class Borders:
    """Where words begin.

    Args:
        begins: Whether each token of all documents begins a word. As long as the map's tokens.
        key: Of what they depend on beside the tokens.
    """

    begins: NDArray[np.bool_]
    key: bytes


def map_borders(documents: Documents, tokenizer: Any, tokens: TokenMap, segmenter: str) -> Borders:
    """The borders of the words in some documents: those that are there, or new ones, made in a stream.

    Args:
        documents: In order.
        tokenizer: A fast one.
        tokens: Of the documents, in files.
        segmenter: Its name.

    Raises:
        DataError: The disk is too small for them, or cannot be written.
        ModelError: The segmenter's package is not installed.
    """
    cut = find_segmenter(segmenter)
    key = hashlib.sha256(f"{_VERSION} {segmenter} {version_of(segmenter)}".encode()).digest()
    count = len(tokens.tokens)
    if tokens.folder is None or not count:
        return Borders(np.zeros(0, dtype=np.bool_), key)
    path = tokens.folder / f"words.{segmenter}.{key.hex()[:16]}.bin"
    try:
        if not path.is_file() or path.stat().st_size != count:
            _check_disk(path, count)
            _make(path, documents, tokenizer, count, cut)
    except OSError as error:
        raise DataError(
            f"the words of the text cannot be kept in {path.parent} ({error.strerror or error}); make room there, or "
            f"set {CACHE} to a folder on another disk before the kernel starts"
        ) from error
    return Borders(np.memmap(path, dtype=np.bool_, mode="r"), key)


def _check_disk(path: Path, count: int) -> None:
    free = shutil.disk_usage(path.parent).free - SPARE_BYTES
    if count > free:
        raise DataError(
            f"the words of the text take {count / 1e9:.1f} GB in {path.parent}, and {max(free, 0) / 1e9:.1f} GB are "
            f"free there; make room, or set {CACHE} to a folder on another disk before the kernel starts"
        )


def _make(path: Path, documents: Documents, tokenizer: Any, count: int, segmenter: Segmenter) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with fresh.open("wb") as stream:
            for texts in batches(documents):
                _write(stream, texts, tokenizer, segmenter)
        if fresh.stat().st_size != count:
            raise DataError("the tokenizer does not split the text as it did before; run the cell again")
        fresh.rename(path)
    finally:
        fresh.unlink(missing_ok=True)


def _write(stream: IO[bytes], texts: list[str], tokenizer: Any, segmenter: Segmenter) -> None:
    encoded = tokenizer(
        texts,
        add_special_tokens=False,
        truncation=False,
        return_attention_mask=False,
        return_offsets_mapping=True,
        verbose=False,
    )
    for text, offsets in zip(texts, encoded["offset_mapping"], strict=True):
        groups = np.asarray(word_groups(offsets, text, segmenter), dtype=np.int64)
        stream.write((np.diff(groups, prepend=-1) != 0).tobytes())
