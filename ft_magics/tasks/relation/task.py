"""Relations: two marked entities in a text → a directed relation, or none.

Shapes: B batch, T tokens, C labels.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ft_magics.data.checks import DataCheck
from ft_magics.data.corpus import read_corpus
from ft_magics.data.examples import Corpus, Split
from ft_magics.data.marked import MarkedText
from ft_magics.errors import ModelError
from ft_magics.metrics import Metric
from ft_magics.models.heads import Head
from ft_magics.sections import Card
from ft_magics.tasks.classify.examples import labels_of
from ft_magics.tasks.classify.loss import classification_loss, label_weights
from ft_magics.tasks.classify.records import Prediction
from ft_magics.tasks.language.more_words import extend_for
from ft_magics.tasks.relation.answer import Relation, answer_of, card_of, gold_card_of, input_columns, read_texts
from ft_magics.tasks.relation.checks import check_corpus
from ft_magics.tasks.relation.config import RelationData, RelationSettings
from ft_magics.tasks.relation.markers import MarkedTokenizer, descriptions, types_in
from ft_magics.tasks.relation.propose import propose
from ft_magics.tasks.relation.reader import read_options, read_split
from ft_magics.tasks.relation.records import (
    METRICS,
    as_texts,
    check_facts,
    check_options,
    facts_of,
    from_record,
    none_label_of,
    report_of,
    to_record,
    verified,
)
from ft_magics.tasks.relation.score import read_labels, score
from ft_magics.tasks.task import IGNORE_INDEX, Spec, Task
from ft_magics.tasks.tokens import padded_inputs, unknown_tokens

if TYPE_CHECKING:
    import torch

__all__ = ["Feature", "RelationTask"]

_ENCODE_AT_ONCE = 1000
_PLAIN_MARKERS: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


@dataclass(frozen=True, slots=True)
class Feature:
    """A marked text, ready to be batched.

    Args:
        example: Index of the example.
        input_ids: Length T.
        positions: Of the markers before e1 and e2.
        label: An id; IGNORE_INDEX for an unknown one.
        cut: Whether the text is longer than this.
    """

    example: int
    input_ids: array[int]
    positions: tuple[int, int]
    label: int
    cut: bool = False

    @property
    def tokens(self) -> int:
        """T."""
        return len(self.input_ids)


class RelationTask(Task[MarkedText, Feature, Prediction]):
    """A text with two entities in, a relation out.

    The logits of a label are the sum of those at the markers before both entities: a linear layer over the states of
    the entity starts, whose model is one for tokens and loads as such.

    Args:
        settings: As the cell said.
        labels: Names by id. Length C.
        none_label: The label of pairs without a relation; None where every pair has one.
        types: Of e1 and of e2 that have a marker of their own.
        weights: Of the labels in the loss; None for all alike. Length C.

    Source: Baldini Soares et al. 2019, section 3.2 (entity markers, entity start).
    """

    name: ClassVar = "relation"
    Settings: ClassVar = RelationSettings
    Data: ClassVar = RelationData

    facts = staticmethod(facts_of)
    check_facts = staticmethod(check_facts)
    check_options = staticmethod(check_options)
    to_record = staticmethod(to_record)
    from_record = staticmethod(from_record)
    report = staticmethod(report_of)
    verified = staticmethod(verified)
    parse = staticmethod(read_texts)
    input_columns = staticmethod(input_columns)
    propose = staticmethod(propose)
    score = staticmethod(score)
    read_answers = staticmethod(read_labels)
    check = staticmethod(check_corpus)

    def __init__(
        self,
        settings: RelationSettings,
        labels: Sequence[str],
        none_label: str | None = None,
        types: tuple[tuple[str, ...], tuple[str, ...]] = _PLAIN_MARKERS,
        weights: Sequence[float] | None = None,
    ) -> None:
        self.settings = settings
        self.labels = tuple(labels)
        self.none_label = none_label
        self.types = types
        self.weights = weights
        self._ids = {label: index for index, label in enumerate(self.labels)}

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The headline first."""
        return METRICS

    @classmethod
    def read(cls, settings: RelationSettings, data: RelationData) -> Corpus[MarkedText]:
        """Read every split."""
        return read_corpus(data, read_split)

    @classmethod
    def for_corpus(cls, settings: RelationSettings, corpus: Corpus[MarkedText]) -> RelationTask:
        """With the labels of train, and its types of entities where the markers have them."""
        labels = labels_of(as_texts(corpus))
        counts = Counter(str(example.label) for example in corpus.train.examples)
        types = types_in(corpus.train.examples) if settings.markers == "typed" else _PLAIN_MARKERS
        weights = label_weights(settings.class_weights, labels, counts)
        return cls(settings, labels, none_label_of(settings, corpus), types, weights)

    @classmethod
    def from_saved(cls, saved: Mapping[str, Any], config: Any) -> RelationTask:
        """With the labels of a model, and the markers that it was trained with."""
        labels = [config.id2label[index] for index in range(config.num_labels)]
        none, types = saved.get("none_label"), saved.get("types")
        fits = isinstance(types, list) and len(types) == 2 and all(isinstance(side, list) for side in types)
        if (
            not fits
            or not all(isinstance(kind, str) for side in types or () for kind in side)
            or not (none is None or none in labels)
        ):
            raise ModelError(
                f"model: {config.name_or_path}: it was not trained for relations: beside it there is no ft_magics.json "
                "with the markers of its entities; train one with `task: relation`"
            )
        kinds = (tuple(types[0]), tuple(types[1])) if types else _PLAIN_MARKERS
        settings = RelationSettings(none_label=none, markers="typed" if any(kinds) else "plain")
        return cls(settings, labels, none, kinds)

    def saved(self) -> dict[str, Any]:
        """The label of pairs without a relation, and the types that have markers."""
        return {"none_label": self.none_label, "types": [list(side) for side in self.types]}

    def known_facts(self) -> dict[str, Any]:
        """The labels that the model has."""
        return {"labels": list(self.labels), "none_label": self.none_label, "train_counts": {}}

    def extend_model(
        self, corpus: Corpus[MarkedText], source: str, tokenizer: Any, *, seed: int
    ) -> tuple[str, list[str]]:
        """A model with words of the texts in its vocabulary."""
        return extend_for(corpus, _texts, source, tokenizer, head=self.head(), seed=seed)

    def head(self) -> Head:
        """A label for each token, of which those before the entities count."""
        return replace(self.saved_head(), labels=self.labels, problem_type="single_label_classification")

    @classmethod
    def saved_head(cls) -> Head:
        """A label for each token."""
        return Head(kind="AutoModelForTokenClassification", labels=(), use="finding relations")

    def add_tokens(self, model: Any, tokenizer: Any) -> list[str]:
        """Give the model the markers."""
        from ft_magics.models.marker_tokens import add_markers  # noqa: PLC0415  # a cell is read without torch

        new = add_markers(model, tokenizer, descriptions(self.types))
        if not new:
            return []
        listed = ", ".join(new[:4]) + (", …" if len(new) > 4 else "")
        return [
            f"{len(new)} new tokens mark the entities ({listed}); each begins as the mean of words that describe it"
        ]

    def encode(self, examples: Sequence[MarkedText], spec: Spec) -> list[Feature]:
        """Features of all examples, in order, one each."""
        tokenizer = MarkedTokenizer(spec.tokenizer, self.types, spec.max_length_tokens)
        features = []
        for start in range(0, len(examples), _ENCODE_AT_ONCE):
            chunk = examples[start : start + _ENCODE_AT_ONCE]
            for at, (example, marked) in enumerate(zip(chunk, tokenizer(chunk), strict=True), start):
                label = IGNORE_INDEX if example.label is None else self._ids.get(example.label, IGNORE_INDEX)
                features.append(Feature(at, array("i", marked.input_ids), marked.positions, label, marked.cut))
        return features

    def check_encoded(
        self,
        corpus: Corpus[MarkedText],
        features: Mapping[str, Sequence[Feature]],
        spec: Spec,
        check: DataCheck,
    ) -> None:
        """Note texts that are longer than the model takes, and a vocabulary that lacks much of the data."""
        for split in corpus.splits:
            long = sum(feature.cut for feature in features[split.name])
            if long:
                check.notes.append(
                    f"{split.name}: {long:,} of {len(split.examples):,} texts are longer than {spec.max_length_tokens} "
                    "tokens; what is near both entities is read, and neither marker is cut off"
                )
        check.warnings += unknown_tokens([feature.input_ids for feature in features["train"]], spec.tokenizer)

    def fingerprint(self, feature: Feature) -> bytes:
        """What the model sees of a feature."""
        return repr((feature.input_ids.tobytes(), feature.positions, feature.label)).encode()

    def collate(self, features: Sequence[Feature], spec: Spec) -> dict[str, torch.Tensor]:
        """Pad at the end. Each tensor is (B, T); the label stands at the markers before both entities."""
        import torch  # noqa: PLC0415  # a cell is read and answered without it

        batch = padded_inputs(features, spec)
        labels = torch.full_like(batch["input_ids"], IGNORE_INDEX)
        for row, feature in enumerate(features):
            labels[row, list(feature.positions)] = feature.label
        return {**batch, "labels": labels}

    def loss(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        """Cross entropy of the summed logits, exact under gradient accumulation.

        Args:
            outputs: The model's, with logits (B, T, C).
            labels: (B, T): that of an example twice, at the markers before both its entities; IGNORE_INDEX elsewhere.
            num_items_in_batch: Labels in the whole optimiser step, two an example; None for those of this batch.
        """
        asked = labels != IGNORE_INDEX
        logits = outputs["logits"].float()[asked]  # (2 N, C), row by row
        return classification_loss(
            logits[::2] + logits[1::2],
            labels[asked][::2],
            kind="one",
            weights=self.weights,
            label_smoothing=self.settings.label_smoothing,
            focal_gamma=None,
            num_items_in_batch=None if num_items_in_batch is None else num_items_in_batch / 2,
        )

    def infer(
        self, model: Any, inputs: Mapping[str, torch.Tensor], outputs: Any, features: Sequence[Feature]
    ) -> list[np.ndarray]:
        """Per feature its logits, (C)."""
        import torch  # noqa: PLC0415  # a cell is read and answered without it

        logits = outputs["logits"]  # (B, T, C)
        places = torch.tensor([feature.positions for feature in features], device=logits.device)  # (B, 2)
        rows = torch.arange(len(features), device=logits.device)[:, None]
        return list(logits[rows, places].float().sum(dim=1).cpu().numpy())

    def decode(
        self, examples: Sequence[MarkedText], features: Sequence[Feature], raw: Sequence[np.ndarray], spec: Spec
    ) -> list[Prediction]:
        """One prediction per example."""
        found = []
        for logits in raw:
            shares = np.exp(logits - logits.max())
            found.append(Prediction((self.labels[int(logits.argmax())],), shares / shares.sum()))
        return found

    def answer(self, example: MarkedText, prediction: Prediction) -> Relation:
        """A relation with its probability, the entity that it leads from, and the one that it leads to."""
        return answer_of(self.labels, self.none_label, example, prediction)

    def read_more(self, source: Any, options: Mapping[str, Any]) -> Split[MarkedText]:
        """Read labelled marked texts."""
        return read_split("data", source, read_options(options))

    def drawn(self, example: MarkedText, prediction: Prediction) -> Card:
        """The text with both entities, and the arrow from one to the other."""
        return card_of(self.labels, self.none_label, example, prediction)

    def gold_card(self, example: MarkedText) -> Card:
        """The same of a labelled text."""
        return gold_card_of(self.none_label, example)

    def gold_labels(self, example: MarkedText) -> tuple[str, ...]:
        """Its label."""
        return () if example.label is None else (example.label,)

    def describe(self, corpus: Corpus[MarkedText]) -> tuple[str, str, list[str]]:
        """For the model card."""
        shown = ", ".join(self.labels[:30]) + (" …" if len(self.labels) > 30 else "")
        return "token-classification", f"relations between two marked entities: {shown}", ["relation-extraction"]


def _texts(examples: Sequence[MarkedText]) -> list[str]:
    return [example.text for example in examples]
