"""New texts with two marked entities → relations with their probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ft_magics.data.cells import Rows, is_list
from ft_magics.data.faults import list_names
from ft_magics.data.marked import Mark, MarkedText, check_marks, parse_tags
from ft_magics.errors import DataError, type_name
from ft_magics.evaluation.relations.cards import relation_card
from ft_magics.evaluation.relations.counting import is_backward, relation_of
from ft_magics.sections import Card
from ft_magics.tasks.classify.records import Prediction
from ft_magics.tasks.relation.columns import find_columns, with_tokens
from ft_magics.tasks.relation.config import MarkedOptions
from ft_magics.tasks.relation.reader import marked_text

__all__ = ["Relation", "answer_of", "card_of", "gold_card_of", "input_columns", "read_texts"]

_MOST_SHOWN = 5
_EXPECTED = "expected a text with tags, such as `The <e1>audits</e1> were about <e2>waste</e2>`, or `{text, e1, e2}`"


@dataclass(frozen=True, slots=True)
class Relation:
    """What leads from one entity of a text to the other.

    Args:
        label: The most likely label, such as `Cause-Effect(e2,e1)`.
        probability: Of that label, from 0 to 1.
        relation: The label without its direction; None for the label of pairs without a relation.
        head: The words of the entity that it leads from.
        tail: The words of the entity that it leads to.
        probabilities: Of every label, the most likely first.
    """

    label: str
    probability: float
    relation: str | None
    head: str
    tail: str
    probabilities: Mapping[str, float] = field(repr=False)


def read_texts(inputs: Any) -> list[MarkedText]:
    """Texts without gold.

    Args:
        inputs: Texts with tags, or records with the columns of the data, such as `text`, `e1`, `e2`; a DataFrame too.

    Raises:
        DataError: They are none; the message names the first that is wrong.
    """
    if hasattr(inputs, "columns") and hasattr(inputs, "to_dict"):
        inputs = inputs.to_dict("records")
    if isinstance(inputs, (str, bytes, Mapping)) or not isinstance(inputs, Iterable):
        raise DataError(f"texts is {type_name(inputs)}; {_EXPECTED}, or a list of those")
    return [_read(index, item) for index, item in enumerate(inputs)]


def input_columns(columns: Sequence[str], data: Any) -> Sequence[str]:
    """None of a row alone: `read_texts` takes it as it is. See `TakesColumns`."""
    return ()


def _read(index: int, item: Any) -> MarkedText:
    place = f"texts[{index}]"
    try:
        text, e1, e2, types = _parts(item)
    except DataError as error:
        raise DataError(f"{place}: {error}") from error
    if wrong := check_marks(text, e1, e2):  # a text with tags, or what is marked already
        raise DataError(f"{place}: {wrong}")
    return MarkedText(text, e1, e2, None, types, place)


_Parts = tuple[str, Mark, Mark, tuple[str, str]]  # text, places of both entities, their types


def _parts(item: Any) -> _Parts:
    if isinstance(item, MarkedText):
        return item.text, item.e1, item.e2, item.types
    if isinstance(item, str):
        return *parse_tags(item), ("", "")
    if not isinstance(item, Mapping):
        raise DataError(f"found {type_name(item)}; {_EXPECTED}")
    return _of_record(item)


def _of_record(item: Mapping[str, Any]) -> _Parts:
    """A record as a row of the data, but for its relation."""
    kept = {str(name): cell for name, cell in item.items() if cell is not None}
    cells, options = tuple(kept.values()), MarkedOptions()
    try:
        rows = Rows(name="", columns=list(kept), named=True, cells=[cells], places=[""])
        rows = with_tokens(rows, options)
        columns = find_columns(rows, options, labelled=False)
    except DataError as error:
        raise DataError(f"found a record of {list_names(list(kept))}; {_EXPECTED}") from error
    example, _ = marked_text(rows.cells[0], columns, options)
    kinds = item.get("types") or ("", "")
    if not is_list(kinds) or len(kinds) != 2:
        raise DataError("`types` must be the types of e1 and e2, such as `[PERSON, CITY]`")
    first, second = (str(kind) or known for kind, known in zip(kinds, example.types, strict=True))
    return example.text, example.e1, example.e2, (first, second)


def answer_of(labels: Sequence[str], none_label: str | None, example: MarkedText, prediction: Prediction) -> Relation:
    """A prediction as a person takes it.

    Args:
        labels: Names by id. Length C.
        none_label: The label of pairs without a relation.
        example: What was asked about.
        prediction: For it.
    """
    shares = prediction.probabilities
    ranked = {labels[at]: float(shares[at]) for at in (-shares).argsort(kind="stable")}
    label = prediction.labels[0]
    first, second = example.entities
    head, tail = (second, first) if is_backward(label) else (first, second)
    relation = None if label == none_label else relation_of(label)
    return Relation(label, ranked[label], relation, head, tail, ranked)


def card_of(labels: Sequence[str], none_label: str | None, example: MarkedText, prediction: Prediction) -> Card:
    """A text with both entities, and the arrow from one to the other."""
    answer = answer_of(labels, none_label, example, prediction)
    scores = list(answer.probabilities.items())[:_MOST_SHOWN]
    shown = {"predicted": [answer.label], "confidence": answer.probability, "scores": scores}
    return relation_card(example, none_label=none_label, data=shown)


def gold_card_of(none_label: str | None, example: MarkedText) -> Card:
    """A labelled text before anything is trained."""
    return relation_card(example, none_label=none_label, data={"gold": [str(example.label)]})
