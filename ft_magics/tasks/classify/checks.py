"""The data check of labelled texts: what a careful person would look up before training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from statistics import fmean

from ft_magics.data.checks import DataCheck
from ft_magics.data.examples import Corpus, Split
from ft_magics.data.faults import list_names, quoted
from ft_magics.data.tagged.schemes import is_tag
from ft_magics.errors import DataError, did_you_mean
from ft_magics.sections import Cell, Row, Table
from ft_magics.tasks.classify.config import ClassifySettings
from ft_magics.tasks.classify.examples import LabelledText, labels_of
from ft_magics.tasks.classify.likeness import likeness_keys, repeated, same_texts, similar_texts

__all__ = ["check_corpus"]

_MOST_CLASSES = 200  # in the table
_IMBALANCE = 20  # times as many examples of one class as of another
_OWN_LABELS = 10  # texts, from which a label for each of them is a mistake


def check_corpus(settings: ClassifySettings, corpus: Corpus[LabelledText]) -> DataCheck:
    """Count everything and look for the usual oddities, in time that is linear in the data.

    Raises:
        DataError: There is nothing to learn: one class only, a label for each text, labels of another kind.
    """
    check = DataCheck(
        summary=", ".join(f"{split.name} {len(split.examples):,} texts" for split in corpus.splits),
        notes=[note for split in corpus.splits for note in split.notes],
    )
    if settings.regression:
        _refuse_one_value(corpus)
        check.tables = [_numbers(corpus.splits)]
    else:
        counts = {split.name: _count(split) for split in corpus.splits}
        _refuse_tags(corpus)
        _refuse_labels(settings, corpus, counts)
        names = labels_of(corpus)
        check.tables = [_texts(corpus.splits, counts), _classes(counts, names)]
        check.warnings += _odd_classes(settings, counts, names)
        if settings.class_weights not in (None, "balanced"):
            _refuse_weights(settings, names)
    check.warnings += _blank(corpus.splits)
    check.warnings += _contradictions(corpus.splits)
    check.warnings += _shared(corpus.splits)
    again = [(split, repeated(split.examples)) for split in corpus.splits]
    check.notes += [f"{split.name}: {count} texts stand there more than once" for split, count in again if count]
    return check


def _count(split: Split[LabelledText]) -> Counter[str]:
    return Counter(label for example in split.examples for label in example.labels)


def _texts(splits: Sequence[Split[LabelledText]], counts: dict[str, Counter[str]]) -> Table:
    rows = [
        [*_sizes(split), _number(len(counts[split.name])), _number(counts[split.name].total()), Cell(text=split.source)]
        for split in splits
    ]
    return Table(
        title="Splits",
        columns=("split", "texts", "characters on average", "longest", "classes", "labels", "source"),
        rows=[Row(cells=cells) for cells in rows],
    )


def _numbers(splits: Sequence[Split[LabelledText]]) -> Table:
    rows = []
    for split in splits:
        values = [example.value for example in split.examples if example.value is not None]
        ends = [Cell(text=f"{value:.4g}", value=value) for value in (min(values), max(values), fmean(values))]
        rows.append(Row(cells=[*_sizes(split), *ends, Cell(text=split.source)]))
    columns = ("split", "texts", "characters on average", "longest", "lowest", "highest", "mean", "source")
    return Table(title="Splits", columns=columns, rows=rows)


def _sizes(split: Split[LabelledText]) -> list[Cell]:
    letters = [len(example.text) + len(example.pair or "") for example in split.examples]
    return [
        Cell(text=split.name),
        _number(len(letters)),
        Cell(text=f"{fmean(letters):.0f}", value=fmean(letters)),
        _number(max(letters)),
    ]


def _number(count: int) -> Cell:
    return Cell(text=f"{count:,}", value=count)


def _classes(counts: dict[str, Counter[str]], names: Sequence[str]) -> Table:
    """A row for each class, the most frequent in train first; classes that train lacks stand last."""
    train = counts["train"]
    every = dict.fromkeys((*names, *(label for count in counts.values() for label in count)))
    ordered = sorted(every, key=lambda label: -train[label])
    rows = [
        Row(cells=[Cell(text=label, label=label), *(_number(count[label]) for count in counts.values())])
        for label in ordered[:_MOST_CLASSES]
    ]
    more = f"{len(ordered) - _MOST_CLASSES} more classes" if len(ordered) > _MOST_CLASSES else ""
    return Table(title="Texts of class", columns=("class", *counts), rows=rows, note=more)


def _refuse_one_value(corpus: Corpus[LabelledText]) -> None:
    values = {example.value for example in corpus.train.examples}
    if len(values) == 1:
        raise DataError(
            f"data.train: {corpus.train.source}: the number is {next(iter(values)):g} in every row, so there is "
            "nothing to learn"
        )


def _refuse_tags(corpus: Corpus[LabelledText]) -> None:
    """A column file of tagged words reads as a table of words with classes, and would train for minutes on that."""
    rows = corpus.train.examples
    labels = {label for example in rows for label in example.labels}
    if not {"O"} < labels or not all(map(is_tag, labels)) or any(len(row.text.split()) > 1 for row in rows):
        return
    raise DataError(
        f"data.train: {corpus.train.source}: every text is one word, and the labels are tags of words "
        f"({list_names(sorted(labels)[:3])}), as in a column file of sentences; to find entities in them, `task: ner`"
    )


def _refuse_labels(settings: ClassifySettings, corpus: Corpus[LabelledText], counts: dict[str, Counter[str]]) -> None:
    """Refuse what no model can learn, or what was meant in another way."""
    train, texts = counts["train"], len(corpus.train.examples)
    source = f"data.train: {corpus.train.source}"
    if not train:
        raise DataError(f"{source}: no text has a label, so there is nothing to learn")
    if settings.multi_label:
        single = all(len(example.labels) == 1 for example in corpus.train.examples)
        if single and not any(len(example.labels) > 1 for split in corpus.splits for example in split.examples):
            raise DataError(
                f"{source}: each of the {texts:,} texts has exactly one label, such as "
                f"{quoted(next(iter(train)))}; take `multi_label: true` out, or name what parts the labels of a cell "
                "with `label_separator`"
            )
    elif len(train) == 1:
        raise DataError(
            f"{source}: all {texts:,} texts have the label {quoted(next(iter(train)))}, so there is nothing to tell "
            "apart; expected at least two classes"
        )
    elif len(train) == texts >= _OWN_LABELS:
        raise DataError(
            f"{source}: each of the {texts:,} texts has a label of its own, such as {quoted(next(iter(train)))}; is "
            "that column the label? Another one: `label_column`"
        )
    for name, count in counts.items():
        if name == "train" or not count or not train.keys().isdisjoint(count):
            continue
        if _are_ids(train) != _are_ids(count):
            kinds = ("numbers", "names") if _are_ids(count) else ("names", "numbers")
            raise DataError(
                f"data.{name}: its labels are {kinds[0]} ({list_names(list(count)[:3])}) and those of train are "
                f"{kinds[1]} ({list_names(list(train)[:3])}); list the names by number with `label_names`"
            )
        first = next(iter(count))
        raise DataError(
            f"data.{name}: none of its labels is one that train has, such as {quoted(first)}; train has "
            f"{list_names(list(train)[:3])}{', …' if len(train) > 3 else ''}, so no score can be given."
            f"{did_you_mean(first, train)}"
        )


def _are_ids(labels: Iterable[str]) -> bool:
    return all(label.isdecimal() for label in labels)


def _refuse_weights(settings: ClassifySettings, names: Sequence[str]) -> None:
    weights = settings.class_weights if isinstance(settings.class_weights, dict) else {}
    unknown = [name for name in weights if name not in names]
    if unknown:
        raise DataError(
            f"task.classify.class_weights: no class is called {list_names(unknown)}; the classes are "
            f"{list_names(names)}"
        )


def _odd_classes(settings: ClassifySettings, counts: dict[str, Counter[str]], names: Sequence[str]) -> list[str]:
    train = counts["train"]
    warnings = []
    for name, count in counts.items():
        unseen = {label: number for label, number in count.items() if label not in names}
        if unseen:
            warnings.append(
                f"{name}: {sum(unseen.values()):,} labels are of classes that train does not have, so that the model "
                f"cannot predict them: {_with_counts(unseen)}; they count as misses"
            )
    absent = [label for label in names if not train[label]]
    if absent:
        warnings.append(f"train: {len(absent)} classes have no example: {list_names(absent)}")
    alike: dict[str, str] = {}
    twins = [(alike[folded], label) for label in train if alike.setdefault(folded := label.casefold(), label) != label]
    if twins:
        pairs = ", ".join(f"{quoted(one)} and {quoted(other)}" for one, other in twins[:5])
        warnings.append(f"train: classes that differ by letter case only are different classes: {pairs}")
    lonely = [label for label in names if train[label] == 1]
    if lonely:
        warnings.append(f"train: {len(lonely)} classes have one example only: {list_names(lonely)}")
    (most, high), (least, low) = train.most_common()[0], train.most_common()[-1]
    if high >= _IMBALANCE * low and settings.class_weights is None and not settings.multi_label:
        warnings.append(
            f"train: {quoted(most)} has {high:,} texts and {quoted(least)} {low:,}; `class_weights: balanced` makes up "
            "for it, at some cost in accuracy"
        )
    return warnings


def _with_counts(counts: dict[str, int]) -> str:
    listed = ", ".join(f"{quoted(label)} ({count:,})" for label, count in list(counts.items())[:10])
    return listed + (f" and {len(counts) - 10} more" if len(counts) > 10 else "")


def _blank(splits: Sequence[Split[LabelledText]]) -> list[str]:
    """Texts of white space: there is something in the cell, and nothing to read."""
    warnings = []
    for split in splits:
        blank = [example.id for example in split.examples if not f"{example.text}{example.pair or ''}".strip()]
        if blank:
            listed = ", ".join(blank[:3]) + (" …" if len(blank) > 3 else "")
            warnings.append(f"{split.name}: {len(blank)} texts hold nothing but white space ({listed})")
    return warnings


def _contradictions(splits: Sequence[Split[LabelledText]]) -> list[str]:
    """Texts that are labelled in two ways, word for word the same."""
    first: dict[tuple[str, str | None], LabelledText] = {}
    against: dict[tuple[str, str | None], tuple[LabelledText, LabelledText]] = {}
    for split in splits:
        for example in split.examples:
            known = first.setdefault((example.text, example.pair), example)
            if set(known.labels) != set(example.labels) or known.value != example.value:
                against.setdefault((example.text, example.pair), (known, example))
    if not against:
        return []
    shown = "; ".join(
        f"{one.id} is {_gold(one)} and {other.id} is {_gold(other)}" for one, other in list(against.values())[:3]
    )
    more = " …" if len(against) > 3 else ""
    noun = "text has" if len(against) == 1 else "texts have"
    return [f"{len(against):,} {noun} two different labels: {shown}{more}"]


def _gold(example: LabelledText) -> str:
    if example.value is not None:
        return f"{example.value:g}"
    return " + ".join(map(quoted, example.labels)) or "without a label"


def _shared(splits: Sequence[Split[LabelledText]]) -> list[str]:
    warnings = []
    keys = {split.name: likeness_keys(split.examples) for split in splits}
    for first, second in combinations(splits, 2):
        total = f"{len(second.examples):,} texts of {second.name}"
        worth = f"scores on {second.name} will look better than they are"
        same = same_texts(first.examples, second.examples)
        if same:
            example, known = same[0]
            warnings.append(f"{len(same):,} of {total} are in {first.name} too ({example.id} is {known.id}); {worth}")
        near = similar_texts(first.examples, second.examples, keys[first.name], keys[second.name])
        if near:
            example, known = near[0]
            warnings.append(
                f"{len(near):,} of {total} are in {first.name} but for case, punctuation, digits or the order of "
                f"words ({example.id} is like {known.id}); {worth}"
            )
    return warnings
