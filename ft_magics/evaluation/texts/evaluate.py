"""References and what a model wrote → `TextReport`."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ft_magics.data.faults import quoted
from ft_magics.errors import DataError
from ft_magics.evaluation.beside import check_bootstrap, check_notes, check_text, check_texts
from ft_magics.evaluation.bootstrap import intervals
from ft_magics.evaluation.history import read_epochs
from ft_magics.evaluation.labels.buckets import words_of
from ft_magics.evaluation.paging import Places
from ft_magics.evaluation.report import Score
from ft_magics.evaluation.report_record import Shown
from ft_magics.evaluation.tally import Floats, Tally
from ft_magics.evaluation.texts.bleu import measure_bleu
from ft_magics.evaluation.texts.chrf import measure_chrf
from ft_magics.evaluation.texts.evidence import TextEvidence
from ft_magics.evaluation.texts.inputs import is_chinese, read_sides
from ft_magics.evaluation.texts.measure import Measure, joined
from ft_magics.evaluation.texts.report import TextBucket, TextReport
from ft_magics.evaluation.texts.rouge import measure_rouge

__all__ = ["MEASURES", "text_report"]

MEASURES = ("bleu", "chrf", "rouge")

_MOST_CARDS = 30
_DIGEST_BYTES = 8
_UPTO = (5, 10, 20, 40, 80, 160, 320, 640)  # words, or characters where nothing parts the words
_LENGTHS = ("1–5 words", *(f"{low + 1}–{high} words" for low, high in itertools.pairwise(_UPTO)), "more")
_OUTCOMES = ("as a reference", "empty", "the source copied", "other")
_SAME, _FEW = 0.2, 5  # share of outputs that are one text, and how many at least, before that is said
_SHORT, _LONG = 0.7, 1.4  # words of the outputs for each of the references', beyond which it is said


def text_report(
    references: Any,
    hypotheses: Any,
    *,
    measures: Sequence[str | Measure] = ("chrf", "bleu"),
    headline: str = "",
    tokenize: str = "13a",
    sources: Sequence[str] | None = None,
    source_name: str = "source",
    ids: Sequence[str] | None = None,
    others: Mapping[str, Score] | None = None,
    title: str = "texts",
    history: Sequence[Mapping[str, Any]] = (),
    notes: Sequence[str] = (),
    resamples: int = 1000,
    seed: int = 0,
) -> TextReport:
    """Score texts against references.

    Args:
        references: A text per example, or several each. Length S.
        hypotheses: What the model wrote. Length S.
        measures: Names of `MEASURES`, or measures of the caller's own.
        headline: Name of the score that comes first; empty for the first of the first measure.
        tokenize: What BLEU counts as words: one of `bleu.TOKENIZERS`.
        sources: What was translated, summarised or answered, for buckets and examples. Length S.
        source_name: What a source is called.
        ids: Where each example stands, such as `test.tsv, line 12`. Length S.
        others: Scores that are no sums over examples, by name.
        title: What this is a report of.
        history: Dev scores per epoch.
        notes: More that a reader of the numbers should know.
        resamples: Bootstrap resamples behind the intervals; 0 for none.
        seed: Of the bootstrap.

    Raises:
        DataError: The sides do not belong together; the message names the first example that is wrong.
    """
    resamples, seed = check_bootstrap(resamples, seed)
    title, epochs, more_notes = check_text(title, "title"), read_epochs(history), check_notes(notes)
    gold, texts = read_sides(references, hypotheses)
    said = None if sources is None else check_texts(sources, "sources", len(gold), "example")
    places = [f"example {at}" for at in range(len(gold))]
    if ids is not None:
        places = list(check_texts(ids, "ids", len(gold), "example"))
    measured = [_measure(each, gold, texts, tokenize) for each in measures]
    first = headline or measured[0].metrics[0].name
    tally = joined(measured, [_digest(of_it) for of_it in gold], first)
    evidence = TextEvidence(
        references=gold,
        hypotheses=texts,
        sources=said,
        source_name=source_name,
        ids=places,
        own=_own(tally, first),
        headline=next(metric for each in measured for metric in each.metrics if metric.name == first),
        buckets=_places(gold, texts, said),
    )
    worst = evidence.sort(np.arange(len(gold)), "worst")[:_MOST_CARDS]
    return TextReport(
        title=title,
        examples=len(gold),
        scores=_scores(measured, tally, first, resamples, seed) | dict(others or {}),
        signatures={each.metrics[0].label.partition("-")[0]: each.signature for each in measured if each.signature},
        resamples=resamples,
        buckets=_buckets(evidence, tally),
        lists={"texts": Shown(total=len(gold), cards=[evidence.card(int(at)) for at in worst])},
        history=epochs,
        notes=[
            *(each.note for each in measured if each.note),
            *_on_tokenizer(measures, gold, tokenize),
            *_oddities(gold, texts, said),
            *more_notes,
        ],
        evidence=evidence,
        tally=tally,
    )


def _measure(
    measure: str | Measure, references: Sequence[Sequence[str]], hypotheses: Sequence[str], tokenize: str
) -> Measure:
    if isinstance(measure, Measure):
        return measure
    if measure == "bleu":
        return measure_bleu(references, hypotheses, tokenize=tokenize)
    if measure not in MEASURES:
        raise DataError(f"there is no measure {measure!r:.60}; there are {', '.join(MEASURES)}")
    return (measure_chrf if measure == "chrf" else measure_rouge)(references, hypotheses)


def _digest(references: Sequence[str]) -> bytes:
    return hashlib.blake2b("\0".join(references).encode(errors="surrogatepass"), digest_size=_DIGEST_BYTES).digest()


def _own(tally: Tally, name: str) -> Floats:
    own: Floats = np.nan_to_num(tally.finish(tally.counts.astype(np.float64))[:, list(tally.names).index(name)])
    return own


def _scores(measures: Sequence[Measure], tally: Tally, headline: str, resamples: int, seed: int) -> dict[str, Score]:
    values, metrics = tally.scores(), [metric for measure in measures for metric in measure.metrics]
    found = {
        metric.name: Score(metric=metric, value=values[metric.name], interval=ends)
        for metric, ends in zip(metrics, intervals(tally, resamples, seed), strict=True)
    }
    return {headline: found.pop(headline), **found}


def _places(references: Sequence[Sequence[str]], hypotheses: Sequence[str], sources: Sequence[str] | None) -> Places:
    found: dict[str, tuple[Sequence[str], Any]] = {}
    sides = ([("source length", sources)] if sources else []) + [("reference length", [item[0] for item in references])]
    for name, texts in sides:
        lengths = np.array([len(words_of(text)) for text in texts])
        found[name] = _LENGTHS, np.where(lengths > 0, np.searchsorted(_UPTO, lengths), -1)
    no_source: list[str | None] = [None] * len(references)
    outcomes = [
        _outcome(text, of_it, source)
        for text, of_it, source in zip(hypotheses, references, sources or no_source, strict=True)
    ]
    return {**found, "output": (_OUTCOMES, np.array(outcomes, dtype=np.int64))}


def _outcome(text: str, references: Sequence[str], source: str | None) -> int:
    plain = " ".join(text.split())
    if plain in {" ".join(reference.split()) for reference in references}:
        return 0
    if not plain:
        return 1
    return 2 if source is not None and plain == " ".join(source.split()) else 3


def _buckets(evidence: TextEvidence, tally: Tally) -> dict[str, list[TextBucket]]:
    words = np.array(
        [
            (len(words_of(text)), len(words_of(of_it[0])))
            for text, of_it in zip(evidence.hypotheses, evidence.references, strict=True)
        ]
    )
    return {
        name: [
            TextBucket(
                label=label,
                examples=len(chosen),
                scores=tally.scores(chosen),
                ratio=float(words[chosen, 0].sum() / max(words[chosen, 1].sum(), 1)),
            )
            for at, label in enumerate(labels)
            if len(chosen := np.flatnonzero(place == at))
        ]
        for name, (labels, place) in evidence.buckets.items()
    }


def _on_tokenizer(measures: Sequence[str | Measure], references: Sequence[Sequence[str]], tokenize: str) -> list[str]:
    if "bleu" not in measures or tokenize not in ("13a", "intl") or not is_chinese(references):
        return []
    text = (
        f"the references are Chinese, and BLEU with the tokenizer {tokenize} takes all that stands between spaces and "
        "punctuation as one word; `tokenize: zh` counts characters"
    )
    return [text]


def _oddities(
    references: Sequence[Sequence[str]], hypotheses: Sequence[str], sources: Sequence[str] | None
) -> list[str]:
    """What a glance at a few examples may not show: empty outputs, copies, the same output again and again."""
    said, count = [], len(hypotheses)
    empty = sum(not text.strip() for text in hypotheses)
    if empty:
        said.append(f"{empty:,} of {count:,} outputs are empty")
    copied = sum(text == source for text, source in zip(hypotheses, sources or (), strict=sources is not None))
    if copied > _SAME * count:
        said.append(f"{copied:,} of {count:,} outputs are the source, word for word")
    text, times = Counter(hypotheses).most_common(1)[0]
    if text.strip() and times >= max(_FEW, _SAME * count):
        said.append(f"{times:,} of {count:,} outputs are one and the same text: “{quoted(text)}”")
    ours, theirs = (
        sum(len(words_of(text)) for text in side) for side in (hypotheses, [item[0] for item in references])
    )
    ratio = ours / max(theirs, 1)
    if not _SHORT <= ratio <= _LONG:
        said.append(f"the outputs have {100 * ratio:.0f} % of the references' words")
    return said
