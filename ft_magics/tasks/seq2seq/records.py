"""Written texts on disk: a line each, and the report that is made of such lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ft_magics.data.faults import show
from ft_magics.errors import DataError
from ft_magics.evaluation.texts.bleu import TOKENIZERS
from ft_magics.evaluation.texts.evidence import side_by_side
from ft_magics.tasks.seq2seq.examples import TextPair

__all__ = ["check_facts", "from_record", "samples_of", "to_record"]

_SAMPLES = 4  # of an evaluation
_LONGEST_SAMPLE = 300  # characters of a source


def check_facts(facts: Mapping[str, Any]) -> None:
    """See that a run wrote these.

    Raises:
        DataError: It did not.
    """
    if facts.get("tokenize") not in TOKENIZERS:
        raise DataError("it does not hold what a run writes")


def to_record(example: TextPair, prediction: str) -> dict[str, Any]:
    """A line of `predictions.<split>.jsonl`."""
    return {"id": example.id, "source": example.text, "references": list(example.references), "output": prediction}


def from_record(record: Any) -> tuple[TextPair, str]:
    """What `to_record` wrote.

    Raises:
        DataError: It did not write this.
    """
    if not isinstance(record, Mapping):
        raise DataError(f"expected an object with a source and what was written for it, found {show(record)}")
    for name in ("id", "source", "output"):
        if not isinstance(record.get(name), str):
            raise DataError(f"expected a text in `{name}`, found {show(record.get(name))}")
    references = record.get("references")
    if not isinstance(references, list) or not references or not all(isinstance(text, str) for text in references):
        raise DataError(f"expected a list of texts in `references`, found {show(references)}")
    return TextPair(record["source"], tuple(references), record["id"]), record["output"]


def samples_of(examples: Sequence[TextPair], predictions: Sequence[str]) -> list[dict[str, Any]]:
    """A few examples from all over the split: source, reference and output, marked where they differ."""
    count = min(_SAMPLES, len(examples))
    chosen = [at * len(examples) // count for at in range(count)]
    found = []
    for at in chosen:
        source = examples[at].text
        cut = f"{source[:_LONGEST_SAMPLE]} …" if len(source) > _LONGEST_SAMPLE else source
        texts, marks = side_by_side(examples[at].references[:1], predictions[at])
        found.append(
            {
                "text": cut,
                "gold": examples[at].target,
                "predicted": predictions[at],
                "right": None,
                "texts": [["source", cut], *map(list, texts)],
                "marks": [[], *([list(span) for span in of_text] for of_text in marks)],
            }
        )
    return found
