"""Pairs of gold and predicted span, and sentences under several systems, as cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ft_magics.evaluation.entities.matching import ERROR_KINDS, KINDS
from ft_magics.sections import Card

__all__ = ["KIND_NAMES", "KIND_WORDS", "MISTAKES", "PREDICTED", "example_card", "sentence_card"]

KIND_WORDS = {
    "correct": "correct",
    "boundary": "boundary error",
    "type": "type error",
    "both": "boundary and type error",
    "missed": "missed",
    "spurious": "spurious",
}
KIND_NAMES = {word: kind for kind, word in KIND_WORDS.items()}
MISTAKES = [KIND_WORDS[kind] for kind in ERROR_KINDS]
PREDICTED = [KIND_WORDS[kind] for kind in ERROR_KINDS if kind != "missed"]  # mistakes that have a confidence
_SIGNS = {"correct": "✓", "boundary": "↔", "type": "≠", "both": "↔≠", "missed": "−", "spurious": "+"}

Example = Mapping[str, Any]


def example_card(example: Example) -> Card:
    """A pair in its sentence.

    Args:
        example: As `Evidence.example` gives it, or as a report's JSON has it.
    """
    kind, sure = example["kind"], example["confidence"]
    gold, pred = example.get("gold"), example.get("pred")
    types = [span[2] if span else "" for span in (gold, pred)]
    pair = example.get("pair")
    return Card(
        kind="spans",
        row=example["row"],
        data={
            "badge": KIND_WORDS[kind],
            "sign": _SIGNS[kind],
            "right": kind == KINDS[0],
            "about": _verdict(kind, *types),
            "confidence": sure,
            "note": _reason(example),
            "facets": {
                "kind": [KIND_WORDS[kind]],
                "type": sorted({name for name in types if name}),
                "gold": [types[0]],
                "pred": [types[1]],
                **example.get("buckets", {}),
            },
            "ranks": {"row": pair, "confidence": None if sure is None else -sure, "doubt": sure},
            **_sentence(example),
            "predicted": example["pred_spans"],
            "own": {"gold": [gold] if gold else [], "predicted": [pred] if pred else []},
        },
    )


def _verdict(kind: str, gold: str, pred: str) -> list[str]:
    if kind == KINDS[0]:
        return [gold] if gold else []
    sides = [f"{side} {name}" for side, name in (("gold", gold), ("predicted", pred)) if name]
    return [" → ".join(sides)] if sides else []


def _reason(example: Example) -> str:
    if "reason" not in example:
        return ""
    return f"{example['reason']} · score {example['score']:.2f}" if "score" in example else str(example["reason"])


def _sentence(sentence: Example) -> dict[str, Any]:
    return {
        "words": sentence["words"],
        "spaces": sentence["spaces"],
        "before": sentence.get("before", False),
        "after": sentence.get("after", False),
        "gold": sentence["gold_spans"],
    }


def sentence_card(sentence: Example, baseline: str, other: str) -> Card:
    """A sentence as two systems saw it.

    Args:
        sentence: With `gold_spans`, `baseline_spans` and `other_spans`.
        baseline: Name of the first system.
        other: Name of the second.
    """
    versions = [
        {"name": baseline, "predicted": sentence["baseline_spans"]},
        {"name": other, "predicted": sentence["other_spans"]},
    ]
    return Card(kind="spans", row=sentence["row"], data={**_sentence(sentence), "versions": versions})
