"""What a training is about to see: examples with their labels, the model's tokens of them, and what dev lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ft_magics.data.faults import list_names
from ft_magics.sections import Card, Examples, Lines, Section
from ft_magics.tasks.registry import guarded
from ft_magics.tasks.task import LazyFeatures, Task
from ft_magics.training.prepare import Prepared

__all__ = ["gaps", "preview", "shown_labels"]

_MOST_CARDS, _MOST_OF_A_LABEL, _WITHOUT_LABELS = 30, 3, 6
_MOST_TOKENS = 200  # of an example that are written out
_FEW = 50  # examples of dev, of which each counts for two points or more


def preview(prepared: Prepared) -> list[Section]:
    """Sections: what there is no dev for, examples of train, and their tokens."""
    chosen, note = _choose(prepared)
    train = prepared.corpus.train.examples
    task = prepared.trained.task
    cards = guarded(task.name, "gold_card", lambda: [task.gold_card(train[at]) for at in chosen])
    tokens = [_tokens_card(prepared, at, card.row) for at, card in zip(chosen, cards, strict=True)]
    return [
        Lines(title="Held out", lines=gaps(prepared)),
        Examples(title="Examples of train", cards=cards, total=len(train), note=note, open=True),
        Examples(title="Their tokens, as the model gets them", cards=tokens, total=len(train)),
    ]


def shown_labels(prepared: Prepared) -> list[str]:
    """The labels of train, the most frequent first, in the order of their colours."""
    return [label for label, _ in _counts(prepared, "train").most_common()]


def gaps(prepared: Prepared) -> list[str]:
    """Sentences on what no held-out data will tell."""
    dev, test = prepared.corpus.dev, prepared.corpus.test
    said = []
    if dev is None:
        said.append(
            "There is no dev: no score is seen while it trains, the model of the last step is kept, and nothing stops "
            "early. A share of train: `dev: {fraction: 0.1}`"
        )
    else:
        lacking = [label for label in _counts(prepared, "train") if label not in _counts(prepared, "dev")]
        if lacking:
            said.append(
                f"Dev has no example of {len(lacking)} of {len(_counts(prepared, 'train'))} labels "
                f"({list_names(lacking)}): how well they are learned is not seen, and does not choose the best model"
            )
        if len(dev.examples) < _FEW:
            count = len(dev.examples)
            said.append(f"Dev has {count} examples: one of them is {100 / count:.1f} % of it")
    if test is None:
        said.append("There is no test: the best model is chosen by dev, so its score there looks better than it is")
    return said or ["Dev chooses the best model; test is scored once, at the end."]


def _counts(prepared: Prepared, split: str) -> Counter[str]:
    task = prepared.trained.task
    if type(task).gold_labels is Task.gold_labels:  # it has none, whatever the examples are
        return Counter()
    examples = next(item for item in prepared.corpus.splits if item.name == split).examples
    found = guarded(task.name, "gold_labels", lambda: [task.gold_labels(example) for example in examples])
    return Counter(label for labels in found for label in set(labels))


def _choose(prepared: Prepared) -> tuple[list[int], str]:
    """Which examples of train are shown, and a sentence on that: some of each label, in the order of the data."""
    task, train = prepared.trained.task, prepared.corpus.train.examples
    counts = _counts(prepared, "train")
    if not counts:
        return list(range(min(_WITHOUT_LABELS, len(train)))), ""
    each = max(1, min(_MOST_OF_A_LABEL, _MOST_CARDS // len(counts)))
    labels = [label for label, _ in counts.most_common(_MOST_CARDS)]
    wanted = dict.fromkeys(labels, each)
    chosen: list[int] = []
    for at, example in enumerate(train):
        own = {label for label in task.gold_labels(example) if wanted.get(label)}
        if own:
            chosen.append(at)
            for label in own:
                wanted[label] -= 1
        if not any(wanted.values()):
            break
    left_out = len(counts) - len(labels)
    more = f"; {left_out} rarer labels are not shown" if left_out else ""
    return chosen, f"at least {each} of each label, where there are so many{more}"


def _tokens_card(prepared: Prepared, example: int, row: str) -> Card:
    """The tokens of each window of an example that is trained on; behind a token its label, where it has one."""
    of_train = prepared.features["train"]
    if isinstance(of_train, LazyFeatures):
        features = of_train.of_example(example)
    else:
        features = [feature for feature in of_train if feature.example == example]
    texts = [] if features else [("0 tokens", "not trained on")]
    for at, feature in enumerate(features, 1):
        name = "tokens" if len(features) == 1 else f"tokens, window {at}"
        texts.append((f"{feature.tokens} {name}", " ".join(_tokens(prepared, feature))))
    return Card(kind="texts", row=row, data={"texts": texts})


def _tokens(prepared: Prepared, feature: Any) -> Sequence[str]:
    trained = prepared.trained
    batch = guarded(trained.task.name, "collate", lambda: trained.task.collate([feature], trained.spec))
    tokens = trained.tokenizer.convert_ids_to_tokens(batch["input_ids"][0, : feature.tokens].tolist())
    names, labels = trained.task.head().labels, batch["labels"]
    if labels.shape == batch["input_ids"].shape and not labels.is_floating_point():
        tokens = [
            f"{token}/{names[label]}" if 0 <= label < len(names) else token
            for token, label in zip(tokens, labels[0, : feature.tokens].tolist(), strict=True)
        ]
    return tokens if len(tokens) <= _MOST_TOKENS else [*tokens[:_MOST_TOKENS], "…"]
