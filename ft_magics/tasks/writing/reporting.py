"""The report of what a model predicted of texts and wrote itself, and the samples of an evaluation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ft_magics.errors import DataError
from ft_magics.evaluation.language.answered import ANSWER_METRICS, answer_metrics, answer_notes, with_references
from ft_magics.evaluation.language.evaluate import Counted, language_report
from ft_magics.evaluation.language.report import LanguageReport
from ft_magics.evaluation.language.written import (
    WRITING_METRICS,
    Written,
    distinct_scores,
    outputs_of,
    with_writing,
)
from ft_magics.evaluation.texts.evaluate import text_report
from ft_magics.evaluation.texts.inputs import is_chinese, read_sides
from ft_magics.evaluation.texts.report import TextReport
from ft_magics.tasks.seq2seq.score import sides_of
from ft_magics.tasks.task import Spec
from ft_magics.tasks.writing.pieces import Pack

__all__ = ["answer_report", "rows_note", "score_texts", "writing_report", "written_samples"]

_SAMPLES = 4
_OPTIONS = ("title", "resamples", "seed", "tokenize", "sources", "source_name", "ids", "notes")


def writing_report(predictions: Sequence[Counted], *, note: str, **named: Any) -> LanguageReport:
    """The evaluation; see `language_report`.

    Args:
        predictions: Of each example.
        note: What a reader of the numbers should know.
        named: As of `language_report`.
    """
    return language_report(
        predictions,
        accuracy="next_accuracy",
        notes=[note],
        metrics=WRITING_METRICS,
        more=lambda tally: with_writing(tally, predictions),
        shown="written",
        beside=distinct_scores(outputs_of(predictions)),
        **named,
    )


def answer_report(predictions: Sequence[Counted], *, note: str, **named: Any) -> LanguageReport:
    """The evaluation of answers that have references; see `language_report`.

    Args:
        predictions: Of each example.
        note: What a reader of the numbers should know.
        named: As of `language_report`.
    """
    report = language_report(
        predictions,
        accuracy="next_accuracy",
        notes=[note, *answer_notes(predictions)],
        metrics=ANSWER_METRICS,
        more=lambda tally: with_references(with_writing(tally, predictions), predictions),
        shown="written",
        beside=distinct_scores(outputs_of(predictions)),
        **named,
    )
    order = [metric.name for metric in answer_metrics()]
    return replace(report, scores={name: report.scores[name] for name in order})


def score_texts(gold: Any, pred: Any, **options: Any) -> TextReport:
    """Texts of one's own against references: BLEU, chrF, ROUGE, repetition and distinct words.

    Args:
        gold: A reference per text, or several.
        pred: The texts.
        options: `title`, `resamples`, `seed`, `tokenize` (of BLEU; seen in the references), `sources`, `ids`.

    Raises:
        DataError: They do not belong together, or there is no such option.
    """
    gold, pred = sides_of(gold, pred, options)
    odd = next((name for name in options if name not in _OPTIONS), None)
    if odd is not None:
        raise DataError(f"there is no option `{odd:.60}` for texts; there are {', '.join(_OPTIONS)}")
    references, texts = read_sides(gold, pred)
    chosen = {"tokenize": "zh" if is_chinese(references) else "13a", "title": "texts", **options}
    return text_report(references, texts, measures=("bleu", "chrf", "rouge"), others=distinct_scores(texts), **chosen)


def written_samples(predictions: Sequence[Counted]) -> list[dict[str, Any]]:
    """A few texts that were written, from all over the split."""
    there = [blank for item in predictions for blank in item.blanks if isinstance(blank, Written)]
    chosen = [there[at * len(there) // _SAMPLES] for at in range(_SAMPLES)] if len(there) > _SAMPLES else there
    return [{"text": item.text, "gold": item.gold, "predicted": item.output, "right": None} for item in chosen]


def rows_note(name: str, packs: Sequence[Pack], examples: int, spec: Spec, how: str) -> str:
    """How many tokens and rows a split has.

    Args:
        name: Of the split.
        packs: Its rows.
        examples: How many it has.
        spec: Of the model.
        how: What was done with examples that are longer than a row.
    """
    tokens = sum(item.tokens for item in packs)
    asked = sum(sum(item.counts) for item in packs)
    counted = Counter(piece.example for item in packs for piece in item.pieces)
    long = sum(count > 1 for count in counted.values())
    cut = f"; {long:,} of {examples:,} are longer than that and were {how}" if long else ""
    lost = len({piece.example for item in packs for piece in item.pieces if piece.cut})
    cut += f"; of {lost:,} the end of a turn was cut off" if lost else ""
    packed = counted.total() - len(packs)
    shared = f" (without packing {counted.total():,})" if packed else ""
    return (
        f"{name}: {tokens:,} tokens, {asked:,} of them to be predicted, in {len(packs):,} rows of at most "
        f"{spec.max_length_tokens}{shared}{cut}"
    )
