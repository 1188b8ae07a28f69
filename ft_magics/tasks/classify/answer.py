"""New texts → labels with their probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ft_magics.errors import DataError, type_name
from ft_magics.sections import Card
from ft_magics.tasks.classify.examples import LabelledText
from ft_magics.tasks.classify.records import Prediction

__all__ = ["Classification", "answer_of", "card_of", "gold_card_of", "read_texts"]

_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Classification:
    """What a text was taken for.

    Args:
        label: The most likely label.
        probability: Of that label, from 0 to 1.
        probabilities: Of every label, the most likely first.
        labels: Where a text may have several: all that it was given, the most likely first.
    """

    label: str
    probability: float
    probabilities: Mapping[str, float] = field(repr=False)
    labels: tuple[str, ...] = ()


def read_texts(inputs: Any) -> list[LabelledText]:
    """Texts without labels.

    Args:
        inputs: Texts, pairs of texts, or `{"text": …, "text_pair": …}`.

    Raises:
        DataError: They are none.
    """
    if isinstance(inputs, (str, bytes, Mapping)) or not isinstance(inputs, Iterable):
        raise DataError(f"texts is {type_name(inputs)}; expected a text, a list of texts, or a list of pairs of texts")
    return [_read(index, item) for index, item in enumerate(inputs)]


def _read(index: int, item: Any) -> LabelledText:
    parts: Any = item
    if isinstance(item, str):
        parts = (item,)
    elif isinstance(item, Mapping):
        parts = tuple(item[key] for key in ("text", "text_pair") if item.get(key) is not None)
    fits = isinstance(parts, Sequence) and len(parts) in (1, 2) and all(isinstance(part, str) for part in parts)
    if not fits:
        raise DataError(f"texts[{index}] is {type_name(item)}; expected a text, or a pair of texts")
    return LabelledText(parts[0], parts[1] if len(parts) > 1 else None, (), None, f"texts[{index}]")


def answer_of(kind: str, labels: Sequence[str], prediction: Prediction) -> Classification | float:
    """A prediction as a person takes it.

    Args:
        kind: `one`, `several` or `number`.
        labels: Names by id. Length C.
        prediction: Of one text.
    """
    if kind == "number":
        return float(prediction.value or 0.0)
    shares = prediction.probabilities
    ranked = {labels[at]: float(shares[at]) for at in (-shares).argsort(kind="stable")}
    first, share = next(iter(ranked.items()))
    given = tuple(label for label in ranked if label in prediction.labels) if kind == "several" else ()
    return Classification(first, share, ranked, given)


def card_of(kind: str, labels: Sequence[str], example: LabelledText, prediction: Prediction) -> Card:
    """A text with what it was taken for, as a page shows it."""
    answer = answer_of(kind, labels, prediction)
    data: dict[str, Any] = {"text": example.text}
    if example.pair is not None:
        data["pair"] = example.pair
    if isinstance(answer, float):
        return Card(kind="labels", row=example.id, data={**data, "predicted": [f"{answer:.4g}"]})
    given = answer.labels if kind == "several" else (answer.label,)
    scores = list(answer.probabilities.items())[:_MOST_SHOWN]
    shown = {"predicted": given, "confidence": answer.probability, "scores": scores}
    return Card(kind="labels", row=example.id, data={**data, **shown})


def gold_card_of(example: LabelledText) -> Card:
    """A labelled text with its gold labels, or its number."""
    gold = example.labels if example.value is None else [f"{example.value:.4g}"]
    pair = {} if example.pair is None else {"pair": example.pair}
    return Card(kind="labels", row=example.id, data={"text": example.text, **pair, "gold": gold})
