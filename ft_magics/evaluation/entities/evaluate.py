"""Gold and predictions → `EntityReport`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ft_magics.errors import DataError
from ft_magics.evaluation.entities.beside import (
    as_list,
    check_bootstrap,
    check_cuts,
    check_surfaces,
    check_text,
    check_texts,
    read_history,
)
from ft_magics.evaluation.entities.bootstrap import tally_spans, with_intervals
from ft_magics.evaluation.entities.buckets import Surfaces, attributes_of, bucket_scores
from ft_magics.evaluation.entities.calibration import calibrate, least_of, word_confidences
from ft_magics.evaluation.entities.cards import PREDICTED
from ft_magics.evaluation.entities.evidence import Evidence, Texts
from ft_magics.evaluation.entities.inputs import Inputs, Sentences, lengths_of, read_inputs
from ft_magics.evaluation.entities.matching import confusion_matrix, match_spans
from ft_magics.evaluation.entities.noise import count_cut
from ft_magics.evaluation.entities.report import EntityReport, error_kinds
from ft_magics.evaluation.entities.scores import Scores, average_scores, score_spans
from ft_magics.evaluation.entities.semeval import semeval_scores
from ft_magics.evaluation.entities.spans import Ints
from ft_magics.evaluation.entities.suspects import doubts_of, union_of

__all__ = ["entity_report"]

_MOST_EXAMPLES = 30
_MOST_SORTED = 20  # of a list by confidence: cards are most of what a saved page weighs
_MOST_SUSPECTS = 50


def entity_report(
    gold: Sentences,
    pred: Sentences,
    *,
    mode: str = "conll",
    scheme: str | None = None,
    words: Sequence[Sequence[str]] | None = None,
    texts: Sequence[str] | None = None,
    confidences: Sequence[Sequence[float]] | None = None,
    ids: Sequence[str] | None = None,
    surfaces: Surfaces | None = None,
    cuts: Sequence[Sequence[int]] = (),
    title: str = "predictions",
    history: Sequence[Mapping[str, Any]] = (),
    resamples: int = 1000,
    seed: int = 0,
) -> EntityReport:
    """Score predictions against gold.

    Args:
        gold: Tags per sentence (IOB1, IOB2, IOE1, IOE2, BIOES, BILOU), or per text spans with offsets:
            `(start, end, type)` or `{"start": …, "end": …, "label": …}`, end not included. S sentences.
        pred: The same for the predictions.
        mode: `conll` for conlleval's rule, which takes any tags (seqeval's default); `strict` for the scheme's own, by
            which what breaks the scheme is no entity (seqeval's strict mode).
        scheme: Of the tags, where it cannot be seen.
        words: The sentences, for buckets, examples and suspected label errors. Each as long as its tags.
        texts: The texts that spans with character offsets stand in.
        confidences: A probability per word, for calibration. Each as long as its tags.
        ids: Where each sentence stands, such as `test.conll, line 12`. Length S.
        surfaces: The entities of the training data: words joined by spaces → type → count.
        cuts: Per sentence, the words at which the model's windows change.
        title: What this is a report of.
        history: Dev scores per epoch.
        resamples: Bootstrap resamples behind the intervals; 0 for none.
        seed: Of the bootstrap.

    Raises:
        DataError: The two sides differ in length (the message names the first sentence that does), are neither tags
            nor spans, or what stands beside them does not fit them.
        SchemeError: A tag has no prefix, or a prefix that the scheme lacks.

    Source: Tjong Kim Sang and De Meulder 2003; the numbers equal seqeval's.
    """
    resamples, seed = check_bootstrap(resamples, seed)
    title, epochs = check_text(title, "title"), read_history(history)
    if surfaces is not None:
        check_surfaces(surfaces)
    inputs = read_inputs(gold, pred, mode, scheme)
    _check_beside(inputs, words=words, texts=texts, confidences=confidences)
    windows = check_cuts(cuts, None if inputs.lengths is None else inputs.lengths.tolist(), inputs.gold.sentences)
    shown = _texts(inputs, words, texts, ids)
    evidence = _evidence(inputs, shown, confidences, surfaces)
    at_gold, at_pred = evidence.correct
    right = inputs.gold.take(at_gold)
    per_type = score_spans(inputs.gold, inputs.pred, right, inputs.names)
    tally = tally_spans(inputs.gold, inputs.pred, right, inputs.names, list(per_type))
    averages = average_scores(per_type)
    scored = with_intervals([*per_type.values(), *averages.values()], tally, resamples=resamples, seed=seed)
    per_type = dict(zip(per_type, scored, strict=False))
    averages = dict(zip(averages, scored[len(per_type) :], strict=True))
    found = np.zeros(len(inputs.pred), dtype=np.bool_)
    found[at_pred] = True
    sure = evidence.confidence
    lists = _lists(evidence)
    cut = count_cut(inputs.gold, windows, at_gold) if windows else None
    return EntityReport(
        title=title,
        mode=mode,
        scheme=inputs.scheme,
        sentences=inputs.gold.sentences,
        words=0 if inputs.lengths is None else int(inputs.lengths.sum()),
        resamples=resamples,
        per_type=per_type,
        micro=averages["micro"],
        macro=averages["macro"],
        weighted=averages["weighted"],
        confusion=confusion_matrix(
            inputs.gold, inputs.pred, evidence.pairs, [inputs.names[name] for name in per_type]
        ).tolist(),
        error_kinds=error_kinds(evidence, averages["micro"]),
        semeval=semeval_scores(inputs.gold, inputs.pred),
        buckets={name: bucket_scores(name, item, at_gold) for name, item in evidence.attributes.items()},
        calibration=None if sure is None else calibrate(sure, found, len(inputs.gold)),
        tag_noise={**inputs.noise, "cut": cut},
        suspects=lists["suspects"],
        mistakes=evidence.mistakes(_MOST_EXAMPLES) if shown.words is not None else [],
        confident_mistakes=lists["confident_mistakes"],
        least_confident_correct=lists["least_confident_correct"],
        history=epochs,
        notes=[*inputs.notes, *_one_sided(per_type)],
        evidence=evidence,
        tally=tally,
        model_labels=tuple(sorted({kind for counts in (surfaces or {}).values() for kind in counts})),
    )


def _one_sided(per_type: Mapping[str, Scores]) -> list[str]:
    """Types that one side alone has: their precision or recall does not exist."""
    notes = []
    for side, other, count in (("gold", "predictions", "predicted"), ("predictions", "gold", "support")):
        names = [name for name, scores in per_type.items() if not getattr(scores, count)]
        if names:
            more = f" and {len(names) - 10} more" if len(names) > 10 else ""
            notes.append(f"types that {side} has and {other} lack: {', '.join(names[:10])}{more}")
    return notes


def _check_beside(inputs: Inputs, **given: Any) -> None:
    """See that nothing is given that these sides cannot use: it would be left out without a word."""
    unused = ("texts",) if inputs.lengths is not None else ("words", "confidences")
    for name in unused:
        if given[name] is not None:
            instead = "tags take `words`" if name == "texts" else "spans with offsets take `texts`"
            raise DataError(f"{name} cannot be used here: {instead}")


def _texts(
    inputs: Inputs, words: Sequence[Sequence[str]] | None, texts: Sequence[str] | None, ids: Sequence[str] | None
) -> Texts:
    count = inputs.gold.sentences
    names = [f"sentence {at}" for at in range(count)] if ids is None else check_texts(ids, "ids", count)
    if inputs.lengths is None:
        letters = None if texts is None else [list(text) for text in check_texts(texts, "texts", count)]
        return Texts(words=letters, ids=names, unit="character")
    if words is not None:
        words = as_list(words, "words", "lists, each with the words of a sentence")
        if len(words) != count:
            raise DataError(f"words has {len(words)} entries, and there are {count} sentences")
        lengths = lengths_of(words, "words", str)
        wrong = np.flatnonzero(lengths != inputs.lengths)
        if len(wrong):
            at = int(wrong[0])
            raise DataError(f"sentence {at} (counted from 0) has {lengths[at]} words and {inputs.lengths[at]} tags")
    return Texts(words=words, ids=names)


def _evidence(
    inputs: Inputs, texts: Texts, confidences: Sequence[Sequence[float]] | None, surfaces: Surfaces | None
) -> Evidence:
    names = ("", *inputs.names)
    pairs = match_spans(inputs.gold, inputs.pred, len(names))
    in_words = texts.words if texts.unit == "word" else None
    sure = doubts = None
    if confidences is not None and inputs.lengths is not None:
        flat = word_confidences(confidences, inputs.lengths)
        sure = least_of(inputs.pred, flat, inputs.lengths)
        if in_words is not None:
            both = least_of(union_of(pairs, inputs.gold, inputs.pred), flat, inputs.lengths)
            doubts = doubts_of(
                pairs,
                inputs.gold,
                inputs.pred,
                names,
                words=in_words,
                confidence=both,
                correct=sure[pairs.pred[pairs.kind == 0]],
                training=surfaces,
            )
    return Evidence(
        texts=texts,
        gold=inputs.gold,
        pred=inputs.pred,
        pairs=pairs,
        names=names,
        lengths=_lengths(inputs, texts),
        confidence=sure,
        doubts=doubts,
        attributes=attributes_of(
            inputs.gold, inputs.pred, names, lengths=inputs.lengths, words=in_words, surfaces=surfaces
        ),
    )


def _lengths(inputs: Inputs, texts: Texts) -> Ints:
    """Words or characters per sentence; without a text, up to its last span."""
    if inputs.lengths is not None:
        return inputs.lengths
    ends = np.zeros(inputs.gold.sentences, dtype=np.int64)
    for table in (inputs.gold, inputs.pred):
        np.maximum.at(ends, table.sentence, table.end)
    if texts.words is None:
        return ends
    lengths = np.fromiter(map(len, texts.words), dtype=np.int64, count=len(texts.words))
    outside = np.flatnonzero(ends > lengths)
    if len(outside):
        at = int(outside[0])
        raise DataError(
            f"text {at} (counted from 0) has {lengths[at]} characters, and one of its spans ends at {ends[at]}"
        )
    return lengths


def _lists(evidence: Evidence) -> dict[str, list[dict[str, Any]]]:
    """Examples that a person should see first; none without confidences."""
    if evidence.confidence is None:
        return {"suspects": [], "confident_mistakes": [], "least_confident_correct": []}
    wrong = evidence.sort(evidence.select({"kind": PREDICTED}), "confidence")
    right = evidence.sort(evidence.select({"kind": ["correct"]}), "doubt")
    return {
        "confident_mistakes": [evidence.example(int(at)) for at in wrong[:_MOST_SORTED]],
        "least_confident_correct": [evidence.example(int(at)) for at in right[:_MOST_SORTED]],
        "suspects": [evidence.suspect(int(at)) for at in evidence.suspects[:_MOST_SUSPECTS]],
    }
