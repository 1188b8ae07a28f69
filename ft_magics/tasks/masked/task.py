"""Masked language modelling: some words of a text are hidden, and predicted from what stands around them.

Shapes: B batch, T tokens, N tokens asked for, V vocabulary, S documents.
Source: Devlin et al. 2019, section 3.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ft_magics.data.documents.document import Document, Documents
from ft_magics.data.examples import Corpus
from ft_magics.errors import CellError, DataError, ModelError, Problem
from ft_magics.evaluation.language.blanks import blank_card
from ft_magics.evaluation.language.counting import masked_metrics
from ft_magics.evaluation.language.evaluate import Counted
from ft_magics.metrics import Metric
from ft_magics.models.heads import Head
from ft_magics.models.scratch.segmenters import find_segmenter
from ft_magics.sections import Card
from ft_magics.tasks.language.borders import Borders, map_borders
from ft_magics.tasks.language.config import TextData
from ft_magics.tasks.language.inputs import read_blanks
from ft_magics.tasks.language.records import counted_of
from ft_magics.tasks.language.rows import Rows, tokens_around
from ft_magics.tasks.language.text_task import TextTask
from ft_magics.tasks.language.token_map import TokenMap, map_tokens, tokens_of
from ft_magics.tasks.masked.blanks import BLANK, Guess, blank_in, place_to_show
from ft_magics.tasks.masked.config import MaskedSettings
from ft_magics.tasks.masked.masking import Masking, maskings_of
from ft_magics.tasks.masked.rows import MaskedRow, MaskedRows
from ft_magics.tasks.task import IGNORE_INDEX, Spec

if TYPE_CHECKING:
    import torch

__all__ = ["MaskedTask", "asked_logits"]

_GUESSES = 5
_BLANKS = re.compile("_{3,}")  # as people write them
_MOST_BLANKS = 2  # of a document that are kept
_NOTE = (
    "15 % of the tokens are hidden, in whole words, the same ones every time; perplexity is of those. It depends on "
    "the tokenizer; bits per byte (their mean loss, for all tokens of the text) less so"
)

Kept = tuple[int, float, int, list[Guess]]  # of a row: tokens asked for, their loss, how many are right, a few guesses


class MaskedTask(TextTask[MaskedRow]):
    """A text with blanks in, tokens out.

    Args:
        settings: As the cell said.
    """

    name: ClassVar = "mlm"
    Settings: ClassVar = MaskedSettings
    accuracy: ClassVar = "masked_accuracy"
    note: ClassVar = _NOTE

    settings: MaskedSettings

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Perplexity of the hidden tokens is the headline."""
        return masked_metrics()

    @classmethod
    def read(cls, settings: MaskedSettings, data: TextData) -> Corpus[Document]:
        """Read every split, once it is sure that its words can be found."""
        if settings.segmenter is not None:
            try:
                find_segmenter(settings.segmenter)
            except ModelError as error:
                where = "objective.mlm.chinese_words"
                raise CellError([Problem(line=None, where=where, text=str(error))]) from error
        return super().read(settings, data)

    @classmethod
    def saved_head(cls) -> Head:
        """A token of the vocabulary for each hidden one."""
        return Head(kind="AutoModelForMaskedLM", labels=(), use="masked language modelling")

    def describe(self, corpus: Corpus[Document]) -> tuple[str, str, list[str]]:
        """For the model card."""
        return "fill-mask", f"masked language modelling on {corpus.train.source}", ["fill-mask"]

    # Tensors

    def encode(self, examples: Sequence[Document], spec: Spec) -> Sequence[MaskedRow]:
        """Rows of all documents; those of a corpus are in files, and are made when they are asked for."""
        training, held_out = self._maskings(spec)
        prefix, suffix = tokens_around(spec.tokenizer)
        if isinstance(examples, Documents):
            tokens = map_tokens(examples, spec.tokenizer)
        else:
            tokens = tokens_of([_with_masks(example, spec.tokenizer) for example in examples], spec.tokenizer)
        rows = Rows.of(tokens, longest=spec.max_length_tokens, prefix=prefix, suffix=suffix)
        if not isinstance(examples, list) or not any(example.asked for example in examples):
            return MaskedRows(rows, training, held_out, self._borders(examples, spec, tokens))
        asked = [MaskedRow(replace(row, asked=True), training, held_out) for row in rows]
        return [feature for feature in asked if feature.hidden()[1].any()]

    def _borders(self, examples: Sequence[Document], spec: Spec, tokens: TokenMap) -> Borders | None:
        """Where words begin by the segmenter that the cell names; None where the vocabulary says it."""
        segmenter = self.settings.segmenter
        if segmenter is None or not isinstance(examples, Documents):
            return None
        return map_borders(examples, spec.tokenizer, tokens, segmenter)

    def _maskings(self, spec: Spec) -> tuple[Masking, Masking]:
        """How tokens are hidden in training, and how in evaluation."""
        return maskings_of(self.settings, spec.tokenizer)

    def fingerprint(self, feature: MaskedRow) -> bytes:
        """What the model sees of a row, before anything is hidden."""
        return feature.row.ids.tobytes()

    def collate(self, features: Sequence[MaskedRow], spec: Spec) -> dict[str, torch.Tensor]:
        """Pad at the end: (B, T) each; labels are those of the hidden tokens."""
        import torch  # noqa: PLC0415  # a cell is read and answered without it

        from ft_magics.models.asked_head import ASKED  # noqa: PLC0415  # the same

        shape = (len(features), spec.width(max(feature.tokens for feature in features)))
        ids = np.full(shape, spec.tokenizer.pad_token_id, dtype=np.int64)
        attended = np.zeros(shape, dtype=np.int64)
        labels = np.full(shape, IGNORE_INDEX, dtype=np.int64)
        for at, feature in enumerate(features):
            shown, chosen = feature.hidden()
            ids[at, : len(shown)] = shown
            attended[at, : len(shown)] = 1
            labels[at, : len(shown)][chosen] = feature.row.ids[chosen]
        found = {"input_ids": ids, "attention_mask": attended, ASKED: labels != IGNORE_INDEX, "labels": labels}
        return {name: torch.from_numpy(item) for name, item in found.items()}

    def loss(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        """Cross entropy of the hidden tokens: its sum, divided by their number."""
        import torch  # noqa: PLC0415  # a cell is read and answered without it
        from torch.nn.functional import cross_entropy  # noqa: PLC0415  # the same

        asked = labels != IGNORE_INDEX
        count = asked.sum() if num_items_in_batch is None else num_items_in_batch
        total = cross_entropy(asked_logits(outputs, asked), labels[asked], reduction="sum")
        return total / torch.as_tensor(count, device=total.device).clamp(min=1)

    # Predictions

    def infer(
        self, model: Any, inputs: Mapping[str, torch.Tensor], outputs: Any, features: Sequence[MaskedRow]
    ) -> list[Kept]:
        """Per row how many tokens were asked for, their loss, how many are right, and what was guessed for a few."""
        import torch  # noqa: PLC0415  # a cell is read and answered without it

        from ft_magics.models.asked_head import ASKED  # noqa: PLC0415  # the same

        asked = inputs[ASKED]
        shares = asked_logits(outputs, asked).log_softmax(dim=-1)
        chosen = [feature.hidden()[1] for feature in features]
        gold = np.concatenate([feature.row.ids[places] for feature, places in zip(features, chosen, strict=True)])
        target = torch.from_numpy(gold).to(shares.device)
        loss = -shares.gather(1, target[:, None])[:, 0].double().cpu().numpy()
        right = (shares.argmax(dim=-1) == target).cpu().numpy()
        ends = np.cumsum([int(places.sum()) for places in chosen])
        wanted = [self._wanted(feature, places) for feature, places in zip(features, chosen, strict=True)]
        rows = [
            int(end - places.sum() + np.count_nonzero(places[:place]))
            for end, places, of_row in zip(ends, chosen, wanted, strict=True)
            for place in of_row
        ]
        best = shares[rows].exp().topk(min(_GUESSES, shares.shape[1]), dim=-1)
        guesses = iter(zip(best.indices.tolist(), best.values.tolist(), strict=True))
        return [
            (
                len(loss[begin:end]),
                float(loss[begin:end].sum()),
                int(right[begin:end].sum()),
                [(place, *next(guesses)) for place in of_row],
            )
            for begin, end, of_row in zip([0, *ends[:-1]], ends, wanted, strict=True)
        ]

    def _wanted(self, feature: MaskedRow, chosen: np.ndarray) -> list[int]:
        """Places of a row whose guesses are kept."""
        if feature.row.asked:
            return [int(at) for at in np.flatnonzero(chosen)]
        place = place_to_show(feature, chosen)
        return [] if place is None else [place]

    def decode(
        self, examples: Sequence[Document], features: Sequence[MaskedRow], raw: Sequence[Kept], spec: Spec
    ) -> list[Counted]:
        """One prediction per document: sums over its rows, and a few blanks."""
        sums = np.zeros((len(examples), 4))
        blanks: list[list[Any]] = [[] for _ in examples]
        for feature, (asked, loss, right, guesses) in zip(features, raw, strict=True):
            special = feature.held_out.special[feature.row.ids].sum()
            sums[feature.example] += (asked, loss, right, feature.tokens - special)
            kept = blanks[feature.example]
            most = len(guesses) if feature.row.asked else _MOST_BLANKS - len(kept)
            masking = feature.training if feature.row.draw else feature.held_out
            kept += [blank_in(feature, guess, spec.tokenizer, masking) for guess in guesses[: max(most, 0)]]
        return counted_of(examples, sums, blanks)

    def parse(self, inputs: Any) -> list[Document]:
        """Texts with blanks: `____`, or the mask token."""
        return read_blanks(inputs)

    def answer(self, example: Document, prediction: Counted) -> list[dict[str, float]]:
        """For each blank the most probable tokens with their probabilities."""
        return [dict(blank.guesses) for blank in prediction.blanks]

    def drawn(self, example: Document, prediction: Counted) -> Card:
        """A text with what is put into its first blank; the others are said below."""
        if not prediction.blanks:
            return Card(kind="labels", row=example.id, data={"text": example.text, "predicted": []})
        first, *others = prediction.blanks
        about = [" · ".join(f"{token} {100 * share:.0f} %" for token, share in blank.guesses) for blank in others]
        return blank_card(first, example.id, about=about)


def asked_logits(outputs: Any, asked: torch.Tensor) -> torch.Tensor:
    """(N, V), whether the head was computed everywhere or only where it was asked for."""
    logits: torch.Tensor = outputs["logits"].float()
    return logits[:, -asked.shape[1] :][asked] if logits.dim() == 3 else logits


def _with_masks(example: Document, tokenizer: Any) -> str:
    """The text of an example, with the mask token in the place of each blank.

    Raises:
        DataError: A person gave it, and it has none.
    """
    if not example.asked:
        return example.text
    text = _BLANKS.sub(lambda _: tokenizer.mask_token, example.text)
    if tokenizer.mask_token not in text:
        raise DataError(f"{example.id} has no blank; write `{BLANK}` where a token is to be filled in")
    return text
