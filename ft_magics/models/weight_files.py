"""The files of a model's folder, read as what they are: untrusted.

A folder may come from anywhere. No file is read without a limit, and none but a regular file is opened.
"""

from __future__ import annotations

import json
import math
import os
import stat
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import torch
from safetensors import safe_open

from ft_magics.errors import ModelError, type_name
from ft_magics.markup import terminal_line

__all__ = ["Weights", "open_file", "open_weights", "read_bytes", "read_json"]

_MOST_JSON_BYTES = 16 << 20  # the config of a model with 10,000 labels has half a megabyte
_MOST_CONTAINERS = 1_000_000  # objects and arrays in a file; the largest tokenizers have half of it
_MOST_COMMAS = 3 * _MOST_CONTAINERS
_MOST_DEPTH = 50
_MOST_SHARDS = 1_000
_MOST_DIMENSIONS = 8
_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}  # safetensors' names of the types that weights may have
_OTHER_BYTES = {"I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1}
_TUNED = frozenset(("adapter_config.json", "tuned.safetensors"))  # of a run that keeps only what was trained
_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a pipe without a writer would never open


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The weights of a folder, of which only names and shapes are read at first.

    Args:
        files: Those that hold them.
        shapes: Shape by name, of all tensors of floating-point numbers.
        pickled: The tensors themselves, where the files are pickles, which have no header.
    """

    files: Sequence[Path]
    shapes: Mapping[str, tuple[int, ...]]
    pickled: dict[str, torch.Tensor] = field(default_factory=dict)

    @property
    def elements(self) -> int:
        """How many numbers they are."""
        return sum(map(math.prod, self.shapes.values()))

    def tensors(self) -> dict[str, torch.Tensor]:
        """All tensors by name, in memory of their own: the file may change later."""
        if self.pickled:
            return dict(self.pickled)
        found: dict[str, torch.Tensor] = {}
        for path in self.files:
            with safe_open(path, framework="pt") as opened:
                found.update({name: opened.get_tensor(name).clone() for name in opened.keys()})  # noqa: SIM118  # no dict
        return found


def open_file(path: Path) -> IO[bytes]:
    """A regular file, perhaps behind a link (the hub's cache is made of links).

    Raises:
        ModelError: It is not there, may not be read, or is a pipe, a device or a folder.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _NO_WAIT)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelError(f"model: {path} cannot be read: {reason}; copy the model's folder again") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ModelError(f"model: {path} is no regular file; copy the model's folder again")
    return os.fdopen(descriptor, "rb")


def read_bytes(path: Path, most: int) -> bytes:
    """A whole file of at most so many bytes.

    Raises:
        ModelError: It cannot be read, or is longer.
    """
    with open_file(path) as stream:
        raw = stream.read(min(os.fstat(stream.fileno()).st_size, most) + 1)  # it is made as large as is asked for
    if len(raw) > most:
        raise ModelError(f"model: {path} has more than {most >> 20} MB, so it is no such file of a model")
    return raw


def read_json(path: Path, most: int = _MOST_JSON_BYTES) -> dict[str, Any]:
    """A file with one JSON object.

    Raises:
        ModelError: It cannot be read, is too large or too deep, no UTF-8, no JSON, or no object.
    """
    return _parsed(path, read_bytes(path, most))


def _parsed(path: Path, raw: bytes) -> dict[str, Any]:
    if raw.count(b"[") + raw.count(b"{") > _MOST_CONTAINERS or raw.count(b",") > _MOST_COMMAS:
        raise ModelError(f"model: {path} holds too many lists and values, so it is no such file of a model")
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant)
        deep = _depth_exceeds(value, _MOST_DEPTH)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else terminal_line(str(error))
        raise ModelError(f"model: {path} is not a valid JSON file ({reason}); save the model again") from error
    if deep:
        raise ModelError(f"model: {path} is not a valid JSON file of a model (it is nested too deeply)")
    if not isinstance(value, dict):
        raise ModelError(f"model: {path} holds {type_name(value)}; expected a JSON object: save the model again")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"`{next(name for name in found if names.count(name) > 1):.80}` is there twice")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")


def _depth_exceeds(value: Any, most: int) -> bool:
    level: list[Any] = [value]
    for _ in range(most):
        level = [child for item in level for child in _children(item) if isinstance(child, (dict, list))]
        if not level:
            return False
    return True


def _children(item: Any) -> Sequence[Any]:
    if isinstance(item, dict):
        return tuple(item.values())
    return item if isinstance(item, list) else ()


def open_weights(folder: Path) -> Weights:
    """The weights of a folder: safetensors, or pickles that hold nothing but tensors; in one file or several.

    Raises:
        ModelError: There are none, or their header contradicts their file.
    """
    names = {path.name for path in folder.iterdir()}
    if "ft_magics.json" in names and "model.safetensors" not in names and names & _TUNED:
        raise ModelError(
            f"model: {folder} holds only what a run has trained, without its base; name the folder that `run.merge()` "
            "gives, which has plain weights"
        )
    if "adapter_config.json" in names:
        raise ModelError(
            f"model: {folder} holds an adapter (adapter_config.json); merge it into its model first: "
            "`model.merge_and_unload().save_pretrained(folder)`"
        )
    for single in ("model.safetensors", "pytorch_model.bin"):
        read = _headers if single.endswith(".safetensors") else _pickles
        if single in names:
            return read([folder / single])
        if f"{single}.index.json" in names:
            return read(_shards(folder / f"{single}.index.json"))
    raise ModelError(
        f"model: {folder} has no file named model.safetensors, nor pytorch_model.bin: the weights are missing"
    )


def _shards(index: Path) -> list[Path]:
    places = read_json(index).get("weight_map")
    names = set(places.values()) if isinstance(places, dict) and all(map(_is_name, places.values())) else set()
    if not 0 < len(names) <= _MOST_SHARDS:
        raise ModelError(f"model: {index}: `weight_map` does not name the files beside it; save the model again")
    return [index.parent / name for name in sorted(names)]


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value not in ("", ".", "..") and not set(value) & set("/\\\0:")


def _headers(files: Sequence[Path]) -> Weights:
    shapes: dict[str, tuple[int, ...]] = {}
    for path in files:
        found = _header(path)
        if found.keys() & shapes.keys():
            raise ModelError(f"model: {path} holds a tensor that another file holds too; save the model again")
        shapes.update(found)
    return Weights(files=files, shapes=shapes)


def _header(path: Path) -> dict[str, tuple[int, ...]]:
    """Shape by name, of the tensors of floating-point numbers in a safetensors file.

    Source: the format, https://github.com/huggingface/safetensors#format
    """
    with open_file(path) as stream:
        size = os.fstat(stream.fileno()).st_size - 8
        length = int.from_bytes(stream.read(8), "little")
        if not 2 <= length <= min(size, _MOST_JSON_BYTES):
            raise ModelError(f"model: {path} is no safetensors file, or cut off: copy the model's folder again")
        header = _parsed(path, stream.read(length))
    header.pop("__metadata__", None)
    shapes = {}
    for name, described in header.items():
        kind, shape = _described(path, name, described, size - length)
        if kind in _BYTES:
            shapes[name] = shape
    return shapes


def _described(path: Path, name: str, described: Any, room: int) -> tuple[str, tuple[int, ...]]:
    """Type and shape of a tensor, which takes the bytes that it says, within the file."""
    where = f"model: {path}: the tensor {name:.120}"
    match described:
        case {"dtype": str(kind), "shape": list(shape), "data_offsets": [int(start), int(end)]}:
            pass
        case _:
            raise ModelError(f"{where} is not described as safetensors are; save the model again")
    width = {**_BYTES, **_OTHER_BYTES}.get(kind)
    if width is None:
        raise ModelError(f"{where} is of type {kind:.20}, which is not trained here; save the model in float32")
    sizes = [size for size in shape if type(size) is int and 0 <= size <= room]
    if len(sizes) < len(shape) or len(shape) > _MOST_DIMENSIONS or not 0 <= start <= end <= room:
        raise ModelError(f"{where} is not within the file, which is cut off or damaged: copy the model's folder again")
    if math.prod(sizes) * width != end - start:
        raise ModelError(f"{where} is not of the size that it says; the file is damaged: copy the model's folder again")
    return kind, tuple(sizes)


def _pickles(files: Sequence[Path]) -> Weights:
    tensors: dict[str, torch.Tensor] = {}
    for path in files:
        tensors.update(_pickle(path))
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items() if tensor.is_floating_point()}
    return Weights(files=files, shapes=shapes, pickled=tensors)


def _pickle(path: Path) -> dict[str, torch.Tensor]:
    with open_file(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        if zipfile.is_zipfile(stream):
            with zipfile.ZipFile(stream) as archive:
                if sum(entry.file_size for entry in archive.infolist()) > size:
                    raise ModelError(f"model: {path} holds more than its size; save the model as safetensors")
        stream.seek(0)
        tensors = torch.load(stream, map_location="cpu", weights_only=True)
    if not isinstance(tensors, dict) or not all(_is_plain(*item, size) for item in tensors.items()):
        raise ModelError(
            f"model: {path} holds something else than plain tensors by name; save the model as safetensors"
        )
    return tensors


def _is_plain(name: Any, tensor: Any, room: int) -> bool:
    """Whether it is a tensor whose numbers are all in the file, none repeated by its strides."""
    if not isinstance(name, str) or not isinstance(tensor, torch.Tensor) or tensor.layout != torch.strided:
        return False
    return tensor.nbytes <= min(tensor.untyped_storage().nbytes(), room)
