"""Stars as a regression: one number a text, trained by squared error, judged by its mean absolute error.

Shapes: B batch, T tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ft_magics.config.section import Section
from ft_magics.data.checks import DataCheck
from ft_magics.data.examples import Corpus
from ft_magics.errors import DataError, ModelError
from ft_magics.metrics import Metric
from ft_magics.sections import Card, Cell, Row, Table
from ft_magics.tasks.task import IGNORE_INDEX, Head, Spec, Task

from ft_rating.reader import FEWEST_STARS, MOST_STARS, Rated, RatingData, RatingSettings, read_corpus
from ft_rating.report import MAE, RMSE, RatingReport, card_of, rate

if TYPE_CHECKING:
    import torch

__all__ = ["RatingFeature", "RatingTask"]

_KIND = "AutoModelForSequenceClassification"


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingFeature:
    """One text, ready to be batched."""

    example: int
    input_ids: tuple[int, ...]
    stars: float  # IGNORE_INDEX where they are not known

    @property
    def tokens(self) -> int:
        """Its length, by which inputs are put together."""
        return len(self.input_ids)


class RatingTask(Task[Rated, RatingFeature, float]):
    """One number from a text.

    Args:
        clip: Whether answers stay between one and five stars.
    """

    name: ClassVar[str] = "rating"
    Settings: ClassVar[type[Section]] = RatingSettings
    Data: ClassVar[type[Section]] = RatingData

    def __init__(self, *, clip: bool = True) -> None:
        self.clip = clip

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The mean absolute error, whose lower value is better, chooses the best model."""
        return MAE, RMSE

    @classmethod
    def read(cls, settings: Any, data: Any) -> Corpus[Rated]:  # noqa: ARG003  # the protocol sets the signature
        """Read every split."""
        return read_corpus(data)

    @classmethod
    def check(cls, settings: Any, corpus: Corpus[Rated]) -> DataCheck:  # noqa: ARG003  # the protocol sets the signature
        """Count the texts of each split."""
        if not corpus.train.examples:
            raise DataError(f"{corpus.train.source}: there are no rows to train on")
        rows = [
            Row(cells=(Cell(text=split.name), Cell(text=str(len(split.examples)), value=len(split.examples))))
            for split in corpus.splits
        ]
        summary = ", ".join(f"{split.name} {len(split.examples):,} texts" for split in corpus.splits)
        return DataCheck(summary=summary, tables=(Table(title="Texts", columns=("split", "texts"), rows=rows),))

    def parse(self, inputs: Any) -> list[Rated]:
        """A text, or a list of texts."""
        texts = [inputs] if isinstance(inputs, str) else list(inputs)
        if not all(isinstance(text, str) for text in texts):
            raise DataError("`task: rating` takes a text or a list of texts")
        return [Rated(id=f"input {at}", text=text, stars=None) for at, text in enumerate(texts, 1)]

    @classmethod
    def for_corpus(cls, settings: Any, corpus: Corpus[Rated]) -> Self:  # noqa: ARG003  # the protocol sets the signature
        """The task of a new run."""
        return cls(clip=settings.clip)

    @classmethod
    def from_saved(cls, saved: Mapping[str, Any], config: Any) -> Self:
        """The task of a saved model."""
        if config.num_labels != 1:
            raise ModelError(f"this model has {config.num_labels} labels; `task: rating` needs one of one number")
        return cls(clip=bool(saved.get("clip", True)))

    def saved(self) -> dict[str, Any]:
        """What a saved model keeps of the task."""
        return {"clip": self.clip}

    def head(self) -> Head:
        """A regression: one output."""
        return self.saved_head()

    @classmethod
    def saved_head(cls) -> Head:
        """The same for a saved model."""
        return Head(kind=_KIND, labels=("stars",), problem_type="regression", use="rating texts")

    def describe(self, corpus: Corpus[Rated]) -> tuple[str, str, list[str]]:
        """For the model card."""
        return "text-classification", "rating texts with one to five stars", ["regression"]

    def encode(self, examples: Sequence[Rated], spec: Spec) -> list[RatingFeature]:
        """One feature a text; a long one is cut."""
        encoded = spec.tokenizer(
            [example.text for example in examples], truncation=True, max_length=spec.max_length_tokens
        )
        return [
            RatingFeature(
                example=at, input_ids=tuple(ids), stars=float(IGNORE_INDEX if example.stars is None else example.stars)
            )
            for at, (example, ids) in enumerate(zip(examples, encoded["input_ids"], strict=True))
        ]

    def collate(self, features: Sequence[RatingFeature], spec: Spec) -> dict[str, torch.Tensor]:
        """Pad to the longest: `input_ids` and `attention_mask` (B, T), `labels` (B,)."""
        import torch  # the cell is checked without it

        longest = max(feature.tokens for feature in features)
        shape = (len(features), longest)
        input_ids = torch.full(shape, spec.tokenizer.pad_token_id or 0, dtype=torch.long)
        attention_mask = torch.zeros(shape, dtype=torch.long)
        for row, feature in enumerate(features):
            input_ids[row, : feature.tokens] = torch.tensor(feature.input_ids)
            attention_mask[row, : feature.tokens] = 1
        labels = torch.tensor([feature.stars for feature in features])
        return {"input_ids": input_ids, "attention_mask": attention_mask, "labels": labels}

    def loss(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        """Squared error of logits (B, 1) and labels (B,)."""
        import torch  # as in `collate`

        asked = labels != IGNORE_INDEX
        errors = outputs["logits"].float().squeeze(-1) - labels
        count = asked.sum() if num_items_in_batch is None else num_items_in_batch
        total: torch.Tensor = (errors**2)[asked].sum() / torch.as_tensor(count, device=labels.device).clamp(min=1)
        return total

    def infer(
        self, model: Any, inputs: Mapping[str, torch.Tensor], outputs: Any, features: Sequence[RatingFeature]
    ) -> list[float]:
        """The number of each text."""
        return [float(number) for number in outputs["logits"].float().squeeze(-1).tolist()]

    def decode(
        self, examples: Sequence[Rated], features: Sequence[RatingFeature], raw: Sequence[Any], spec: Spec
    ) -> list[float]:
        """One number a text."""
        stars = [0.0] * len(examples)
        for feature, number in zip(features, raw, strict=True):
            stars[feature.example] = min(max(number, FEWEST_STARS), MOST_STARS) if self.clip else number
        return stars

    def answer(self, example: Rated, prediction: float) -> float:
        """The number itself."""
        return prediction

    @classmethod
    def to_record(cls, example: Rated, prediction: float) -> dict[str, Any]:
        """A line of `predictions.<split>.jsonl`."""
        return {"id": example.id, "text": example.text, "stars": example.stars, "predicted": prediction}

    @classmethod
    def from_record(cls, record: Any) -> tuple[Rated, float]:
        """What `to_record` wrote."""
        try:
            example = Rated(id=record["id"], text=record["text"], stars=record["stars"])
            return example, float(record["predicted"])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"this is no line of predicted stars ({error!r})") from error

    @classmethod
    def report(
        cls,
        examples: Sequence[Rated],
        predictions: Sequence[float],
        *,
        title: str,
        facts: Mapping[str, Any],  # noqa: ARG003  # the protocol sets the signature
        history: Sequence[Mapping[str, Any]] = (),
        resamples: int = 1000,
        **options: Any,
    ) -> RatingReport:
        """The evaluation."""
        cls.check_options(options)
        return rate(examples, predictions, title=title, history=history, resamples=resamples)

    def drawn(self, example: Rated, prediction: float) -> Card:
        """An answer as a page shows it."""
        return card_of(example, prediction)
