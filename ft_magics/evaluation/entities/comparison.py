"""Is one system better than another: differences on the same sentences, with a paired bootstrap.

Source: Berg-Kirkpatrick, Burkett and Klein 2012.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ft_magics.errors import DataError
from ft_magics.evaluation.cells import difference_text
from ft_magics.evaluation.entities.beside import as_list, check_bootstrap, shown
from ft_magics.evaluation.entities.bootstrap import LEVEL, Difference, differences, tally_spans
from ft_magics.evaluation.entities.cards import sentence_card
from ft_magics.evaluation.entities.comparison_sections import comparison_sections
from ft_magics.evaluation.entities.evidence import Evidence
from ft_magics.evaluation.entities.spans import SpanTable, TypeNames
from ft_magics.evaluation.page import comparison_html
from ft_magics.evaluation.report import Figure
from ft_magics.evaluation.tally import Floats
from ft_magics.markup import percent
from ft_magics.sections import Section

if TYPE_CHECKING:
    import pandas as pd

    from ft_magics.evaluation.entities.report import EntityReport

__all__ = ["COMPARISON_SCHEMA", "Comparison", "Contrast", "TypeContrast", "compare_reports"]

COMPARISON_SCHEMA = 1
_PRELOADED, _FEW_PRELOADED = 30, 10
_FEW_SYSTEMS = 3  # of more, fewer sentences each are kept: a saved notebook must not grow with them


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeContrast:
    """One type, or an average, under both systems."""

    type: str
    support: int
    baseline_f1: float | None
    f1: float | None
    difference: float | None
    interval: tuple[float, float] | None
    p: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One system against the baseline.

    Args:
        title: What it is.
        overall: Micro F1.
        macro: Macro F1.
        per_type: Each type that either side has.
        gained: Sentences in which it makes fewer mistakes than the baseline, the greatest gain first. Indices.
        lost: Sentences in which it makes more.
    """

    title: str
    overall: TypeContrast
    macro: TypeContrast
    per_type: list[TypeContrast]
    gained: list[int]
    lost: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Systems against a baseline, on the same sentences.

    Args:
        baseline: Title of the first system.
        baseline_f1: Its micro F1.
        resamples: Of the paired bootstrap.
        others: The other systems.
        sentences: `gained` and `lost` of the first of the others: some sentences with both systems' spans.
        reports: The reports, where they are in memory; no part of the JSON.
    """

    baseline: str
    baseline_f1: float | None
    resamples: int
    others: list[Contrast]
    sentences: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    reports: tuple[EntityReport, ...] = field(default=(), compare=False, repr=False)

    @property
    def title(self) -> str:
        """What is compared."""
        return " · ".join([f"compared with {self.baseline}", *(item.title for item in self.others)])

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "schema": COMPARISON_SCHEMA,
            "level": LEVEL,
            "baseline": self.baseline,
            "baseline_f1": self.baseline_f1,
            "resamples": self.resamples,
            "others": [_plain(item) for item in self.others],
            "sentences": self.sentences,
        }

    def to_pandas(self) -> pd.DataFrame:
        """A row per system and type."""
        import pandas as pd  # noqa: PLC0415  # a kernel that only trains need not wait for it

        return pd.DataFrame(
            [
                {"system": item.title, **asdict(row)}
                for item in self.others
                for row in (*item.per_type, item.overall, item.macro)
            ]
        )

    def figures(self) -> list[Figure]:
        """Micro F1 of each system, the baseline first."""
        baseline = Figure(label=f"{self.baseline}, micro F1", text=percent(self.baseline_f1), about="baseline")
        return [
            baseline,
            *(
                Figure(
                    label=f"{item.title}, micro F1",
                    text=percent(item.overall.f1),
                    about=difference_text(item.overall.difference, item.overall.interval, item.overall.p),
                )
                for item in self.others
            ),
        ]

    def sections(self) -> list[Section]:
        """What is shown."""
        return comparison_sections(self)

    def some_sentences(self, other: int, side: str) -> list[dict[str, Any]]:
        """The first of the sentences that a system gained or lost, as far as they are kept."""
        if other == 0:
            return self.sentences.get(side, [])[: self._most]
        return (
            [self.sentence(other, index) for index in self.changed(other, side)[: self._most]] if self.reports else []
        )

    @property
    def _most(self) -> int:
        return _PRELOADED if len(self.others) <= _FEW_SYSTEMS else _FEW_PRELOADED

    def to_html(self) -> str:
        """The comparison as HTML without script or style sheet."""
        return comparison_html(self)

    def page(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Some sentences that a system gained or lost: `filter` with `other`, `side` and `text`, `offset`, `limit`."""
        chosen = request.get("filter") or {}
        other, side = int(chosen.get("other", 0)), "lost" if chosen.get("side") == "lost" else "gained"
        found = self.changed(other, side, str(chosen.get("text") or ""))
        offset, limit = max(0, int(request.get("offset", 0))), min(max(0, int(request.get("limit", 20))), 200)
        cards = [
            sentence_card(self.sentence(other, index), self.baseline, self.others[other].title)
            for index in found[offset : offset + limit]
        ]
        return {"total": len(found), "cards": cards}

    def changed(self, other: int, side: str, text: str = "") -> list[int]:
        """Indices of the sentences that a system gained or lost, and that have a text in them."""
        found: list[int] = getattr(self.others[other], side)
        if not text:
            return found
        evidence = _evidence(self.reports[0])
        return [sentence for sentence in found if evidence.mentions(sentence, text)]

    def sentence(self, other: int, index: int) -> dict[str, Any]:
        """A sentence with its gold spans, the baseline's and those of a system."""
        return _sentence(self.reports[0], self.reports[other + 1], index)


def _plain(item: Contrast) -> dict[str, Any]:
    named = ("f1", "difference", "interval", "p")
    overall = {name: value for name, value in asdict(item.overall).items() if name in named}
    return {
        "title": item.title,
        **overall,
        "per_type": [asdict(row) for row in (*item.per_type, item.macro)],
        "gained": len(item.gained),
        "lost": len(item.lost),
    }


def compare_reports(reports: Sequence[EntityReport], *, resamples: int = 1000, seed: int = 0) -> Comparison:
    """Hold systems against the first of them.

    Args:
        reports: At least two, of the same gold.
        resamples: Of the paired bootstrap.
        seed: Of the bootstrap.

    Raises:
        DataError: They are not of the same gold; the message names the first sentence that differs.
    """
    resamples, seed = check_bootstrap(resamples, seed)
    found = as_list(reports, "reports", "reports, the baseline first")
    if len(found) < 2 or not all(hasattr(report, "per_type") for report in found):
        raise DataError(f"reports: found {shown(found)}, expected at least two of what `entity_report` gives")
    if not resamples:
        raise DataError("resamples: found 0; a comparison needs at least 1")
    baseline, *others = found
    contrasts = [_contrast(baseline, other, resamples, seed) for other in others]
    comparison = Comparison(
        baseline=baseline.title,
        baseline_f1=baseline.micro.f1,
        resamples=resamples,
        others=contrasts,
        reports=tuple(reports),
    )
    for side in ("gained", "lost"):
        first = comparison.changed(0, side)[:_PRELOADED]
        comparison.sentences[side] = [comparison.sentence(0, index) for index in first]
    return comparison


def _contrast(baseline: EntityReport, other: EntityReport, resamples: int, seed: int) -> Contrast:
    names = TypeNames()
    ours, theirs = (_renumbered(_evidence(report), names) for report in (baseline, other))
    _check_gold(ours[0], theirs[0], baseline, other)
    types = sorted({*baseline.per_type, *other.per_type})
    tallies = [tally_spans(*tables, names, types) for tables in (ours, theirs)]
    measured = differences(*tallies, resamples=resamples, seed=seed)
    rows = [
        _row(name, baseline.per_type.get(name), other.per_type.get(name), item)
        for name, item in zip(types, measured, strict=False)
    ]
    overall, macro = (
        _row(name, getattr(baseline, name), getattr(other, name), measured[len(types) + at])
        for at, name in enumerate(("micro", "macro"))
    )
    gain = tallies[0].cost - tallies[1].cost
    return Contrast(
        title=other.title,
        overall=overall,
        macro=macro,
        per_type=rows,
        gained=_greatest(gain),
        lost=_greatest(-gain),
    )


def _row(name: str, baseline: Any, other: Any, item: Difference) -> TypeContrast:
    return TypeContrast(
        type=name,
        support=(baseline or other).support,
        baseline_f1=baseline and baseline.f1,
        f1=other and other.f1,
        difference=item.difference,
        interval=item.interval,
        p=item.p,
    )


def _evidence(report: EntityReport) -> Evidence:
    if report.evidence is None:
        raise DataError(f"{report.title} was read from a file without its sentences; evaluate the predictions again")
    return report.evidence


def _renumbered(evidence: Evidence, names: TypeNames) -> tuple[SpanTable, SpanTable, SpanTable]:
    """Gold, predicted and correct spans with type numbers that all systems share."""
    numbers = np.array([0, *(names[name] for name in evidence.names[1:])], dtype=np.int64)

    def shared(table: SpanTable) -> SpanTable:
        return SpanTable(table.sentence, table.start, table.end, numbers[table.type], table.sentences)

    gold = shared(evidence.gold)
    return gold, shared(evidence.pred), gold.take(evidence.correct[0])


def _check_gold(ours: SpanTable, theirs: SpanTable, baseline: EntityReport, other: EntityReport) -> None:
    if ours.sentences != theirs.sentences:
        raise DataError(
            f"{baseline.title} has {ours.sentences} sentences and {other.title} has {theirs.sentences}; "
            "a comparison needs the same sentences"
        )
    odd = set(ours.rows()) ^ set(theirs.rows())
    if odd:
        first = min(odd)[0]
        raise DataError(
            f"{baseline.title} and {other.title} have different gold, first in sentence {first} (counted from 0): "
            f"{_evidence(baseline).texts.ids[first]}"
        )


def _greatest(gain: Floats) -> list[int]:
    order = np.argsort(-gain, kind="stable")
    return [int(at) for at in order[: int((gain > 0).sum())]]


def _sentence(baseline: EntityReport, other: EntityReport, index: int) -> dict[str, Any]:
    ours, theirs = _evidence(baseline), _evidence(other)
    first, last = ours.whole_sentence(index, theirs.pred)
    return {
        "row": ours.texts.ids[index],
        "sentence": index,
        "words": ours.words(index, first, last),
        "spaces": ours.texts.unit == "word",
        "gold_spans": ours.spans_in(ours.gold, index, first, last),
        "baseline_spans": ours.spans_in(ours.pred, index, first, last),
        "other_spans": theirs.spans_in(theirs.pred, index, first, last),
    }
