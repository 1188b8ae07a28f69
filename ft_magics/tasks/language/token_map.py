"""The tokens of documents, computed once and kept in files that are mapped into memory, not read.

A map has the key of its texts and its tokenizer, so that every run on both uses the same, also a resumed one in another
kernel. It is in the cache of this user (`cache.py`); any may be deleted by hand, and is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.data.documents.document import Documents, Ints
from ft_magics.errors import DataError
from ft_magics.models.cache import CACHE, cache_folder, drop_unused

__all__ = ["SPARE_BYTES", "TokenMap", "batches", "map_tokens", "tokenise", "tokens_of"]

_AT_ONCE = 200_000  # characters that are tokenised together; what the tokenizers library keeps of them is 50 times that
_VERSION = 1
SPARE_BYTES = 100_000_000  # of the disk that stay free
_SMALL_VOCABULARY = 1 << 16


@dataclass(frozen=True, slots=True)
class TokenMap:
    """Tokens of all documents one after the other, without special tokens.

    Args:
        tokens: Ids, mapped from a file. Length of all documents.
        ends: Where each document ends in them. Length S.
        unknown: How many of them are the unknown token.
        key: Of texts and tokenizer.
        folder: Where the files are; None for a few texts that are in memory.
        size_bytes: Of the files.
    """

    tokens: NDArray[np.integer[Any]]
    ends: Ints
    unknown: int
    key: bytes
    folder: Path | None
    size_bytes: int

    @property
    def lengths(self) -> Ints:
        """Tokens per document. Length S."""
        return np.diff(self.ends, prepend=0)


def map_tokens(documents: Documents, tokenizer: Any, *, end: int | None = None) -> TokenMap:
    """The map of some documents: the one that is there, or a new one, made in a stream.

    Args:
        documents: In order.
        tokenizer: A fast one.
        end: A token behind each document; None for none.

    Raises:
        DataError: The disk is too small for it, or cannot be written.
    """
    key = _key(documents, tokenizer, end)
    cache = cache_folder("tokens")
    folder = cache / key.hex()[:32]
    try:
        if not (folder / "about.json").is_file():
            _check_disk(cache, documents, tokenizer)
            _make(folder, documents, tokenizer, end)
            drop_unused(cache, but=folder)
        os.utime(folder)
        return _opened(folder, key, len(documents))
    except OSError as error:
        raise DataError(
            f"the tokens of the text cannot be kept in {cache} ({error.strerror or error}); make room there, or set "
            f"{CACHE} to a folder on another disk before the kernel starts"
        ) from error


def tokens_of(texts: Sequence[str], tokenizer: Any, *, end: int | None = None) -> TokenMap:
    """The tokens of a few texts, which stay in memory.

    Args:
        texts: In order.
        tokenizer: A fast one.
        end: A token behind each text; None for none.
    """
    rows = [_ended(ids, end) for ids in tokenise(texts, tokenizer)]
    flat = np.array([token for row in rows for token in row], dtype=np.int64)
    ends = np.cumsum([len(row) for row in rows], dtype=np.int64)
    return TokenMap(flat, ends, 0, hashlib.sha256(flat.tobytes() + ends.tobytes()).digest(), None, 0)


def _ended(ids: list[int], end: int | None) -> list[int]:
    return ids if end is None else [*ids, end]


def _key(documents: Documents, tokenizer: Any, end: int | None) -> bytes:
    digest = hashlib.sha256(f"{_VERSION} {len(documents)} {len(tokenizer)} {end}".encode())
    digest.update(documents.hashes.tobytes())
    digest.update(tokenizer.backend_tokenizer.to_str().encode())
    return digest.digest()


def _kind(tokenizer: Any) -> type[np.integer[Any]]:
    return np.uint16 if len(tokenizer) <= _SMALL_VOCABULARY else np.uint32


def _check_disk(cache: Path, documents: Documents, tokenizer: Any) -> None:
    """Ask before anything is written. A token is a character at least, or a byte where the vocabulary has bytes."""
    need = documents.characters * _kind(tokenizer)().itemsize + 8 * len(documents)
    cache.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache).free - SPARE_BYTES
    if need > free:
        raise DataError(
            f"the tokens of the text may take up to {need / 1e9:.1f} GB in {cache}, and {max(free, 0) / 1e9:.1f} GB "
            f"are free there; make room, or set {CACHE} to a folder on another disk before the kernel starts"
        )


def _make(folder: Path, documents: Documents, tokenizer: Any, end: int | None) -> None:
    fresh = folder.with_name(f"{folder.name}.{os.getpid()}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        kind = _kind(tokenizer)
        total = unknown = 0
        with (fresh / "tokens.bin").open("wb") as tokens, (fresh / "ends.bin").open("wb") as ends:
            for texts in batches(documents):
                for ids in tokenise(texts, tokenizer):
                    row = np.asarray(_ended(ids, end), dtype=kind)
                    total += len(row)
                    unknown += int((row == tokenizer.unk_token_id).sum()) if tokenizer.unk_token_id is not None else 0
                    tokens.write(row.tobytes())
                    ends.write(total.to_bytes(8, "little"))
        about = {"version": _VERSION, "kind": kind.__name__, "tokens": total, "unknown": unknown}
        (fresh / "about.json").write_text(json.dumps(about), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)  # one without `about.json` was never whole
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def batches(documents: Documents) -> Iterator[list[str]]:
    """Texts that are tokenised together, in order."""
    texts: list[str] = []
    size = 0
    for document in documents:
        texts.append(document.text)
        size += len(document.text)
        if size >= _AT_ONCE:
            yield texts
            texts, size = [], 0
    if texts:
        yield texts


def tokenise(texts: Sequence[str], tokenizer: Any) -> list[list[int]]:
    """Token ids per text, without special tokens and without an end."""
    found = tokenizer(
        list(texts), add_special_tokens=False, truncation=False, return_attention_mask=False, verbose=False
    )
    ids: list[list[int]] = found["input_ids"]
    return ids


def _opened(folder: Path, key: bytes, documents: int) -> TokenMap:
    try:
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        kind = np.dtype({"uint16": "uint16", "uint32": "uint32"}[about["kind"]])
        files = [folder / "tokens.bin", folder / "ends.bin"]
        sizes = [path.stat().st_size for path in files]
        whole = sizes == [about["tokens"] * kind.itemsize, 8 * documents]
    except (KeyError, TypeError, ValueError):
        whole = False
    if not whole:
        shutil.rmtree(folder, ignore_errors=True)
        raise DataError(f"the tokens in {folder} were not whole and have been deleted; run the cell again")
    tokens = np.memmap(files[0], dtype=kind, mode="r") if about["tokens"] else np.zeros(0, dtype=kind)
    ends = np.asarray(np.memmap(files[1], dtype="<i8", mode="r")) if documents else np.zeros(0, dtype=np.int64)
    return TokenMap(tokens, ends, about["unknown"], key, folder, sum(sizes))
