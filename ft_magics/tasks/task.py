"""What a task is: examples ↔ tensors ↔ predictions ↔ report. A new task is a folder with a class of these methods.

Shapes: B batch, T tokens, C labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar

from ft_magics.config.section import Section
from ft_magics.data.checks import DataCheck
from ft_magics.data.examples import Corpus
from ft_magics.evaluation.report import Report
from ft_magics.metrics import Metric

if TYPE_CHECKING:
    import torch

__all__ = ["IGNORE_INDEX", "Feature", "Head", "Spec", "Task"]

IGNORE_INDEX = -100  # torch's cross entropy leaves these targets out

E = TypeVar("E")
F = TypeVar("F", bound="Feature")
P = TypeVar("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What turns examples into tensors.

    Args:
        tokenizer: A fast one.
        config: The model's.
        max_length_tokens: The longest input, special tokens included.
    """

    tokenizer: Any
    config: Any
    max_length_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Which model a task needs.

    Args:
        kind: The class of transformers that builds it: `AutoModelForTokenClassification` and its like.
        labels: Names by id. Length C.
        problem_type: Of a sequence classification model's config; None for others.
        needs: What is missing in a model without such a head, such as `for tagging words`.
    """

    kind: str
    labels: tuple[str, ...] = ()
    problem_type: str | None = None
    needs: str = ""


class Feature(Protocol):
    """One input of the model, ready to be batched."""

    @property
    def example(self) -> int:
        """Index of the example that it is of."""
        ...

    @property
    def tokens(self) -> int:
        """Its length, by which inputs are put together."""
        ...


class Task(Protocol[E, F, P]):
    """One kind of problem: E example, F feature, P prediction."""

    name: ClassVar[str]
    Settings: ClassVar[type[Section]]  # `task: {NAME: {…}}`
    Data: ClassVar[type[Section]]  # `data:`, with train, dev and test

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The headline first: it chooses the best model and stops early."""
        ...

    @classmethod
    def read(cls, settings: Any, data: Any) -> Corpus[E]:
        """Read every split.

        Raises:
            DataError: A split cannot be read.
            FaultsError: Several cannot.
        """
        ...

    @classmethod
    def check(cls, settings: Any, corpus: Corpus[E]) -> DataCheck:
        """Count everything, and look for the usual oddities.

        Raises:
            DataError: There is nothing in it to train on.
        """
        ...

    @classmethod
    def for_corpus(cls, settings: Any, corpus: Corpus[E]) -> Self:
        """The task of a new run."""
        ...

    @classmethod
    def from_saved(cls, saved: Mapping[str, Any], config: Any) -> Self:
        """The task of a saved model.

        Args:
            saved: What `saved` gave when it was saved; empty for a model of another origin.
            config: The model's.

        Raises:
            ModelError: The model is not one for this task.
        """
        ...

    def saved(self) -> dict[str, Any]:
        """What a saved model keeps of the task, as plain data."""
        ...

    def head(self) -> Head:
        """Which model it needs."""
        ...

    def encode(self, examples: Sequence[E], spec: Spec) -> Sequence[F]:
        """Features of all examples, in order; a long example may have several."""
        ...

    def check_encoded(
        self, corpus: Corpus[E], features: Mapping[str, Sequence[F]], spec: Spec, check: DataCheck
    ) -> None:
        """Add to the check what is seen only now: texts that are cut, words that the tokenizer does not know."""
        ...

    def collate(self, features: Sequence[F], spec: Spec) -> dict[str, torch.Tensor]:
        """A batch; pure, with one tensor `labels`, IGNORE_INDEX where nothing is asked."""
        ...

    def loss(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        """The loss of a batch, exact under gradient accumulation.

        Args:
            outputs: The model's.
            labels: As `collate` made them.
            num_items_in_batch: Labels in the whole optimiser step; None for those of this batch.
        """
        ...

    def infer(
        self, model: Any, inputs: Mapping[str, torch.Tensor], outputs: Any, features: Sequence[F]
    ) -> Sequence[Any]:
        """What is kept of a batch, on the CPU and no larger than need be: one item per feature."""
        ...

    def decode(self, examples: Sequence[E], features: Sequence[F], raw: Sequence[Any], spec: Spec) -> list[P]:
        """One prediction per example.

        Args:
            examples: Those that the features are of.
            features: As `encode` gave them; `feature.example` counts from the first of `examples`.
            raw: Per feature, as `infer` gave it.
            spec: Of the model.
        """
        ...

    def tuned(self, examples: Sequence[E], predictions: Sequence[P]) -> Self:
        """The task with what is chosen on dev, such as thresholds; itself where nothing is."""
        ...

    @classmethod
    def facts(cls, settings: Any, corpus: Corpus[E]) -> dict[str, Any]:
        """What a report needs to know of the training data, as plain data."""
        ...

    @classmethod
    def to_record(cls, example: E, prediction: P) -> dict[str, Any]:
        """A line of `predictions.<split>.jsonl`."""
        ...

    @classmethod
    def from_record(cls, record: Any) -> tuple[E, P]:
        """What `to_record` wrote.

        Raises:
            DataError: It did not write this.
        """
        ...

    @classmethod
    def report(
        cls,
        examples: Sequence[E],
        predictions: Sequence[P],
        *,
        title: str,
        facts: Mapping[str, Any],
        history: Sequence[Mapping[str, Any]] = (),
        resamples: int = 1000,
        **options: Any,
    ) -> Report:
        """The evaluation.

        Args:
            examples: With gold.
            predictions: Of each.
            title: What this is a report of.
            facts: What `facts` gave.
            history: Dev scores per epoch.
            resamples: Bootstrap resamples behind the intervals; 0 for none.
            options: The task's own, such as `mode`.

        Raises:
            DataError: An option is none, or the facts are not those of `facts`.
        """
        ...

    def parse(self, inputs: Any) -> list[E]:
        """New inputs → examples without gold.

        Raises:
            DataError: They are not what the task takes.
        """
        ...

    def answer(self, example: E, prediction: P) -> Any:
        """What `Run.predict` gives for one input."""
        ...

    def card(self, corpus: Corpus[E]) -> tuple[str, str, list[str]]:
        """For the model card: the hub's pipeline tag, what the model is fine-tuned for, and more tags."""
        ...
