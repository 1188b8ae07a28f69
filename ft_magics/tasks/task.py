"""What a task is: examples ↔ tensors ↔ predictions ↔ report. A new task is a folder with a class of these methods.

Shapes: B batch, T tokens, C labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar, runtime_checkable

from ft_magics.config.section import Section
from ft_magics.data.checks import DataCheck
from ft_magics.data.examples import Corpus, Split
from ft_magics.errors import DataError, TaskError
from ft_magics.evaluation.report import Report
from ft_magics.metrics import Metric
from ft_magics.models.heads import Head
from ft_magics.sections import Card
from ft_magics.tasks.plain import Plain
from ft_magics.tasks.proposal import Proposal
from ft_magics.tasks.widths import one_of_few

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

__all__ = ["IGNORE_INDEX", "BeginsFromNothing", "Feature", "Head", "LazyFeatures", "SeveralLosses", "Spec", "Task"]

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
        virtual_tokens: How many trained tokens the model puts before each row.
        few_widths: Whether batches are padded to one of few widths, and not to their longest row.
    """

    tokenizer: Any
    config: Any
    max_length_tokens: int
    virtual_tokens: int = 0
    few_widths: bool = False

    def width(self, longest: int, most: int | None = None) -> int:
        """How many tokens a batch is padded to.

        Args:
            longest: Tokens of its longest row.
            most: Tokens that the model takes, where these are no inputs but a decoder's.
        """
        return one_of_few(longest, most or self.max_length_tokens) if self.few_widths else longest


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


@runtime_checkable
class LazyFeatures(Protocol):
    """Features that are made when they are asked for: too many for memory, or with something random in them.

    `encode` may give such a sequence, in the place of a list.
    """

    @property
    def lengths(self) -> NDArray[np.integer[Any]]:
        """Tokens of each, by which inputs are put together."""
        ...

    @property
    def fingerprint(self) -> bytes:
        """What the model sees of all of them: a run is resumed with the same only."""
        ...

    def of_example(self, example: int) -> Sequence[Any]:
        """Those of one example."""
        ...

    def drawn(self, *, seed: int, epoch: int) -> Sequence[Any]:
        """The same features with the random numbers of an epoch, which depend on these two and the index alone."""
        ...


@runtime_checkable
class SeveralLosses(Protocol):
    """A task whose loss is a sum of means, each over things of its own: hidden tokens, say, and pairs of segments.

    A step's loss is exact only where each mean has its own number in the whole step. So `num_items_in_batch` of `loss`
    is a tensor then, as `items` gives it, summed over the step. K kinds of things.
    """

    def sums(self, outputs: Any, labels: torch.Tensor) -> torch.Tensor:
        """Of each kind the sum of the losses of a batch. Shape (K,)."""
        ...

    def items(self, labels: torch.Tensor) -> torch.Tensor:
        """How many things of each kind a batch asks for. Shape (K,)."""
        ...


@runtime_checkable
class BeginsFromNothing(Protocol):
    """A task of `%%finetune` that takes a model from nothing too: `model: {preset: tiny}`. Its `make_model` makes it.

    `usual_shape` is the shape of one whose cell names none, such as `llama`.
    """

    usual_shape: ClassVar[str]


class Task(Protocol[E, F, P]):
    """One kind of problem: E example, F feature, P prediction.

    A class that inherits from this has what is the same for most tasks; it need not, as long as it has every method.
    """

    name: ClassVar[str]
    Settings: ClassVar[type[Section]]  # `task: {NAME: {…}}`
    Data: ClassVar[type[Section]]  # `data:`, with train, dev and test

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The headline first: it chooses the best model and stops early."""
        ...

    # Examples

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
    def propose(cls, source: Any) -> Proposal:
        """How a new cell would read data as train: `%ft new` writes it.

        Args:
            source: A path, or a reference to an object of the kernel.

        Raises:
            DataError: They are not what the task reads.
        """
        try:
            data = cls.Data.model_validate({"train": source})
        except ValueError as error:
            raise DataError(f"`task: {cls.name}` does not read {source} as it is; write its `data:` section") from error
        corpus = cls.read(cls.Settings(), data)
        cls.check(cls.Settings(), corpus)
        return Proposal(examples=len(corpus.train.examples))

    @classmethod
    def facts(cls, settings: Any, corpus: Corpus[E]) -> dict[str, Any]:
        """What a report needs to know of the training data, as plain data."""
        return {}

    @classmethod
    def check_facts(cls, facts: Mapping[str, Any]) -> None:
        """See that `facts` gave these.

        Raises:
            DataError: It did not.
        """

    def read_more(self, source: Any, options: Mapping[str, Any]) -> Split[E]:
        """Read labelled examples that a trained model is evaluated on.

        Args:
            source: A path, or a reference to an object of the kernel.
            options: How to read it, as in the `data:` section.

        Raises:
            DataError: It cannot be read, or there is no such option.
        """
        raise DataError(f"`task: {self.name}` evaluates runs only")

    def parse(self, inputs: Any) -> list[E]:
        """New inputs → examples without gold.

        Raises:
            DataError: They are not what the task takes.
        """
        ...

    # Models

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
        return {}

    def known_facts(self) -> dict[str, Any]:
        """What is known to a report of a model whose training data are not."""
        return {}

    def head(self) -> Head:
        """Which model it needs."""
        ...

    def make_model(self, corpus: Corpus[E], model: Any, tokenizer: Any, *, seed: int) -> tuple[str, list[str]]:
        """The folder of a model from nothing, with a tokenizer trained on train, and sentences on what it is.

        Args:
            corpus: Of the run.
            model: Shape and sizes, as the cell said.
            tokenizer: Kind and size, as the cell said; None for the usual ones.
            seed: Of the weights.

        Raises:
            TaskError: The task needs a model that is there.
            ModelError: There can be no such model, or the text does not support the tokenizer.
        """
        raise TaskError(f"`task: {self.name}` begins from a model that is there; `%%pretrain` makes one from nothing")

    @classmethod
    def saved_head(cls) -> Head:
        """Which model a saved one must be; its labels are in its config."""
        ...

    def describe(self, corpus: Corpus[E]) -> tuple[str, str, list[str]]:
        """For the model card: the hub's pipeline tag, what the model is fine-tuned for, and more tags."""
        ...

    # Tensors

    def encode(self, examples: Sequence[E], spec: Spec) -> Sequence[F]:
        """Features of all examples, in order; a long example may have several."""
        ...

    def check_encoded(
        self, corpus: Corpus[E], features: Mapping[str, Sequence[F]], spec: Spec, check: DataCheck
    ) -> None:
        """Add to the check what is seen only now: texts that are cut, words that the tokenizer does not know."""

    def fingerprint(self, feature: F) -> bytes:
        """What the model sees of a feature: a run is resumed with the same only."""
        return repr(feature).encode()

    def collate(self, features: Sequence[F], spec: Spec) -> dict[str, torch.Tensor]:
        """A batch; pure, with one tensor `labels`, IGNORE_INDEX where nothing is asked."""
        ...

    def loss(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        """The loss of a batch, exact under gradient accumulation.

        Args:
            outputs: The model's.
            labels: As `collate` made them.
            num_items_in_batch: Labels in the whole optimiser step, or of each part of the loss (see `SeveralLosses`);
                None for those of this batch.
        """
        ...

    # Predictions

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
        return self

    def answer(self, example: E, prediction: P) -> Any:
        """What `Run.predict` gives for one input."""
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

    # Reports

    @classmethod
    def samples(cls, examples: Sequence[E], predictions: Sequence[P]) -> list[dict[str, Any]]:
        """A few predictions that are worth a look after each evaluation, the same examples every time.

        Returns:
            Plain data with the texts `text`, `gold` and `predicted`, and `right`: true, false, or None.
        """
        return []

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
            facts: What `facts` gave, or `known_facts`.
            history: Dev scores per epoch.
            resamples: Bootstrap resamples behind the intervals; 0 for none.
            options: The task's own, such as `mode`, as `check_options` lets them pass.
        """
        ...

    @classmethod
    def check_options(cls, options: Mapping[str, Any]) -> None:
        """See that a report can be asked for so.

        Raises:
            DataError: There is no such option, or no such value.
        """
        if options:
            raise DataError(f"a report of `task: {cls.name}` has no option `{next(iter(options))}`")

    @classmethod
    def verified(cls, report: Any, examples: Sequence[E], predictions: Sequence[P]) -> Report:
        """The report of a run's end, with a note on what the field's own library gives, where there is one."""
        found: Report = report
        return found

    @classmethod
    def score(cls, gold: Any, pred: Any, **options: Any) -> Report:
        """The evaluation of predictions of one's own.

        Args:
            gold: What is right, as the task's field writes it.
            pred: What was predicted, in the same way.
            options: Of the report.

        Raises:
            DataError: They do not belong together.
        """
        raise DataError(f"`task: {cls.name}` scores runs only")

    @classmethod
    def read_answers(cls, source: Any, options: Mapping[str, Any]) -> Any:
        """Gold or predictions of one's own in a file, as `score` takes them.

        Raises:
            DataError: They cannot be read.
        """
        raise DataError(f"`task: {cls.name}` scores runs only")

    def drawn(self, example: E, prediction: P) -> Card:
        """An answer as a page shows it."""
        ...

    # Before training

    def gold_card(self, example: E) -> Card:
        """A labelled example as a page shows it before anything is trained."""
        return Card(kind="texts", row=str(getattr(example, "id", "")), data={"texts": [("example", str(example))]})

    def gold_labels(self, example: E) -> Sequence[str]:
        """The labels in an example: a page shows some examples of each, and says which of them dev lacks."""
        return ()

    def plain(self, corpus: Corpus[E], data: Any, spec: Spec) -> Plain:
        """The task's part of a run in plain Python, without ft_magics: reading, encoding, loss, scores.

        Args:
            corpus: Of the run.
            data: The `data:` section that it was read by.
            spec: Of the model.

        Raises:
            TaskError: The task does not say it.
        """
        raise TaskError(f"`task: {self.name}` does not say how a run of it is written in plain Python")
