"""`compare:` of a cell: models that are fine-tuned on growing shares of the same labelled data."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field

from ft_magics.config.references import Reference
from ft_magics.config.section import Kind, Section, described
from ft_magics.config.seeds import Seeds
from ft_magics.config.splits import Text
from ft_magics.config.tree import Tree

__all__ = ["SCRATCH", "CompareConfig", "name_model"]

SCRATCH = "scratch"  # the architecture and the tokenizer of the cell's model, with random weights
_FALLBACK = "minilm"  # where `models` names none; that is then said of `models`, and not of `model` too
_MOST_SEEDS = 100
_NO_SHAPE = f"`{SCRATCH}` is a model with random weights"
_NO_SPLIT = "it compares scores on test, or on dev where there is no test, and there is neither; add one to `data:`"


def _seeds(value: Any) -> Any:
    """`seeds: 3` is `[1, 2, 3]`."""
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    if not 2 <= value <= _MOST_SEEDS:
        raise ValueError(f"found {value}, expected from 2 to {_MOST_SEEDS} seeds; an interval needs two at least")
    return list(range(1, value + 1))


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _shares(shares: list[float]) -> list[float]:
    """In rising order, each a part of the next."""
    odd = next((share for share in shares if not 0 < share <= 1), None)
    if odd is not None:
        raise ValueError(f"found {odd:g}, expected shares above 0 and up to 1, such as `[0.01, 0.1, 1.0]`; 1 is all")
    twice = next((share for share in shares if shares.count(share) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice:g} is there twice; take one of them out")
    return sorted(shares)


def _models(models: list[str | Reference]) -> list[str | Reference]:
    names = [str(model) for model in models]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"`{twice}` is there twice; take one of them out")
    if len(models) < 2:
        raise ValueError(f"found {len(models)}, expected at least two models, such as `[minilm, {SCRATCH}]`")
    return models


class CompareConfig(Section):
    """Each model is fine-tuned on each share of train, with each seed."""

    synonyms: ClassVar = {"model": "models", "shares": "share", "fractions": "share", "seed": "seeds"}

    models: Annotated[
        list[Annotated[Text | Reference, Kind("model", "a model as `model:` names it")]], AfterValidator(_models)
    ] = described(
        expected="a list of models, such as `[minilm, NAME, scratch]`",
        example="models: [minilm, scratch]",
        description="What is compared: aliases, runs, folders, hub ids; `scratch` is the last of the others, or what "
        "`model` names, with random weights and the same tokenizer.",
        examples=["[minilm, scratch]"],
        max_length=20,
    )
    share: Annotated[
        list[float], Field(min_length=1, max_length=20), BeforeValidator(_one_or_more), AfterValidator(_shares)
    ] = described(
        expected="a list of shares, such as `[0.01, 0.1, 1.0]`",
        description="Which shares of train each model is trained on; the same examples for all of them, a smaller "
        "share a part of a larger one.",
        default=[0.01, 0.1, 1.0],
        limits="> 0, ≤ 1",
        examples=["[0.01, 0.1, 1.0]"],
    )
    seeds: Annotated[Seeds, BeforeValidator(_seeds)] = described(
        expected="a number of seeds, such as `3`, or a list of them",
        description="A run for each of these seeds; it draws the share, the random weights and the order of batches.",
        default=[1, 2, 3],
        examples=["3"],
        origin="Dodge et al. 2020",
    )

    def fault_beside(
        self, *, model: str, methods: Sequence[str], train: Collection[str], seeds: bool, scored: bool
    ) -> tuple[tuple[str, ...], str] | None:
        """What of the cell does not go with this: where, and a sentence; None where all does.

        Args:
            model: That the cell names.
            methods: The names of its methods.
            train: The keys that it has under `train`.
            seeds: Whether it has `seeds` of its own.
            scored: Whether there is a split to score on.
        """
        names = [str(each) for each in self.models]
        odd = next((key for key in ("seed", "share") if key in train), None)
        tuned = SCRATCH in names and list(methods) != ["full"]
        found = (
            (
                seeds,
                ("seeds",),
                "does not go with `compare`, which has seeds of its own: `compare: {…, seeds: [1, 2]}`",
            ),
            (odd is not None, ("train", odd or ""), "does not go with `compare`, which gives each run its own"),
            (
                model not in names,
                ("model",),
                f"`{model}` is not among `compare.models`; add it there, or take it out here",
            ),
            (model == SCRATCH, ("model",), f"{_NO_SHAPE}; name the one whose architecture it has"),
            (not scored, ("compare",), _NO_SPLIT),
            (tuned, ("method",), f"`{' + '.join(methods)}` tunes a trained model; `{SCRATCH}` needs `method: full`"),
        )
        return next(((where, text) for wrong, where, text in found if wrong), None)


def name_model(tree: Tree) -> None:
    """Where a cell with `compare` names no `model`, it is the last of the compared ones that has weights."""
    compare = tree.data.get("compare")
    if compare is None or "model" in tree.data:
        return
    models = compare.get("models") if isinstance(compare, dict) else None
    named = [
        model for model in (models if isinstance(models, list) else ()) if isinstance(model, (str, Reference)) and model
    ]
    own = [model for model in named if str(model) != SCRATCH]
    tree.data["model"] = own[-1] if own else _FALLBACK
