"""Named entity recognition as token classification.

Shapes: B batch, T tokens, W words, C labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ft_magics.config.section import Section, described
from ft_magics.data.checks import DataCheck
from ft_magics.data.corpus import read_corpus
from ft_magics.data.examples import Corpus, Split
from ft_magics.data.tagged.checks import check_corpus
from ft_magics.data.tagged.config import DataConfig
from ft_magics.data.tagged.examples import TaggedSentence
from ft_magics.data.tagged.schemes import is_tag, spans_of
from ft_magics.data.tagged.sources import read_split
from ft_magics.errors import DataError, ModelError
from ft_magics.evaluation.entities.evaluate import entity_report
from ft_magics.metrics import Metric
from ft_magics.models.heads import Head
from ft_magics.sections import Card
from ft_magics.tasks.language.more_words import extend_for
from ft_magics.tasks.ner.answer import Entity, card_of, entities_in, gold_card_of, input_columns, read_texts
from ft_magics.tasks.ner.propose import propose
from ft_magics.tasks.ner.records import (
    Prediction,
    check_facts,
    check_options,
    facts_of,
    from_record,
    read_options,
    read_tags,
    report_of,
    to_record,
    verified,
)
from ft_magics.tasks.plain import Plain
from ft_magics.tasks.task import IGNORE_INDEX, Spec
from ft_magics.tasks.tokens import Window, WordTokenizer, align_labels, make_windows, padded_inputs, unknown_tokens

if TYPE_CHECKING:
    import torch

__all__ = ["Feature", "NerSettings", "NerTask", "labels_of"]

_ENCODE_AT_ONCE = 1000
_METRICS = (Metric("f1", "F1"), Metric("precision", "precision"), Metric("recall", "recall"))


class NerSettings(Section):
    """How a model is trained on tags."""

    label_smoothing: float = described(
        description="Which share of certainty is taken off the gold tag and given to all tags alike.",
        default=0.0,
        ge=0,
        lt=1,
        origin="Szegedy et al. 2016, section 7",
    )


@dataclass(frozen=True, slots=True)
class Feature:
    """One window of one example, ready to be batched.

    Args:
        example: Index of the example.
        input_ids: Length T.
        labels: Label id on the first token of each owned word, IGNORE_INDEX elsewhere. Length T.
        positions: Token position of each owned word's first token.
        words: Index of each owned word, in step with `positions`.
    """

    example: int
    input_ids: list[int]
    labels: list[int]
    positions: list[int]
    words: list[int]

    @property
    def tokens(self) -> int:
        """T."""
        return len(self.input_ids)


def labels_of(examples: Iterable[TaggedSentence]) -> tuple[str, ...]:
    """The label set that the data call for: O, then B- and I- of each type in alphabetical order. Length C."""
    types = sorted({span.type for example in examples for span in spans_of(example.tags)})
    return ("O", *(f"{prefix}-{kind}" for kind in types for prefix in "BI"))


class NerTask:
    """Words in, entities out.

    Args:
        labels: Label names by id. Length C.
        label_smoothing: Share of the probability that goes to all labels alike in the loss.
    """

    name: ClassVar = "ner"
    Settings: ClassVar = NerSettings
    Data: ClassVar = DataConfig
    metrics: ClassVar = _METRICS

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
    score = staticmethod(entity_report)
    read_answers = staticmethod(read_tags)

    def __init__(self, labels: Sequence[str], label_smoothing: float = 0.0) -> None:
        self.labels = tuple(labels)
        self._label_smoothing = label_smoothing
        self._ids = {label: index for index, label in enumerate(self.labels)}

    @classmethod
    def read(cls, settings: NerSettings, data: DataConfig) -> Corpus[TaggedSentence]:
        """Read every split."""
        return read_corpus(data, read_split)

    @classmethod
    def check(cls, settings: NerSettings, corpus: Corpus[TaggedSentence]) -> DataCheck:
        """Count everything; no entity at all is nothing to train on."""
        if len(labels_of(corpus.train.examples)) == 1:
            raise DataError(
                f"data.train: {corpus.train.source} has no entity at all; every tag is O, so there is nothing to learn"
            )
        return check_corpus(corpus)

    @classmethod
    def for_corpus(cls, settings: NerSettings, corpus: Corpus[TaggedSentence]) -> NerTask:
        """With the labels that train calls for."""
        return cls(labels_of(corpus.train.examples), settings.label_smoothing)

    @classmethod
    def from_saved(cls, saved: Mapping[str, Any], config: Any) -> NerTask:
        """With the labels of a model, which must be tags."""
        labels = [config.id2label[index] for index in range(config.num_labels)]
        wrong = next((label for label in labels if not is_tag(label)), None)
        if wrong is not None:
            raise ModelError(
                f"model: {config.name_or_path} has the label `{wrong:.80}`; expected O and labels such as B-PER: is it "
                "trained for NER?"
            )
        return cls(labels)

    def saved(self) -> dict[str, Any]:
        """Nothing: the labels are the model's."""
        return {}

    def extend_model(
        self, corpus: Corpus[TaggedSentence], source: str, tokenizer: Any, *, seed: int
    ) -> tuple[str, list[str]]:
        """A model with words of the sentences in its vocabulary."""
        return extend_for(corpus, _texts, source, tokenizer, head=self.head(), seed=seed)

    def head(self) -> Head:
        """A label for each token."""
        return replace(self.saved_head(), labels=self.labels)

    @classmethod
    def saved_head(cls) -> Head:
        """A label for each token."""
        return Head(kind="AutoModelForTokenClassification", labels=(), use="tagging words")

    def encode(self, examples: Sequence[TaggedSentence], spec: Spec) -> list[Feature]:
        """Features of all examples, in order; a long example has several.

        A tag of a type that the label set lacks counts in the evaluation and is left out of the loss.
        """
        words = WordTokenizer(spec.tokenizer)
        features: list[Feature] = []
        for start in range(0, len(examples), _ENCODE_AT_ONCE):
            chunk = examples[start : start + _ENCODE_AT_ONCE]
            pieces = words.pieces([example.words for example in chunk])
            for index, (example, piece) in enumerate(zip(chunk, pieces, strict=True), start):
                windows = make_windows(
                    piece, max_length_tokens=spec.max_length_tokens, prefix=words.prefix, suffix=words.suffix
                )
                labels = [self._ids.get(tag, IGNORE_INDEX) for tag in example.tags]
                features.extend(_feature(index, window, labels) for window in windows)
        return features

    def check_encoded(
        self,
        corpus: Corpus[TaggedSentence],
        features: Mapping[str, Sequence[Feature]],
        spec: Spec,
        check: DataCheck,
    ) -> None:
        """Note sentences that are read in windows, and a vocabulary that lacks much of the data."""
        for split in corpus.splits:
            windows = Counter(feature.example for feature in features[split.name])
            long = sum(count > 1 for count in windows.values())
            if long:
                check.notes.append(
                    f"{split.name}: {long} of {len(split.examples)} sentences are longer than "
                    f"{spec.max_length_tokens} tokens and are read in overlapping windows; no word is cut off"
                )
        check.warnings += unknown_tokens([feature.input_ids for feature in features["train"]], spec.tokenizer)

    def fingerprint(self, feature: Feature) -> bytes:
        """What the model sees of a feature."""
        return repr((feature.input_ids, feature.labels)).encode()

    def collate(self, features: Sequence[Feature], spec: Spec) -> dict[str, torch.Tensor]:
        """Pad at the end. Each tensor is (B, T)."""
        import torch  # noqa: PLC0415  # a cell is read and answered without it

        batch = padded_inputs(features, spec)
        labels = torch.full_like(batch["input_ids"], IGNORE_INDEX)
        for row, feature in enumerate(features):
            labels[row, : feature.tokens] = torch.tensor(feature.labels)
        return {**batch, "labels": labels}

    def loss(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        """Cross entropy over labelled words, exact under gradient accumulation.

        Args:
            outputs: The model's output, with logits (B, T, C).
            labels: (B, T), IGNORE_INDEX where there is no label.
            num_items_in_batch: Labelled words in the whole optimiser step; None for those of this batch.
        """
        import torch  # noqa: PLC0415  # a cell is read and answered without it
        from torch.nn.functional import cross_entropy  # noqa: PLC0415  # the same

        logits = outputs["logits"].float()  # (B, T, C)
        total = cross_entropy(
            logits.flatten(0, 1),
            labels.flatten(),
            ignore_index=IGNORE_INDEX,
            reduction="sum",
            label_smoothing=self._label_smoothing,
        )
        count = (labels != IGNORE_INDEX).sum() if num_items_in_batch is None else num_items_in_batch
        return total / torch.as_tensor(count, device=total.device).clamp(min=1)

    def infer(
        self, model: Any, inputs: Mapping[str, torch.Tensor], outputs: Any, features: Sequence[Feature]
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Per feature, for its owned words: the most likely label, and its probability."""
        logits = outputs["logits"].float().cpu().numpy()  # (B, T, C)
        kept = []
        for row, feature in enumerate(features):
            shares = _softmax(logits[row, feature.positions])
            kept.append((shares.argmax(axis=1), shares.max(axis=1)))
        return kept

    def decode(
        self,
        examples: Sequence[TaggedSentence],
        features: Sequence[Feature],
        raw: Sequence[tuple[np.ndarray, np.ndarray]],
        spec: Spec,
    ) -> list[Prediction]:
        """One prediction per example, one tag per word."""
        best = [np.zeros(len(example.words), dtype=np.int64) for example in examples]
        sure = [np.zeros(len(example.words)) for example in examples]
        for feature, (labels, shares) in zip(features, raw, strict=True):
            best[feature.example][feature.words] = labels
            sure[feature.example][feature.words] = shares
        cuts = _window_cuts(features, len(examples))
        return [
            Prediction(tuple(self.labels[label] for label in ids), tuple(map(float, shares)), tuple(changes))
            for ids, shares, changes in zip(best, sure, cuts, strict=True)
        ]

    def tuned(self, examples: Sequence[TaggedSentence], predictions: Sequence[Prediction]) -> NerTask:
        """Itself: nothing is chosen on dev."""
        return self

    def answer(self, example: TaggedSentence, prediction: Prediction) -> list[Entity]:
        """Entities in order."""
        return entities_in(example, prediction)

    def known_facts(self) -> dict[str, Any]:
        """Nothing: the entities of the training data are not known."""
        return {}

    def read_more(self, source: Any, options: Mapping[str, Any]) -> Split[TaggedSentence]:
        """Read labelled sentences."""
        return read_split("data", source, read_options(options))

    def drawn(self, example: TaggedSentence, prediction: Prediction) -> Card:
        """The words with their entities."""
        return card_of(example, prediction)

    def gold_labels(self, example: TaggedSentence) -> list[str]:
        """The types of its entities."""
        return [span.type for span in spans_of(example.tags)]

    def plain(self, corpus: Corpus[TaggedSentence], data: DataConfig, spec: Spec) -> Plain:
        """Without ft_magics."""
        from ft_magics.tasks.ner.plain import plain_of  # noqa: PLC0415  # a cell is read and answered without torch

        examples = [example for split in corpus.splits for example in split.examples]
        windows = len(self.encode(examples, spec)) > len(examples)
        return plain_of(self.labels, corpus, data, spec, windows=windows, label_smoothing=self._label_smoothing)

    def describe(self, corpus: Corpus[TaggedSentence]) -> tuple[str, str, list[str]]:
        """For the model card."""
        types = ", ".join(label[2:] for label in self.labels if label.startswith("B-"))
        return "token-classification", f"named entity recognition: {types}", ["ner"]


def _window_cuts(features: Sequence[Feature], examples: int) -> list[list[int]]:
    """Per example, the words at which the prediction changes from one window to the next."""
    cuts: list[list[int]] = [[] for _ in range(examples)]
    for before, after in pairwise(features):
        if before.example == after.example and after.words:
            cuts[after.example].append(after.words[0])
    return cuts


def _feature(example: int, window: Window, labels: Sequence[int]) -> Feature:
    firsts: dict[int, int] = {}
    for position, word in enumerate(window.word_ids):
        if word is not None and window.owned[0] <= word < window.owned[1]:
            firsts.setdefault(word, position)
    aligned = align_labels(window.word_ids, labels, window.owned)
    return Feature(example, window.input_ids, aligned, list(firsts.values()), list(firsts))


def _softmax(scores: np.ndarray) -> np.ndarray:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: np.ndarray = shifted / shifted.sum(axis=1, keepdims=True)
    return shares


def _texts(examples: Sequence[TaggedSentence]) -> list[str]:
    return [" ".join(example.words) for example in examples]
