"""Text classification: one label, several, or a number, of a text or a pair of texts.

Shapes: B batch, T tokens, C labels, S examples.
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
from ft_magics.errors import ModelError
from ft_magics.metrics import Metric
from ft_magics.models.heads import Head
from ft_magics.sections import Card
from ft_magics.tasks.classify.answer import answer_of, card_of, gold_card_of, read_texts
from ft_magics.tasks.classify.checks import check_corpus
from ft_magics.tasks.classify.columns import input_columns
from ft_magics.tasks.classify.config import ClassifyData, ClassifySettings
from ft_magics.tasks.classify.examples import LabelledText, labels_of
from ft_magics.tasks.classify.loss import classification_loss, label_weights
from ft_magics.tasks.classify.propose import propose
from ft_magics.tasks.classify.reader import read_split
from ft_magics.tasks.classify.records import (
    METRICS,
    Prediction,
    check_facts,
    check_options,
    facts_of,
    from_record,
    report_of,
    to_record,
    verified,
)
from ft_magics.tasks.classify.score import read_labels, read_options, score
from ft_magics.tasks.classify.thresholds import choose_thresholds
from ft_magics.tasks.language.more_words import extend_for
from ft_magics.tasks.plain import Plain
from ft_magics.tasks.task import IGNORE_INDEX, Spec
from ft_magics.tasks.tokens import padded_inputs, unknown_tokens

if TYPE_CHECKING:
    import torch

__all__ = ["ClassifyTask", "Feature"]

_ENCODE_AT_ONCE = 1000
_OVERLAP_SHARE = 4  # neighbouring windows share about a quarter of their tokens
_NEAR_IGNORE = IGNORE_INDEX + 1e-5  # for a number that happens to be the mark of no label
_PROBLEMS = {
    "one": "single_label_classification",
    "several": "multi_label_classification",
    "number": "regression",
}


@dataclass(frozen=True, slots=True)
class Feature:
    """One text, or one window of it, ready to be batched.

    Args:
        example: Index of the example.
        input_ids: Length T.
        type_ids: Which of two texts a token is of, where the tokenizer says so. Length T, or empty.
        label: An id; of several labels a 0 or 1 each, length C; of a number itself. IGNORE_INDEX for an unknown one.
        cut: Whether the text is longer than this.
    """

    example: int
    input_ids: array[int]
    type_ids: array[int]
    label: int | float | tuple[float, ...]
    cut: bool = False

    @property
    def tokens(self) -> int:
        """T."""
        return len(self.input_ids)


class ClassifyTask:
    """A text in, labels out.

    Args:
        settings: As the cell said.
        labels: Names by id. Length C.
        weights: Of the labels in the loss; None for all alike. Length C.
        thresholds: Of several labels, the probability from which each is given. Length C, or empty for a half.
    """

    name: ClassVar = "classify"
    Settings: ClassVar = ClassifySettings
    Data: ClassVar = ClassifyData

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
    gold_card = staticmethod(gold_card_of)
    score = staticmethod(score)
    read_answers = staticmethod(read_labels)

    def __init__(
        self,
        settings: ClassifySettings,
        labels: Sequence[str],
        weights: Sequence[float] | None = None,
        thresholds: Sequence[float] = (),
    ) -> None:
        self.settings = settings
        self.labels = tuple(labels)
        self.weights = weights
        self.thresholds = tuple(thresholds)
        self._ids = {label: index for index, label in enumerate(self.labels)}

    @property
    def kind(self) -> str:
        """`one` label, `several`, or a `number`."""
        return "number" if self.settings.regression else "several" if self.settings.multi_label else "one"

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The headline first."""
        return METRICS[self.kind]

    @classmethod
    def read(cls, settings: ClassifySettings, data: ClassifyData) -> Corpus[LabelledText]:
        """Read every split."""

        def read(name: str, source: Any, options: Any) -> Split[LabelledText]:
            return read_split(name, source, options, settings)

        return read_corpus(data, read)

    @classmethod
    def check(cls, settings: ClassifySettings, corpus: Corpus[LabelledText]) -> DataCheck:
        """Count everything, and look for the usual oddities."""
        return check_corpus(settings, corpus)

    @classmethod
    def for_corpus(cls, settings: ClassifySettings, corpus: Corpus[LabelledText]) -> ClassifyTask:
        """With the labels of train."""
        if settings.regression:
            return cls(settings, ("value",))
        counts = Counter(label for example in corpus.train.examples for label in example.labels)
        labels = labels_of(corpus)
        return cls(settings, labels, label_weights(settings.class_weights, labels, counts))

    @classmethod
    def from_saved(cls, saved: Mapping[str, Any], config: Any) -> ClassifyTask:
        """With the labels of a model; without anything saved, of the kind that its config says."""
        labels = [config.id2label[index] for index in range(config.num_labels)]
        kind = saved.get("kind") or next(
            (name for name, problem in _PROBLEMS.items() if problem == config.problem_type),
            "number" if config.num_labels == 1 else "one",
        )
        thresholds = saved.get("thresholds") or ()
        known = all(isinstance(item, (int, float)) and 0 <= item <= 1 for item in thresholds)
        if kind not in _PROBLEMS or not known or len(thresholds) not in (0, len(labels)):
            raise ModelError(
                f"model: {config.name_or_path}: ft_magics.json does not hold what a run writes; remove the file to use "
                "the model as it is"
            )
        settings = ClassifySettings(multi_label=kind == "several", regression=kind == "number")
        return cls(settings, labels, thresholds=thresholds)

    def saved(self) -> dict[str, Any]:
        """The kind of labels, and the thresholds."""
        return {"kind": self.kind, "thresholds": list(self.thresholds)}

    def extend_model(
        self, corpus: Corpus[LabelledText], source: str, tokenizer: Any, *, seed: int
    ) -> tuple[str, list[str]]:
        """A model with words of the texts in its vocabulary."""
        return extend_for(corpus, _texts, source, tokenizer, head=self.head(), seed=seed)

    def head(self) -> Head:
        """A label for a text."""
        return replace(self.saved_head(), labels=self.labels, problem_type=_PROBLEMS[self.kind])

    @classmethod
    def saved_head(cls) -> Head:
        """A label for a text."""
        return Head(kind="AutoModelForSequenceClassification", labels=(), use="classifying texts")

    def encode(self, examples: Sequence[LabelledText], spec: Spec) -> list[Feature]:
        """Features of all examples, in order: one each, or with `long_texts: window` several of a long text."""
        features: list[Feature] = []
        for start in range(0, len(examples), _ENCODE_AT_ONCE):
            chunk = examples[start : start + _ENCODE_AT_ONCE]
            whole = self._tokens(chunk, spec, verbose=False)
            for index, example in enumerate(chunk):
                label, ids = self._label(example), whole["input_ids"][index]
                if len(ids) <= spec.max_length_tokens:
                    types = whole["token_type_ids"][index] if "token_type_ids" in whole else ()
                    features.append(Feature(start + index, array("i", ids), array("b", types), label))
                else:
                    features += self._of_long(start + index, example, label, spec)
        return features

    def _tokens(self, examples: Sequence[LabelledText], spec: Spec, **options: Any) -> Any:
        texts = [example.text for example in examples]
        pairs = (
            [example.pair or "" for example in examples] if any(item.pair is not None for item in examples) else None
        )
        return spec.tokenizer(texts, pairs, return_attention_mask=False, **options)

    def _of_long(self, index: int, example: LabelledText, label: Any, spec: Spec) -> list[Feature]:
        """A text that the model does not take as a whole: its beginning, or all of it in windows that overlap."""
        window = self.settings.long_texts == "window" and example.pair is None
        options = {"return_overflowing_tokens": True, "stride": spec.max_length_tokens // _OVERLAP_SHARE}
        found = self._tokens(
            [example], spec, truncation=True, max_length=spec.max_length_tokens, **(options if window else {})
        )
        types = found.get("token_type_ids")
        return [
            Feature(index, array("i", ids), array("b", types[at] if types else ()), label, cut=True)
            for at, ids in enumerate(found["input_ids"])
        ]

    def _label(self, example: LabelledText) -> int | float | tuple[float, ...]:
        if self.kind == "number":
            value = float(IGNORE_INDEX) if example.value is None else example.value
            return _NEAR_IGNORE if value == IGNORE_INDEX and example.value is not None else value
        if self.kind == "several":
            return tuple(float(label in example.labels) for label in self.labels)
        return self._ids.get(example.labels[0], IGNORE_INDEX) if example.labels else IGNORE_INDEX

    def check_encoded(
        self,
        corpus: Corpus[LabelledText],
        features: Mapping[str, Sequence[Feature]],
        spec: Spec,
        check: DataCheck,
    ) -> None:
        """Note texts that are longer than the model takes, and a vocabulary that lacks much of the data."""
        how = "read in overlapping windows" if self.settings.long_texts == "window" else "cut off there"
        hint = "" if self.settings.long_texts == "window" else "; `long_texts: window` reads all of them"
        for split in corpus.splits:
            long = len({feature.example for feature in features[split.name] if feature.cut})
            if long:
                check.notes.append(
                    f"{split.name}: {long} of {len(split.examples)} texts are longer than {spec.max_length_tokens} "
                    f"tokens and are {how}{hint}"
                )
        check.warnings += unknown_tokens([feature.input_ids for feature in features["train"]], spec.tokenizer)

    def fingerprint(self, feature: Feature) -> bytes:
        """What the model sees of a feature."""
        return repr((feature.input_ids.tobytes(), feature.type_ids.tobytes(), feature.label)).encode()

    def collate(self, features: Sequence[Feature], spec: Spec) -> dict[str, torch.Tensor]:
        """Pad at the end: (B, T) each, and labels (B) or, of several, (B, C)."""
        import torch  # noqa: PLC0415  # a cell is read and answered without it

        batch = padded_inputs(features, spec)
        kind = torch.long if self.kind == "one" else torch.float
        return {**batch, "labels": torch.tensor([feature.label for feature in features], dtype=kind)}

    def loss(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        """Cross entropy, of several labels binary cross entropy, of a number the squared error."""
        return classification_loss(
            outputs["logits"].float(),
            labels,
            kind=self.kind,
            weights=self.weights,
            label_smoothing=self.settings.label_smoothing,
            focal_gamma=self.settings.focal_gamma,
            num_items_in_batch=num_items_in_batch,
        )

    def infer(
        self, model: Any, inputs: Mapping[str, torch.Tensor], outputs: Any, features: Sequence[Feature]
    ) -> list[np.ndarray]:
        """Per feature its logits, (C)."""
        return list(outputs["logits"].float().cpu().numpy())

    def decode(
        self, examples: Sequence[LabelledText], features: Sequence[Feature], raw: Sequence[np.ndarray], spec: Spec
    ) -> list[Prediction]:
        """One prediction per example: of windows, the mean of their probabilities."""
        sums = np.zeros((len(examples), len(self.labels)), dtype=np.float32)
        windows = np.zeros(len(examples), dtype=np.float32)
        for feature, logits in zip(features, raw, strict=True):
            sums[feature.example] += self._shares(logits)
            windows[feature.example] += 1
        return [self._prediction(row) for row in sums / np.maximum(windows, 1)[:, None]]

    def _shares(self, logits: np.ndarray) -> np.ndarray:
        shares = logits
        if self.kind == "several":
            shares = 1 / (1 + np.exp(-logits.astype(np.float64)))
        elif self.kind == "one":
            shifted = np.exp(logits - logits.max())
            shares = shifted / shifted.sum()
        return shares

    def _prediction(self, shares: np.ndarray) -> Prediction:
        if self.kind == "number":
            return Prediction((), shares[:0], float(shares[0]))
        if self.kind == "several":
            given = np.flatnonzero(shares >= (self.thresholds or 0.5))
            return Prediction(tuple(self.labels[at] for at in given), shares)
        return Prediction((self.labels[int(shares.argmax())],), shares)

    def tuned(self, examples: Sequence[LabelledText], predictions: Sequence[Prediction]) -> ClassifyTask:
        """With several labels: the thresholds that are best on dev; else itself."""
        if self.kind != "several":
            return self
        gold = np.array([[label in example.labels for label in self.labels] for example in examples])
        thresholds = choose_thresholds(np.stack([item.probabilities for item in predictions]), gold)
        return ClassifyTask(self.settings, self.labels, self.weights, thresholds)

    def answer(self, example: LabelledText, prediction: Prediction) -> Any:
        """A label with its probability and all others', labels, or a number."""
        return answer_of(self.kind, self.labels, prediction)

    def known_facts(self) -> dict[str, Any]:
        """The labels that the model has."""
        labels = [] if self.kind == "number" else list(self.labels)
        return {"kind": self.kind, "labels": labels, "train_counts": {}, "train_words": []}

    def read_more(self, source: Any, options: Mapping[str, Any]) -> Split[LabelledText]:
        """Read labelled texts."""
        return read_split("data", source, read_options(options), self.settings)

    def drawn(self, example: LabelledText, prediction: Prediction) -> Card:
        """The text with its labels, the most likely first."""
        return card_of(self.kind, self.labels, example, prediction)

    def gold_labels(self, example: LabelledText) -> tuple[str, ...]:
        """Its labels; none of a number."""
        return example.labels

    def plain(self, corpus: Corpus[LabelledText], data: ClassifyData, spec: Spec) -> Plain:
        """Without ft_magics."""
        from ft_magics.tasks.classify.plain import plain_of  # noqa: PLC0415  # a cell is read and answered without torch

        return plain_of(
            corpus,
            data,
            spec,
            kind=self.kind,
            labels=self.labels,
            weights=self.weights,
            settings=self.settings,
        )

    def describe(self, corpus: Corpus[LabelledText]) -> tuple[str, str, list[str]]:
        """For the model card."""
        shown = ", ".join(self.labels[:30]) + (" …" if len(self.labels) > 30 else "")
        use = "a number per text" if self.kind == "number" else f"text classification: {shown}"
        return "text-classification", use, []


def _texts(examples: Sequence[LabelledText]) -> list[str]:
    return [text for example in examples for text in (example.text, example.pair) if text is not None]
