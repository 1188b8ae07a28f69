"""A new model that begins with layers and embeddings of one that is trained already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ft_magics.errors import ModelError
from ft_magics.models.scratch.new_model import sizes_of
from ft_magics.models.scratch.surfaces import BROKEN, SPECIAL_ROLES, spelling_of, surfaces_of

__all__ = ["Copied", "copy_model", "spread_layers"]

# What a config says of how layers compute: weights copied into layers of another kind would mean something else.
_BUILT = ("num_key_value_heads", "head_dim", "rope_parameters", "attention_bias", "mlp_bias")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What of a model was copied.

    Args:
        layers: For each layer of the new model, the one that it is a copy of.
        shared: Tokens that both vocabularies have: their embeddings are copied.
        pieced: Tokens whose embeddings are the mean of the pieces that the other tokenizer splits them into.
        fresh_tokens: Tokens whose embeddings stay random.
        fresh: Names of the other parameters that stay random.
        said: A sentence on it.
    """

    layers: tuple[int, ...]
    shared: int
    pieced: int
    fresh_tokens: int
    fresh: tuple[str, ...]
    said: str


def spread_layers(count: int, of: int) -> list[int]:
    """Which layers of a model with `of` layers become `count` layers, spread over all of it; in order, from 0.

    The first and the last are among them where there are at least two; more than there are repeat in place.
    """
    if count == 1:
        return [0]
    return [round(at * (of - 1) / (count - 1)) for at in range(count)]


def copy_model(
    model: Any,
    tokenizer: Any,
    source: Any,
    source_tokenizer: Any,
    *,
    layers: Sequence[int] | None = None,
    fresh_in_source: Sequence[str] = (),
) -> Copied:
    """Copy layers, embeddings and the head of a model into another, whose own random values stay where there are none.

    Args:
        model: Is changed. Of the same shape and width as the source.
        tokenizer: Of it.
        source: A model that is trained already.
        source_tokenizer: Of that.
        layers: Which of its layers, from 0; None for as many as the model has, spread over all.
        fresh_in_source: Parameters of the source that are not trained themselves, and so are not copied.

    Raises:
        ModelError: The two are of another shape or width, or there is no such layer.

    Source: Sanh et al. 2019 (every second layer); Gong et al. 2019 (stacking); Minixhofer et al. 2022 and Gee et al.
        2022 (tokens as the mean of the old tokenizer's).
    """
    _refuse(model.config, source.config)
    here, there = sizes_of(model.config).layers, sizes_of(source.config).layers
    chosen = list(layers) if layers is not None else spread_layers(here, there)
    if len(chosen) != here:
        raise ModelError(f"model: `init` names {len(chosen)} layers, and the new model has {here}; name one for each")
    wrong = [at for at in chosen if not 0 <= at < there]
    if wrong:
        raise ModelError(f"model: `init` names the layer {wrong[0]}, and the model has {there}, from 0 to {there - 1}")
    untouched = {name for name, _ in model.named_parameters()}
    with torch.no_grad():
        untouched -= _copy_layers(model, source, chosen)
        untouched -= _copy_rest(model, source, set(fresh_in_source))
        exact, split = _rows_of_tokens(tokenizer, source_tokenizer)
        untouched -= _copy_rows(model, source, exact | split, set(fresh_in_source))
    shared, pieced = len(exact), len(split)
    none = len(tokenizer) - shared - pieced
    return Copied(
        layers=tuple(chosen),
        shared=shared,
        pieced=pieced,
        fresh_tokens=none,
        fresh=tuple(sorted(untouched)),
        said=_said(chosen, there, (shared, pieced, none), sum(model.get_parameter(name).numel() for name in untouched)),
    )


def _said(chosen: Sequence[int], there: int, tokens: tuple[int, int, int], fresh: int) -> str:
    shared, pieced, none = tokens
    of_pieces = f"{pieced:,} begin as the mean of their pieces'" if pieced else ""
    of_none = f"{none:,} are fresh" if none else ""
    parts = [f"the embeddings of {shared:,} tokens", of_pieces, of_none]
    rest = f"; {fresh:,} other parameters are fresh" if fresh else ""
    return f"copied: layers {', '.join(map(str, chosen))} of {there}, {', '.join(filter(None, parts))}{rest}"


def _refuse(config: Any, source: Any) -> None:
    if config.model_type != source.model_type:
        raise ModelError(
            f"model: `init` is a {source.model_type} model and the new one is of the shape `{config.model_type}`; "
            "layers are copied within one shape"
        )
    mine, theirs = sizes_of(config), sizes_of(source)
    for key in ("hidden_size", "heads", "intermediate_size"):
        if getattr(mine, key) != getattr(theirs, key):
            raise ModelError(
                f"model: `init` has `{key}: {getattr(theirs, key)}` and the new model {getattr(mine, key)}; layers are "
                "copied at the same sizes only: leave out `preset` and the sizes, and they are those of `init`"
            )
    for key in _BUILT:
        if getattr(config, key, None) != getattr(source, key, None):
            raise ModelError(
                f"model: `init` is built in another way than a model from nothing: its `{key}` is "
                f"{getattr(source, key)!r} and not {getattr(config, key, None)!r}; train it further with `model: …` "
                "instead"
            )


def _copy_layers(model: Any, source: Any, chosen: Sequence[int]) -> set[str]:
    """Copy whole layers; gives the names of the parameters that were filled."""
    name, targets = _stack(model)
    _, sources = _stack(source)
    filled = set()
    for at, chosen_at in enumerate(chosen):
        given = dict(sources[chosen_at].named_parameters())
        for key, parameter in targets[at].named_parameters():
            if key in given and given[key].shape == parameter.shape:
                parameter.copy_(given[key])
                filled.add(f"{name}.{at}.{key}")
    return filled


def _stack(model: Any) -> tuple[str, nn.ModuleList]:
    """The list of a model's layers, and its name."""
    count = sizes_of(model.config).layers
    for name, module in model.named_modules():
        if isinstance(module, nn.ModuleList) and len(module) == count:
            return name, module
    raise ModelError(f"model: where the layers of this {model.config.model_type} model are is not known here")


def _copy_rest(model: Any, source: Any, fresh: set[str]) -> set[str]:
    """Copy what is neither a layer nor has a row for each token: positions, norms, the transform of the head."""
    stack, _ = _stack(model)
    given = {name: item for name, item in source.named_parameters() if name not in fresh}
    by_token = {id(item) for item in _by_token(model)}
    filled = set()
    for name, parameter in model.named_parameters():
        theirs = given.get(name)
        if theirs is None or name.startswith(f"{stack}.") or id(parameter) in by_token:
            continue
        if theirs.shape == parameter.shape:
            parameter.copy_(theirs)
            filled.add(name)
        elif "position" in name or name.endswith("wpe.weight"):
            most = min(len(parameter), len(theirs))
            parameter[:most] = theirs[:most]
            if most == len(parameter):
                filled.add(name)
    return filled


def _by_token(model: Any) -> list[Tensor]:
    """The parameters with a row for each token: embeddings, an output that is not tied, its bias."""
    embeddings, output = model.get_input_embeddings(), model.get_output_embeddings()
    weights = [embeddings.weight, getattr(output, "weight", None), getattr(output, "bias", None)]
    return list({id(item): item for item in weights if item is not None}.values())


def _copy_rows(model: Any, source: Any, sources: dict[int, list[int]], fresh: set[str]) -> set[str]:
    names = {id(item): name for name, item in model.named_parameters()}
    theirs_by_name = dict(source.named_parameters())
    filled = set()
    for parameter in _by_token(model):
        name = names[id(parameter)]
        theirs = theirs_by_name.get(name)
        if theirs is None or name in fresh:
            continue
        for at, rows in sources.items():
            parameter[at] = theirs[rows].mean(dim=0)
        filled.add(name)
    return filled


def _rows_of_tokens(tokenizer: Any, source: Any) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """For each token, the same one of the other tokenizer; and for those that it lacks, the pieces that it makes.

    A token of which the other tokenizer knows no part is in neither.
    """
    mine, theirs = surfaces_of(tokenizer), surfaces_of(source)
    by_surface: dict[Any, int] = {}
    given = source.get_vocab()
    vocabulary = {at: token for token, at in given.items()}
    # A character may stand in a vocabulary twice, as 京 and ##京: the plain one is meant.
    for at, surface in sorted(theirs.items(), key=lambda item: (len(vocabulary[item[0]]), item[0])):
        by_surface.setdefault(surface, at)
    found = {at: [by_surface[surface]] for at, surface in mine.items() if surface in by_surface}
    if spelling_of(tokenizer) == spelling_of(source):
        found |= {at: [given[token]] for token, at in tokenizer.get_vocab().items() if at in mine and token in given}
    for role in SPECIAL_ROLES:
        here, there = getattr(tokenizer, f"{role}_id"), getattr(source, f"{role}_id")
        if here is not None and there is not None:
            found[here] = [there]
    pieced: dict[int, list[int]] = {}
    left = [at for at in sorted(mine) if at not in found and BROKEN not in mine[at][0]]
    texts = [f" {mine[at][0]}" if mine[at][1] else mine[at][0] for at in left]
    if texts:
        split = source(texts, add_special_tokens=False)["input_ids"]
        for at, ids in zip(left, split, strict=True):
            known = [one for one in ids if one != source.unk_token_id]
            if known:
                pieced[at] = known
    return found, pieced
