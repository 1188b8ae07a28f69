"""What config.json says, believed as far as the weights bear it out.

Nothing is taken from it that would run code, load a kernel or ask the network, and no model is built of it that its
weights could not fill.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

from ft_magics.errors import ModelError, type_name
from ft_magics.markup import terminal_line
from ft_magics.models.heads import Head
from ft_magics.models.weight_files import Weights, read_json

__all__ = ["backbone_first", "build_config", "check_sizes", "not_theirs", "not_two_parts", "read_config"]

_LARGEST_NUMBER = 10_000_000  # vocabularies end at a few 100,000
_LARGEST_BASE = 10**12  # of rotary embeddings, `rope_theta`
_ALWAYS_POSSIBLE_LAYERS = 100  # ALBERT has one set of weights for all its layers
_AT_LEAST_ONE = ("hidden_size", "num_attention_heads", "num_hidden_layers", "vocab_size", "max_position_embeddings")
_HEAD_ELEMENTS = 10_000_000  # a head and the buffers may be as large as this, whatever the weights
_CALLS, _CALLS_A_TENSOR = 10_000, 100  # of torch, to build a model without weights; BERT takes about 10 a tensor

_PARTS = ("encoder", "decoder")
_NO_LABELS = ("LABEL_0", "LABEL_1")  # what transformers has where nothing is said; it does not write them
_PROBLEMS = ("regression", "single_label_classification", "multi_label_classification")
_NOT_TAKEN = frozenset(
    (
        *("auto_map", "custom_pipelines", "trust_remote_code"),  # code
        *("attn_implementation", "experts_implementation", "use_kernels", "kernel_config", "fusion_config"),  # kernels
        *("name_or_path", "base_model_name_or_path", "transformers_weights", "distributed_config"),  # other places
        *("id2label", "label2id", "num_labels", "problem_type"),  # the labels are read and checked here
        *("return_dict", "use_return_dict", "output_attentions", "output_hidden_states", "chunk_size_feed_forward"),
        *("architectures", "dtype", "torch_dtype", "quantization_config", "per_layer_config", "tokenizer_class"),
        *("model_type", "transformers_version"),
    )
)


def read_config(folder: Path, head: Head) -> dict[str, Any]:
    """What config.json of an encoder says, of which nothing is believed yet but that it is one.

    Raises:
        ModelError: It cannot be read, is no encoder's, or its weights are quantised.
    """
    raw = read_json(folder / "config.json")
    _encoder_class(folder, raw, head)
    if raw.get("quantization_config"):
        raise ModelError(f"model: {folder} is quantised (`quantization_config`); name the model that it was made of")
    return raw


def build_config(folder: Path, raw: Mapping[str, Any], weights: Weights, head: Head, *, fresh: bool) -> Any:
    """The `PreTrainedConfig` of an encoder.

    Args:
        folder: Of the model.
        raw: As `read_config` gave it.
        weights: Its weights.
        head: That it gets, or has.
        fresh: Whether the head is a new one; a saved model keeps the labels in its config.json.

    Raises:
        ModelError: A number is out of all proportion to the weights, or the labels are none.
    """
    path = folder / "config.json"
    config_class = _encoder_class(folder, raw, head)
    labels = list(head.labels or _NO_LABELS) if fresh else _labels_in(path, raw)
    problem = head.problem_type if fresh else _problem_in(path, raw)
    kept = _of_class(_clean(raw) | _clean_parts(folder, raw), config_class)
    _check_numbers(path, kept, len(weights.shapes))
    config = config_class(
        **kept,
        id2label=dict(enumerate(labels)),
        label2id={label: at for at, label in enumerate(labels)},
        **({} if problem is None else {"problem_type": problem}),
    )
    _refuse_no_encoder(folder, config.model_type, vars(config), head)
    for key in _AT_LEAST_ONE:
        value = getattr(config, key, 1)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ModelError(f"model: {path}: `{key}` is {value!r:.80}; expected a number of at least 1")
    return config


def _encoder_class(folder: Path, raw: Mapping[str, Any], head: Head) -> Callable[..., Any]:
    kind = raw.get("model_type")
    if isinstance(kind, str) and kind in CONFIG_MAPPING:
        _refuse_no_encoder(folder, kind, raw, head)
        config_class: Callable[..., Any] = CONFIG_MAPPING[kind]
        return config_class
    if raw.get("auto_map"):
        raise ModelError(f"model: {folder} needs code of its own (`trust_remote_code`), which is not run here")
    if kind is None:
        raise ModelError(f"model: {folder / 'config.json'} names no `model_type`, such as `bert`; save the model again")
    raise ModelError(f"model: {folder}: the `model_type` `{kind!s:.80}` is no kind of model that transformers knows")


def _refuse_no_encoder(folder: Path, kind: str, settings: Mapping[str, Any], head: Head) -> None:
    if head.reads_and_writes:
        if not head.takes(kind):
            raise not_two_parts(str(folder), kind, head)
        return
    if head.reads_forwards:
        if not head.takes(kind) or kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES or settings.get("is_encoder_decoder"):
            article = "an" if kind[0] in "aeiou" else "a"
            raise ModelError(
                f"model: {folder} is {article} {kind} model, and {head.use} needs a model that reads a text from left "
                f"to right, such as GPT-2 or Qwen2; {head.instead or 'an encoder takes `objective: mlm`'}"
            )
        return
    if head.only is not None and kind != head.only:
        raise ModelError(
            f"model: {folder} is a {kind} model, and {head.use} needs one of the kind {head.only}: a checkpoint such "
            f"as `google/electra-small-discriminator`, or one from nothing, `model: {{shape: {head.only}}}`"
            f"{_instead(kind)}"
        )
    if head.judges_pairs:
        _refuse_without_segments(folder, kind, settings, head)
    known = head.takes(kind) and kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES
    if not known or settings.get("is_encoder_decoder") or settings.get("is_decoder"):
        raise ModelError(
            f"model: {folder} is a {kind} model, and {head.use} needs an encoder, which reads a text from both "
            f"sides: BERT, RoBERTa, XLM-R, ELECTRA, DeBERTa, ModernBERT, or `minilm`{_other_objective(kind, head)}"
        )


def not_two_parts(source: str, kind: str, head: Head) -> ModelError:
    """The error of a model that is no encoder-decoder, and that none can be made of."""
    return ModelError(
        f"model: {source} is a {kind} model, and {head.use} needs an encoder-decoder, such as `google-t5/t5-small` or "
        "`facebook/bart-base`, or an encoder that can be made into one: BERT, RoBERTa, XLM-R, ELECTRA, or `minilm`"
    )


def _refuse_without_segments(folder: Path, kind: str, settings: Mapping[str, Any], head: Head) -> None:
    """See that a model tells two segments apart, and has a head that judges them."""
    if not head.takes(kind):
        encoder = Head(kind="AutoModelForMaskedLM", labels=()).takes(kind) and not settings.get("is_encoder_decoder")
        other = f". A {kind} model takes `objective: mlm`" if encoder else _other_objective(kind, head)
        raise ModelError(
            f"model: {folder} is a {kind} model, and {head.use} needs one with segment embeddings and a head for pairs "
            f"of sentences: {', '.join(head.kinds)}, or `minilm`{other}"
        )
    segments = settings.get("type_vocab_size")
    if isinstance(segments, int) and segments < 2:
        raise ModelError(
            f"model: {folder} has embeddings for one segment only (`type_vocab_size` is 1 in config.json), and "
            f"{head.use} needs two; take `minilm` or another BERT, or `objective: mlm`"
        )


def _other_objective(kind: str, head: Head) -> str:
    """What else a model can be pre-trained by."""
    forwards = Head(kind="AutoModelForCausalLM", labels=()).takes(kind)
    return f". A {kind} model takes `objective: clm`" if head.predicts_tokens and forwards else ""


def _instead(kind: str) -> str:
    """The objective that a model takes which replaced-token detection does not."""
    for objective, head in (("mlm", "AutoModelForMaskedLM"), ("clm", "AutoModelForCausalLM")):
        if Head(kind=head, labels=()).takes(kind):
            return f". A {kind} model takes `objective: {objective}`"
    return ""


def _clean(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that make the model what it is; none that runs code, loads kernels, or changes how it is called."""
    return {key: _cleaned(value) for key, value in config.items() if key not in _NOT_TAKEN and not key.startswith("_")}


def _clean_parts(folder: Path, raw: Mapping[str, Any]) -> dict[str, Any]:
    """The configs of the two models that an `encoder-decoder` is made of, each of a kind that transformers knows."""
    if raw.get("model_type") != "encoder-decoder":
        return {}
    found: dict[str, Any] = {}
    for part in _PARTS:
        own = raw.get(part)
        kind = own.get("model_type") if isinstance(own, Mapping) else None
        if not isinstance(kind, str) or kind not in MODEL_FOR_MASKED_LM_MAPPING_NAMES:
            raise ModelError(
                f"model: {folder / 'config.json'}: `{part}` is no encoder's config with a `model_type`, such as "
                "`bert`; save the model again with `model.save_pretrained(folder)`"
            )
        kept = _of_class(_clean(dict(own or {})), CONFIG_MAPPING[kind])
        found[part] = {**kept, "model_type": kind}
    return found


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return _clean(value)
    return [_cleaned(item) for item in value] if isinstance(value, list) else value


def _of_class(settings: Mapping[str, Any], config_class: Any) -> dict[str, Any]:
    """The settings without those that would take the place of a method, or are large and unknown: a date, say."""
    known = {item.name for item in dataclasses.fields(config_class)} | set(config_class.attribute_map)
    return {
        key: value
        for key, value in settings.items()
        if key in known
        or not (hasattr(config_class, key) or any(abs(number) > _limit(at) for at, number in _numbers(value, key)))
    }


def _check_numbers(path: Path, settings: Mapping[str, Any], tensors: int) -> None:
    for key, value in _numbers(settings):
        if abs(value) > _limit(key):
            raise ModelError(f"model: {path}: `{key:.80}` is {value!s:.20}; no encoder has such a number")
        if "layer" in key and value > max(tensors, _ALWAYS_POSSIBLE_LAYERS):
            raise ModelError(
                f"model: {path}: `{key:.80}` is {value}, and the weights are {tensors} tensors; the two do not belong "
                "together: save the model again with `model.save_pretrained(folder)`"
            )


def _limit(key: str) -> int:
    return _LARGEST_BASE if "theta" in key else _LARGEST_NUMBER


def _numbers(value: Any, key: str = "") -> Iterator[tuple[str, float]]:
    """Every number in it, with the nearest key."""
    if isinstance(value, dict):
        for name, child in value.items():
            yield from _numbers(child, name)
    elif isinstance(value, list):
        for child in value:
            yield from _numbers(child, key)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield key, value


def _labels_in(path: Path, config: Mapping[str, Any]) -> list[str]:
    """The label names by id, as `id2label` says; transformers' two placeholders where it is absent.

    Raises:
        ModelError: Something else than 0 to C - 1 is named, or not by C different texts.
    """
    named = config.get("id2label")
    if named is None:
        return list(_NO_LABELS)
    where, expected = f"model: {path}: `id2label`", 'expected {"0": "O", "1": "B-PER", …}'
    if not isinstance(named, dict) or not named:
        raise ModelError(f"{where} is {type_name(named) if named else 'empty'}; {expected}")
    labels = [named.get(str(index)) for index in range(len(named))]
    missing = next((index for index in range(len(named)) if str(index) not in named), None)
    if missing is not None:
        raise ModelError(f"{where} has {len(named)} labels and none for {missing}; {expected}")
    wrong = [label for label in labels if not isinstance(label, str) or not label or label != terminal_line(label)]
    if wrong:
        raise ModelError(f"{where} has {wrong[0]!r:.80} for a label; {expected}")
    texts = [str(label) for label in labels]
    twice = next((label for label in texts if texts.count(label) > 1), None) if len(set(texts)) < len(texts) else None
    if twice is not None:
        raise ModelError(f"{where} has the label `{twice:.80}` twice; {expected}, each label once")
    return texts


def _problem_in(path: Path, config: Mapping[str, Any]) -> str | None:
    """What a classification model computes its loss by; None where that is left to the number of labels.

    Raises:
        ModelError: It is none of those that there are.
    """
    named = config.get("problem_type")
    if named is not None and named not in _PROBLEMS:
        raise ModelError(f"model: {path}: `problem_type` is {named!r:.80}; expected one of {', '.join(_PROBLEMS)}")
    return None if named is None else str(named)


def check_sizes(source: str, config: Any, weights: Weights, head: Head) -> Any:
    """See that the model which the config describes is no larger than its weights, before it takes memory.

    Returns:
        That model, without weights.

    Raises:
        ModelError: It is larger.
    """
    with torch.random.fork_rng(devices=[]), torch.device("meta"), _Budget(source, weights):
        model = backbone_first(head.model_classes()[type(config)](config))
    prefix = f"{model.base_model_prefix}."
    computed = set(model._keys_to_ignore_on_save or ())  # noqa: SLF001  # positions, which no file has: Marian's
    base = {
        name: tuple(item.shape)
        for name, item in model.named_parameters()
        if name.startswith(prefix) and name not in computed
    }
    buffers = sum(item.numel() for item in model.buffers())
    sizes = {name: item.numel() for name, item in model.named_parameters()}
    everything = buffers + sum(sizes.values())
    if sum(sizes[name] for name in base) > weights.elements or everything > weights.elements + _HEAD_ELEMENTS:
        there = set(weights.shapes.items())
        wrong = [
            name for name, shape in base.items() if not {(name, shape), (name.removeprefix(prefix), shape)} & there
        ]
        raise not_theirs(source, wrong or list(base))
    return model


def backbone_first(model: Any) -> Any:
    """The same model, its backbone before its head, so that weights of both are named as the backbone's.

    XLM-R and CamemBERT have the head first, and the map of a language model's head is the embeddings once more.

    Args:
        model: A `PreTrainedModel`.
    """
    parts = model._modules  # noqa: SLF001  # torch's own order of modules
    if model.base_model is not model:
        others = {name: parts.pop(name) for name in list(parts) if parts[name] is not model.base_model}
        parts.update(others)
    return model


def not_theirs(source: str, names: Sequence[str]) -> ModelError:
    """The error of a model whose config asks for tensors that the weights lack."""
    return ModelError(
        f"model: the weights of {source} are not those of its config.json: {len(names)} tensors are missing or of "
        f"another shape, such as {names[0]}; save the model again with `model.save_pretrained(folder)`"
    )


class _Budget(TorchFunctionMode):
    """Ends the building of a model that grows beyond its weights. It sees the calls of its own thread only.

    Args:
        source: Of the model, for the message.
        weights: That the model is to be filled with.
    """

    def __init__(self, source: str, weights: Weights) -> None:
        super().__init__()
        self._source = source
        self._elements = weights.elements + _HEAD_ELEMENTS
        self._calls = _CALLS + _CALLS_A_TENSOR * len(weights.shapes)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call the function, unless that was too much."""
        result = func(*args, **(kwargs or {}))
        self._calls -= 1
        made = isinstance(result, torch.Tensor)  # an error in `no_grad`, which comes here too, would leave it on
        if made and (self._calls < 0 or result.numel() > self._elements):
            raise ModelError(
                f"model: the weights of {self._source} are not those of its config.json, which asks for a far larger "
                "model; save the model again with `model.save_pretrained(folder)`"
            )
        return result
