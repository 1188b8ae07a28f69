"""What a run was made with: versions, hardware, the model's files and the data, each with a hash."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import torch

from ft_magics.config.references import Reference
from ft_magics.data.paths import find_file
from ft_magics.errors import DataError, FineTuneError
from ft_magics.models.base import base_of, sha256_of_file
from ft_magics.training.fingerprint import fingerprint

if TYPE_CHECKING:
    from ft_magics.training.prepare import Prepared

__all__ = ["provenance_of"]

_PACKAGES = ("torch", "transformers", "peft", "accelerate", "tokenizers", "safetensors", "numpy")
_CPU_INFO = Path("/proc/cpuinfo")


def provenance_of(prepared: Prepared) -> dict[str, Any]:
    """Plain data of texts, whole numbers and None.

    Args:
        prepared: A run that is ready for its first step.
    """
    return {
        "versions": _versions(),
        "hardware": _hardware(prepared),
        "model": _model(str(prepared.config.model), prepared.source),
        "data": {split.name: _split(prepared, split.name, split.examples) for split in prepared.corpus.splits},
    }


def _model(name: str, source: str) -> dict[str, Any]:
    with suppress(OSError, FineTuneError):  # files that go while they are read: the run does not need them any more
        return base_of(name, source).model_dump()
    return {"model": name, "folder": source, "sha256": None}


def _hash(path: Path) -> str | None:
    with suppress(OSError, FineTuneError):
        return sha256_of_file(path)
    return None


def _versions() -> dict[str, str | None]:
    own: str = sys.modules["ft_magics"].__version__
    return {"python": platform.python_version(), "ft_magics": own, **{name: _version(name) for name in _PACKAGES}}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _hardware(prepared: Prepared) -> dict[str, Any]:
    device, wanted = prepared.trained.device, prepared.train.threads
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads() if wanted == "auto" else wanted,
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "device": device,
        "gpu": torch.cuda.get_device_name() if device == "cuda" else None,
        "precision": prepared.trained.precision,
    }


def _cpu_name() -> str:
    """Of the processor, as the system knows it."""
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return named or platform.processor() or platform.machine()


def _split(prepared: Prepared, name: str, examples: Sequence[Any]) -> dict[str, Any]:
    """Where a split is from; the hash of its file, where it has one; and one of what the model sees of it."""
    said = getattr(prepared.config.data, name, None)
    source = getattr(said, "path", said)
    file = _file(source)
    return {
        "source": str(source) if isinstance(source, (str, Reference)) else _drawn(source),
        "file": str(file) if file else None,
        "file_sha256": _hash(file) if file else None,
        "examples": len(examples),
        "encoded_sha256": fingerprint(prepared.trained.task, prepared.features[name]),
    }


def _drawn(source: Any) -> str:
    return f"{source.fraction:g} of train, seed {source.seed}" if hasattr(source, "fraction") else "train"


def _file(source: Any) -> Path | None:
    value = source.value if isinstance(source, Reference) else source
    if not isinstance(value, (str, Path)):
        return None
    try:
        return find_file(str(value)).absolute()
    except DataError:  # of a third party's task, whose texts may be no paths
        return None
