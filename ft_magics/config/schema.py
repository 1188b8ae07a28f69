"""What a `%%finetune` cell may say: one strict pydantic model per section.

Every default here is a setting that a reader of the cell need not know. Numbers are checked for range, since Hugging
Face's `TrainingArguments` takes a negative learning rate without a word.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Generic, Literal, Self, TypeAlias, TypeVar

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from ft_magics.config.references import Reference
from ft_magics.config.section import Section, described
from ft_magics.config.splits import Text

__all__ = [
    "AnyConfig",
    "EarlyStopping",
    "Every",
    "RunConfig",
    "SaveConfig",
    "TrainConfig",
]

DEFAULT_FOLDER = "ft_runs"  # of runs, beside the notebook
MOST_THREADS = 1024  # of a training


def _auto_or_some(threads: Any) -> Any:
    number = isinstance(threads, int) and not isinstance(threads, bool)
    if threads == "auto" or (number and 1 <= threads <= MOST_THREADS):
        return threads
    shown = f"`{threads}`" if isinstance(threads, str) else threads
    raise ValueError(f"found {shown}, expected `auto`, or a whole number from 1 to {MOST_THREADS}")


Count = Annotated[int, Field(ge=1, le=1_000_000)]
ThreadCount = Annotated[Literal["auto"] | int, BeforeValidator(_auto_or_some)]


class EarlyStopping(Section):
    """Stop when the dev headline metric has not improved by more than `min_delta` for `patience` evaluations."""

    patience: Count = 3
    min_delta: float = Field(default=0.0, ge=0, lt=1)


class TrainConfig(Section):
    """How the model is trained."""

    synonyms: ClassVar = {"cores": "threads", "cpus": "threads", "n_threads": "threads", "num_threads": "threads"}

    epochs: float = Field(default=5, gt=0, le=10_000)
    max_steps: int | None = Field(default=None, ge=1, le=1_000_000_000)
    learning_rate: float = Field(default=5e-5, gt=0, le=1)
    batch_size: Count = 16
    eval_batch_size: Count = 64
    gradient_accumulation: Count = 1
    seed: int = Field(default=1, ge=0, lt=2**32)
    scheduler: Literal["linear", "cosine", "constant"] = "linear"
    warmup: float = Field(default=0.1, ge=0)
    weight_decay: float = Field(default=0.01, ge=0, lt=1)
    max_grad_norm: float = Field(default=1.0, gt=0)
    early_stopping: EarlyStopping | None = described(expected="a section such as `{patience: 3}`", default=None)
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    threads: ThreadCount = "auto"
    report_to: Literal["tensorboard", "wandb", "mlflow"] | None = None
    max_length_tokens: int | None = Field(default=None, ge=8, le=1_000_000)

    @model_validator(mode="after")
    def _warmup_is_a_share_or_whole_steps(self) -> TrainConfig:
        if self.warmup >= 1 and not self.warmup.is_integer():
            raise PydanticCustomError(
                "elsewhere",
                "found {found}, expected a share of all steps below 1, or a whole number of steps",
                {"path": ("train", "warmup"), "found": f"{self.warmup:g}"},
            )
        return self


class Every(Section):
    """How often a checkpoint is written: after so many steps, minutes or epochs. A stop writes one too."""

    steps: Count | None = None
    minutes: float | None = Field(default=None, gt=0, le=100_000)
    epochs: Count | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Every:
        if sum(value is not None for value in (self.steps, self.minutes, self.epochs)) != 1:
            raise ValueError("expected one of steps, minutes and epochs, such as `every: {epochs: 1}`")
        return self


class SaveConfig(Section):
    """Where a run lives and what it keeps."""

    synonyms: ClassVar = {"folder": "dir", "path": "dir"}

    every: Every | None = described(expected="a section such as `{epochs: 1}`", default=Every(epochs=1))
    keep: Count = 1
    dir: Text = DEFAULT_FOLDER


S = TypeVar("S", bound=Section)
D = TypeVar("D", bound=Section)


class RunConfig(Section, Generic[S, D]):
    """A whole cell, whose task has settings S and data D."""

    task: Text = described(example="task: ner")
    settings: S
    model: Text | Reference = described(
        expected="`minilm`, a folder, a hub id, or `$name` for a run", example="model: minilm"
    )
    data: D = described(expected="a section such as `{train: path/to/file}`", example="data: {train: path/to/file}")
    method: Literal["full"] = "full"
    train: TrainConfig = described(expected="a section such as `{epochs: 3}`", default=TrainConfig())
    save: SaveConfig = described(expected="a section such as `{every: {epochs: 1}}`", default=SaveConfig())

    @model_validator(mode="after")
    def _early_stopping_needs_dev(self) -> Self:
        if self.train.early_stopping and getattr(self.data, "dev", None) is None:
            raise PydanticCustomError(
                "elsewhere",
                "it watches the dev headline metric, and there is no dev split; add one under `data:`, such as "
                "`dev: {fraction: 0.1}`",
                {"path": ("train", "early_stopping")},
            )
        return self

    def to_plain(self) -> dict[str, Any]:
        """The resolved config as plain data for `config.yaml`; references become `$name`."""
        plain = self.model_dump(mode="python")
        settings = plain.pop("settings")
        return {**plain, "task": {self.task: settings}} if settings else plain


AnyConfig: TypeAlias = "RunConfig[Any, Any]"  # a text: pydantic would make a class of it
