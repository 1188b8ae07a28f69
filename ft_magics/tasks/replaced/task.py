"""Replaced-token detection: a generator fills in masked tokens, and the model says of each token whether it did.

Shapes: B batch, T tokens, N masked tokens, V vocabulary, S documents.
Source: Clark et al. 2020 (ELECTRA), section 3.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ft_magics.config.scratch import WRITING_SHAPES, NewModelSettings, TokenizerSettings
from ft_magics.data.documents.document import Document
from ft_magics.data.examples import Corpus
from ft_magics.errors import DataError, ModelError
from ft_magics.evaluation.language.blanks import Blank
from ft_magics.evaluation.language.counting import METRICS
from ft_magics.evaluation.language.evaluate import Counted
from ft_magics.evaluation.language.replaced import REPLACED_METRICS, Judged, replaced_metrics, with_judgements
from ft_magics.metrics import Metric
from ft_magics.models.heads import Head
from ft_magics.sections import Card
from ft_magics.tasks.language.config import TextData
from ft_magics.tasks.language.inputs import read_whole
from ft_magics.tasks.language.new_model import make_model
from ft_magics.tasks.language.text_task import TextTask
from ft_magics.tasks.masked.config import MaskedSettings
from ft_magics.tasks.masked.rows import MaskedRow, MaskedRows
from ft_magics.tasks.masked.task import MaskedTask
from ft_magics.tasks.replaced.config import ReplacedSettings
from ft_magics.tasks.replaced.generator import FOLDER, check_generator, complete_with_generator
from ft_magics.tasks.replaced.records import judged_from, judged_record
from ft_magics.tasks.replaced.rows import (
    Judgement,
    judged_blank,
    masked_row,
    of_generator,
    places_to_show,
    uniforms,
    window,
)
from ft_magics.tasks.task import IGNORE_INDEX, Spec

if TYPE_CHECKING:
    import torch

__all__ = ["ReplacedTask"]

_SHAPE = "electra"
_MOST_SHOWN = 2  # tokens of a document that are kept
_SUSPECT = 0.5  # a probability from which a token is taken for replaced
_MOST_SCORES = 5  # tokens of a person's text whose probabilities are drawn
_NOTE = (
    "the generator fills in 15 % of the tokens, the same ones every time, and the discriminator judges all of them; "
    "precision, recall and F1 are of those that were replaced by another token. They say how well the two match: a "
    "better generator is harder to find out, so the best model is chosen by its perplexity"
)

# Of a row: tokens masked, their loss, how many the generator has right; replaced, flagged, caught; a few judgements;
# and for a person's text a probability for each token.
Kept = tuple[int, float, int, int, int, int, list[Judgement], list[float]]


class ReplacedTask(TextTask[MaskedRow]):
    """A text in, a probability for each of its tokens out.

    Args:
        settings: As the cell said.
    """

    name: ClassVar = "rtd"
    Settings: ClassVar = ReplacedSettings
    accuracy: ClassVar = "masked_accuracy"
    note: ClassVar = _NOTE

    to_record = staticmethod(judged_record)
    from_record = staticmethod(judged_from)

    def __init__(self, settings: ReplacedSettings) -> None:
        super().__init__(settings)
        masked: Any = MaskedTask
        self._masked = masked(MaskedSettings(mask=settings.mask, whole_words=settings.whole_words))

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The generator's perplexity is the headline."""
        return replaced_metrics()

    @classmethod
    def read(cls, settings: ReplacedSettings, data: TextData) -> Corpus[Document]:
        """Read every split, once the generator that the cell names is known to be there."""
        check_generator(settings.generator)
        return super().read(settings, data)

    @classmethod
    def saved_head(cls) -> Head:
        """A number for each token, and a generator beside the model."""
        return Head(kind="ElectraForPreTraining", labels=(), use="replaced-token detection", companion=FOLDER)

    def make_model(self, corpus: Corpus[Document], model: Any, tokenizer: Any, *, seed: int) -> tuple[str, list[str]]:
        """A model from nothing, for the text of train: of ELECTRA's shape, where the cell names none."""
        settings: NewModelSettings = model.shaped(_SHAPE)
        if settings.shape != _SHAPE:
            raise ModelError(
                f"model: `shape: {settings.shape}` has no head for replaced-token detection; take `shape: {_SHAPE}`, "
                f"or `objective: {'clm' if settings.shape in WRITING_SHAPES else 'mlm'}`"
            )
        words = tokenizer or TokenizerSettings()
        return make_model(corpus, settings, words, head="AutoModelForPreTraining", usual=_SHAPE, seed=seed)

    def complete(self, model: Any, folder: str, *, fresh: bool, seed: int) -> list[str]:
        """Put the generator into the model."""
        return complete_with_generator(model, folder, self.settings.generator, fresh=fresh, seed=seed)

    def describe(self, corpus: Corpus[Document]) -> tuple[str, str, list[str]]:
        """For the model card."""
        return "feature-extraction", f"replaced-token detection on {corpus.train.source}", ["electra", "pretraining"]

    # Tensors

    def encode(self, examples: Sequence[Document], spec: Spec) -> Sequence[MaskedRow]:
        """Rows of all documents, with every masked token shown as the mask token; a person's text has none."""
        person = isinstance(examples, list) and any(example.asked for example in examples)
        plain = [replace(example, asked=False) for example in examples] if person else examples
        rows = self._masked.encode(plain, spec)
        if not isinstance(rows, MaskedRows):  # a list is made of blanks alone
            raise DataError("expected whole texts, without blanks")
        rows = replace(rows, training=replace(rows.training, always_masked=True))
        return [replace(row, row=replace(row.row, asked=True)) for row in rows] if person else rows

    def fingerprint(self, feature: MaskedRow) -> bytes:
        """What the model sees of a row, before anything is masked."""
        return feature.row.ids.tobytes()

    def collate(self, features: Sequence[MaskedRow], spec: Spec) -> dict[str, torch.Tensor]:
        """Pad at the end: (B, T) each, but for the labels, (B, T, 2): those of the masked tokens, and of all."""
        import torch  # noqa: PLC0415  # a cell is read and answered without it

        from ft_magics.models.asked_head import ASKED  # noqa: PLC0415  # the same
        from ft_magics.models.generator import ORIGINAL, UNIFORMS  # noqa: PLC0415  # the same

        shape = (len(features), spec.width(max(feature.tokens for feature in features)))
        ids = np.full(shape, spec.tokenizer.pad_token_id, dtype=np.int64)
        original = ids.copy()
        attended = np.zeros(shape, dtype=np.int64)
        draws = np.zeros(shape, dtype=np.float32)
        labels = np.full((*shape, 2), IGNORE_INDEX, dtype=np.int64)
        for at, feature in enumerate(features):
            here = slice(None, feature.tokens)
            shown, chosen = masked_row(feature)
            ids[at, here], original[at, here], attended[at, here] = shown, feature.row.ids, 1
            if not feature.row.asked:
                draws[at, here] = uniforms(feature)
                labels[at, here, 0][chosen] = feature.row.ids[chosen]
                labels[at, here, 1] = feature.row.ids
        found = {
            "input_ids": ids,
            "attention_mask": attended,
            ASKED: labels[..., 0] != IGNORE_INDEX,
            ORIGINAL: original,
            UNIFORMS: draws,
            "labels": labels,
        }
        return {name: torch.from_numpy(item) for name, item in found.items()}

    def items(self, labels: torch.Tensor) -> torch.Tensor:
        """How many tokens are masked, and how many there are, special ones included: (2,)."""
        return (labels != IGNORE_INDEX).flatten(0, 1).sum(dim=0)

    def loss(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        """The generator's cross entropy, a mean over masked tokens, and the discriminator's, over all, with a weight.

        Source: Clark et al. 2020, section 3.1: both losses, and their sum.
        """
        import torch  # noqa: PLC0415  # a cell is read and answered without it

        counts = torch.as_tensor(self.items(labels) if num_items_in_batch is None else num_items_in_batch)
        sums = self.sums(outputs, labels)
        total: torch.Tensor = (sums / counts.to(sums.device).clamp(min=1)).sum()
        return total

    def sums(self, outputs: Any, labels: torch.Tensor) -> torch.Tensor:
        """The generator's cross entropy, and the discriminator's with its weight. (2,)."""
        import torch  # noqa: PLC0415  # a cell is read and answered without it
        from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy  # noqa: PLC0415  # the same

        masked, judged = (labels != IGNORE_INDEX).unbind(dim=-1)
        logits, found = outputs["generator_logits"].float(), outputs["logits"][judged].float()
        generator = cross_entropy(logits, labels[..., 0][masked], reduction="sum")
        discriminator = binary_cross_entropy_with_logits(found, outputs["replaced"][judged].float(), reduction="sum")
        return torch.stack([generator, self.settings.weight * discriminator])

    # Predictions

    def infer(
        self, model: Any, inputs: Mapping[str, torch.Tensor], outputs: Any, features: Sequence[MaskedRow]
    ) -> list[Kept]:
        """Per row what the generator has right, and what the discriminator found of what it has wrong."""
        from ft_magics.models.generator import FILLED  # noqa: PLC0415  # torch only where it is needed

        shares = outputs["logits"].float().sigmoid().cpu().numpy()
        replaced, read = outputs["replaced"].cpu().numpy(), outputs[FILLED].cpu().numpy()
        hidden = [masked_row(feature)[1] for feature in features]
        loss, right = of_generator(outputs["generator_logits"], features, hidden)
        ends = np.cumsum([int(places.sum()) for places in hidden]).tolist()
        found: list[Kept] = []
        for at, (feature, begin, end) in enumerate(zip(features, [0, *ends[:-1]], ends, strict=True)):
            length = feature.tokens
            share, wrong = shares[at, :length], replaced[at, :length]
            judged = ~feature.held_out.special[feature.row.ids]
            flagged = (share >= _SUSPECT) & judged
            places = [] if feature.row.asked else places_to_show(feature, wrong, share)
            shown = [(place, float(share[place]), window(read[at, :length], place)) for place in places]
            found.append(
                (
                    end - begin,
                    float(loss[begin:end].sum()),
                    int(right[begin:end].sum()),
                    int((wrong & judged).sum()),
                    int(flagged.sum()),
                    int((flagged & wrong).sum()),
                    shown,
                    share[judged].tolist() if feature.row.asked else [],
                )
            )
        return found

    def decode(
        self, examples: Sequence[Document], features: Sequence[MaskedRow], raw: Sequence[Kept], spec: Spec
    ) -> list[Counted]:
        """One prediction per document: sums over its rows, and a few tokens; of a person's text all of them."""
        tokenizer = spec.tokenizer
        sums = np.zeros((len(examples), 7))
        blanks: list[list[Blank]] = [[] for _ in examples]
        for feature, (*counts, shown, shares) in zip(features, raw, strict=True):
            judged = ~feature.held_out.special[feature.row.ids]
            sums[feature.example] += (*counts, judged.sum())
            kept = blanks[feature.example]
            tokens = tokenizer.convert_ids_to_tokens(feature.row.ids[judged].tolist()) if shares else []
            kept += [_of_token(token, share) for token, share in zip(tokens, shares, strict=True)]
            most = max(_MOST_SHOWN - len(kept), 0)
            kept += [judged_blank(feature, one, tokenizer) for one in shown[:most]]
        return [
            Judged(
                asked=int(asked),
                loss=float(loss),
                right=int(right),
                tokens=int(tokens),
                utf8_bytes=len(example.text.encode(errors="surrogatepass")),
                blanks=tuple(of_document),
                replaced=int(wrong),
                flagged=int(flagged),
                caught=int(caught),
            )
            for example, (asked, loss, right, wrong, flagged, caught, tokens), of_document in zip(
                examples, sums, blanks, strict=True
            )
        ]

    def parse(self, inputs: Any) -> list[Document]:
        """Whole texts."""
        return read_whole(inputs)

    def answer(self, example: Document, prediction: Counted) -> list[tuple[str, float]]:
        """Each token with the probability that it was replaced."""
        return [(blank.text, blank.guesses[0][1]) for blank in prediction.blanks]

    def drawn(self, example: Document, prediction: Counted) -> Card:
        """A text with the tokens that most likely were replaced."""
        scores = sorted(self.answer(example, prediction), key=lambda score: -score[1])[:_MOST_SCORES]
        data = {
            "text": example.text,
            "predicted": [token for token, share in scores if share >= _SUSPECT],
            "scores": scores,
            "confidence": scores[0][1] if scores else None,
        }
        return Card(kind="labels", row=example.id, data=data)

    # Reports

    @classmethod
    def report_options(cls, predictions: Sequence[Counted]) -> dict[str, Any]:
        """The judgements on tokens."""
        judged = [item for item in predictions if isinstance(item, Judged)]
        return {
            "metrics": {**METRICS, **REPLACED_METRICS},
            "more": lambda tally: with_judgements(tally, judged),
            "shown": "judged",
        }


def _of_token(token: str, share: float) -> Blank:
    return Blank(text=token, gold="", guesses=(("replaced", share),))
