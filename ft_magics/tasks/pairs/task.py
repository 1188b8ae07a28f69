"""Masked language modelling on two segments, together with a judgement on the pair.

Shapes: B batch, T tokens, S documents.
Source: Devlin et al. 2019, section 3.1 (next-sentence prediction); Lan et al. 2020, section 3.1 (sentence order).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ft_magics.data.checks import DataCheck
from ft_magics.data.documents.document import Document, Documents
from ft_magics.data.documents.sentences import Sentences
from ft_magics.data.examples import Corpus
from ft_magics.errors import ModelError
from ft_magics.evaluation.language.counting import pair_metrics
from ft_magics.evaluation.language.evaluate import Counted
from ft_magics.metrics import Metric
from ft_magics.models.heads import Head
from ft_magics.tasks.language.config import TextData
from ft_magics.tasks.language.token_map import map_tokens
from ft_magics.tasks.masked.task import Kept, MaskedTask, asked_logits
from ft_magics.tasks.pairs.check import check_pairs, note_pairs
from ft_magics.tasks.pairs.config import MaskedAndNextSettings, MaskedAndOrderSettings
from ft_magics.tasks.pairs.draw import FROM_ELSEWHERE, Kind
from ft_magics.tasks.pairs.plan import plan_pairs
from ft_magics.tasks.pairs.rows import HeldOutRows, PairRow, PairRows
from ft_magics.tasks.task import IGNORE_INDEX, Spec

if TYPE_CHECKING:
    import torch

__all__ = ["MaskedAndNextTask", "MaskedAndOrderTask"]

_KINDS = ("bert", "albert", "ernie", "megatron-bert", "mobilebert")  # whose `…ForPreTraining` has a head for pairs
_SPECIAL = 3  # tokens of a row: [CLS] A [SEP] B [SEP]
_PAIR_LOGITS = ("seq_relationship_logits", "sop_logits")  # what transformers' models call them

KeptOfBoth = tuple[Kept, bool | None]  # of a row: as of a masked one, and whether its pair is judged right


class _PairTask(MaskedTask):
    """Two segments with blanks in, tokens and a judgement out.

    Training has pairs alone. Anything else is asked as `objective: mlm` asks it, for the hidden tokens, and in pairs
    that are always the same, for the judgement.

    Args:
        settings: As the cell said.
        trained_on: The documents of train; None for a saved model.
    """

    kind: ClassVar[Kind]
    pair_accuracy: ClassVar[str]  # name of the metric of pairs
    use: ClassVar[str]
    within: ClassVar[str] = "segment"
    note: ClassVar = f"{MaskedTask.note}. Pairs of segments are the same every time; half of them are true"

    def __init__(self, settings: Any, trained_on: Sequence[Document] | None = None) -> None:
        super().__init__(settings.mlm)
        self._trained_on = trained_on

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Perplexity of the hidden tokens is the headline."""
        return pair_metrics(self.pair_accuracy)

    @classmethod
    def read(cls, settings: Any, data: TextData) -> Corpus[Document]:
        """Read every split, once it is sure that its words can be found."""
        return super().read(settings.mlm, data)

    @classmethod
    def check(cls, settings: Any, corpus: Corpus[Document]) -> DataCheck:
        """Count documents, letters and sentences.

        Raises:
            DataError: No document has two sentences, or another document is needed and there is one alone.
        """
        check = super().check(settings.mlm, corpus)
        check_pairs(corpus, cls.kind, check)
        return check

    @classmethod
    def for_corpus(cls, settings: Any, corpus: Corpus[Document]) -> _PairTask:
        """Of a new run."""
        return cls(settings, corpus.train.examples)

    @classmethod
    def saved_head(cls) -> Head:
        """A token of the vocabulary for each hidden one, and a judgement on the pair."""
        return Head(kind="AutoModelForPreTraining", labels=(), use=cls.use, kinds=_KINDS, judges_pairs=True)

    def describe(self, corpus: Corpus[Document]) -> tuple[str, str, list[str]]:
        """For the model card."""
        tag, _, tags = super().describe(corpus)
        return tag, f"masked language modelling and {self.use} on {corpus.train.source}", tags

    # Tensors

    def encode(self, examples: Sequence[Document], spec: Spec) -> Sequence[Any]:
        """Pairs of what is trained on; of another corpus masked rows and pairs; of a few texts masked rows."""
        if not isinstance(examples, Documents):
            return super().encode(examples, spec)
        training, held_out = self._maskings(spec)
        tokenizer = spec.tokenizer
        if tokenizer.cls_token_id is None or tokenizer.sep_token_id is None:
            raise ModelError(
                f"model: the tokenizer of {tokenizer.name_or_path} has no `cls_token` or no `sep_token`, which mark "
                "two segments; set them and save it again, or take `minilm`"
            )
        sentences = Sentences(examples)
        plan = plan_pairs(
            examples,
            sentences,
            map_tokens(sentences, tokenizer),
            spec.max_length_tokens - _SPECIAL,
            needs_another=self.kind in FROM_ELSEWHERE,
        )
        special = tokenizer.cls_token_id, tokenizer.sep_token_id
        borders = self._borders(sentences, spec, plan.tokens)
        pairs = PairRows(plan, self.kind, special, training, held_out, borders=borders)
        if examples is self._trained_on:
            return pairs
        masked: Any = super().encode(examples, spec)
        return HeldOutRows(masked, replace(pairs, judged_only=True))

    def check_encoded(
        self, corpus: Corpus[Document], features: Mapping[str, Sequence[Any]], spec: Spec, check: DataCheck
    ) -> None:
        """Say how many pairs there are, and what they are like; warn of a vocabulary of another language."""
        masked = {name: getattr(found, "masked", found) for name, found in features.items()}
        super().check_encoded(corpus, masked, spec, check)
        pairs: dict[str, Any] = {name: getattr(found, "pairs", found) for name, found in features.items()}
        note_pairs(pairs, spec.max_length_tokens, check)

    def collate(self, features: Sequence[Any], spec: Spec) -> dict[str, torch.Tensor]:
        """Pad at the end: (B, T) each; labels (B, 1 + T): that of the pair, and those of the hidden tokens."""
        import torch  # noqa: PLC0415  # a cell is read and answered without it

        batch = super().collate(features, spec)
        segments = torch.zeros_like(batch["input_ids"])
        pairs = torch.full((len(features), 1), IGNORE_INDEX)
        for at, feature in enumerate(features):
            if isinstance(feature, PairRow):
                segments[at, : feature.tokens] = torch.from_numpy(feature.segments)
                pairs[at] = feature.label
        return {**batch, "token_type_ids": segments, "labels": torch.cat([pairs, batch["labels"]], dim=1)}

    def loss(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        """The mean of the hidden tokens' cross entropies and that of the pairs', added, as in transformers' models."""
        sums = self.sums(outputs, labels)
        items = self.items(labels) if num_items_in_batch is None else num_items_in_batch
        return (sums / items.to(sums.device).clamp(min=1)).sum()

    def sums(self, outputs: Any, labels: torch.Tensor) -> torch.Tensor:
        """The sum of the losses of the hidden tokens, and that of the pairs. Shape (2,)."""
        import torch  # noqa: PLC0415  # a cell is read and answered without it
        from torch.nn.functional import cross_entropy  # noqa: PLC0415  # the same

        pairs, tokens = labels[:, 0], labels[:, 1:]
        asked = tokens != IGNORE_INDEX
        logits = asked_logits({"logits": outputs["prediction_logits"]}, asked)
        return torch.stack(
            [
                cross_entropy(logits, tokens[asked], reduction="sum"),
                cross_entropy(_pair_logits(outputs), pairs, reduction="sum", ignore_index=IGNORE_INDEX),
            ]
        )

    def items(self, labels: torch.Tensor) -> torch.Tensor:
        """How many hidden tokens a batch asks for, and how many pairs. Shape (2,)."""
        import torch  # noqa: PLC0415  # a cell is read and answered without it

        asked = labels != IGNORE_INDEX
        return torch.stack([asked[:, 1:].sum(), asked[:, 0].sum()])

    # Predictions

    def infer(self, model: Any, inputs: Mapping[str, torch.Tensor], outputs: Any, features: Sequence[Any]) -> list[Any]:
        """Per row what a masked row keeps, and whether its pair is judged right; None where it is none."""
        kept = super().infer(model, inputs, {"logits": outputs["prediction_logits"]}, features)
        judged = _pair_logits(outputs).argmax(dim=-1).tolist()
        return [
            (of_row, label == feature.label if isinstance(feature, PairRow) else None)
            for of_row, label, feature in zip(kept, judged, features, strict=True)
        ]

    def decode(
        self, examples: Sequence[Document], features: Sequence[Any], raw: Sequence[Any], spec: Spec
    ) -> list[Counted]:
        """One prediction per document: sums over its rows, a few blanks, its pairs."""
        masked = [(feature, of_row) for feature, (of_row, right) in zip(features, raw, strict=True) if right is None]
        counted = super().decode(examples, [item[0] for item in masked], [item[1] for item in masked], spec)
        pairs = np.zeros((len(examples), 2), dtype=np.int64)
        for feature, (_, right) in zip(features, raw, strict=True):
            if right is not None:
                pairs[feature.example] += (1, right)
        return [
            replace(item, pairs=int(count), pairs_right=int(right))
            for item, (count, right) in zip(counted, pairs, strict=True)
        ]

    @classmethod
    def report_options(cls, predictions: Sequence[Counted]) -> dict[str, Any]:
        """The judgements on pairs."""
        return {"pair_accuracy": cls.pair_accuracy}


class MaskedAndNextTask(_PairTask):
    """`objective: [mlm, nsp]`: whether the second segment follows the first, or is from another document."""

    name: ClassVar = "mlm+nsp"
    Settings: ClassVar[Any] = MaskedAndNextSettings
    kind: ClassVar[Kind] = "nsp"
    pair_accuracy: ClassVar = "next_sentence_accuracy"
    use: ClassVar = "next-sentence prediction"


class MaskedAndOrderTask(_PairTask):
    """`objective: [mlm, sop]`: whether two segments are in their order, or are swapped."""

    name: ClassVar = "mlm+sop"
    Settings: ClassVar[Any] = MaskedAndOrderSettings
    kind: ClassVar[Kind] = "sop"
    pair_accuracy: ClassVar = "sentence_order_accuracy"
    use: ClassVar = "sentence-order prediction"


def _pair_logits(outputs: Any) -> torch.Tensor:
    """(B, 2)."""
    logits: torch.Tensor = next(outputs[name] for name in _PAIR_LOGITS if name in outputs)
    return logits.float()
