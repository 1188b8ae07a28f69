"""What a `%%finetune` cell may say: one strict pydantic model per section.

Every default here is a setting that a reader of the cell need not know. Numbers are checked for range, since Hugging
Face's `TrainingArguments` takes a negative learning rate without a word.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    Tag,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ft_magics.config.references import Reference

__all__ = [
    "DataConfig",
    "EarlyStopping",
    "Every",
    "Fraction",
    "ReadOptions",
    "RunConfig",
    "SaveConfig",
    "SplitFile",
    "TrainConfig",
]

DEFAULT_FOLDER = "ft_runs"  # of runs, beside the notebook
MOST_THREADS = 1024  # of a training

Scheme = Literal["IOB1", "IOB2", "IOE1", "IOE2", "BIOES", "BILOU", "IO"]
Text = Annotated[str, Field(min_length=1)]


def _no_zero(column: int) -> int:
    if column == 0:
        raise ValueError("found 0; columns count from 1, and from the end -1 is the last")
    return column


def _auto_or_some(threads: Any) -> Any:
    number = isinstance(threads, int) and not isinstance(threads, bool)
    if threads == "auto" or (number and 1 <= threads <= MOST_THREADS):
        return threads
    shown = f"`{threads}`" if isinstance(threads, str) else threads
    raise ValueError(f"found {shown}, expected `auto`, or a whole number from 1 to {MOST_THREADS}")


Count = Annotated[int, Field(ge=1, le=1_000_000)]
ThreadCount = Annotated[Literal["auto"] | int, BeforeValidator(_auto_or_some)]
Column = Annotated[int, AfterValidator(_no_zero)] | Text


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        arbitrary_types_allowed=True,  # a Reference holds any object of the kernel
    )

    @model_serializer(mode="wrap")
    def _said(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out a None that is the default: what was not said, but not what was said to be none."""
        fields = type(self).model_fields
        return {
            name: value for name, value in plain(self).items() if value is not None or fields[name].default is not None
        }


class ReadOptions(_Section):
    """How files are read, where that cannot be seen in the file itself.

    Columns count from 1, from the end with -1 for the last, or are named by the file's header row.
    """

    format: Literal["conll", "jsonl", "csv"] | None = None
    token_column: Column | None = None
    tag_column: Column | None = None
    sentence_column: Column | None = None
    sentence_end: Text | None = None
    encoding: Text | None = None
    scheme: Scheme | None = None
    tag_names: list[str] | None = None


class SplitFile(ReadOptions):
    """A split with reading options of its own: `test: {path: test.iob2, tag_column: 3}`."""

    path: Text | Reference


class Fraction(_Section):
    """A split drawn from the training data: `dev: {fraction: 0.1, seed: 42}`."""

    fraction: float = Field(gt=0, lt=1)
    seed: int = Field(default=42, ge=0, lt=2**32)


def _split_kind(value: Any) -> str:
    # The tags stand in pydantic's error locations: angle brackets keep them apart from keys.
    if isinstance(value, Fraction) or (isinstance(value, dict) and "path" not in value):
        return "<fraction>"
    return "<file>" if isinstance(value, (dict, SplitFile)) else "<source>"


Source = Text | Reference
HeldOut = Annotated[
    Annotated[Fraction, Tag("<fraction>")] | Annotated[SplitFile, Tag("<file>")] | Annotated[Source, Tag("<source>")],
    Discriminator(_split_kind),
]


def _train_kind(value: Any) -> str:
    return "<file>" if isinstance(value, (dict, SplitFile)) else "<source>"


class DataConfig(ReadOptions):
    """Where the labelled data are. `$name` stands for an object of the kernel."""

    train: Annotated[
        Annotated[SplitFile, Tag("<file>")] | Annotated[Source, Tag("<source>")], Discriminator(_train_kind)
    ]
    dev: HeldOut | None = None
    test: HeldOut | None = None

    @model_validator(mode="after")
    def _fractions_leave_something(self) -> DataConfig:
        held_out = sum(split.fraction for split in (self.dev, self.test) if isinstance(split, Fraction))
        if held_out >= 1:
            raise ValueError(f"the fractions of dev and test add up to {held_out:g}; nothing is left to train on")
        return self


class EarlyStopping(_Section):
    """Stop when the dev headline metric has not improved by more than `min_delta` for `patience` evaluations."""

    patience: Count = 3
    min_delta: float = Field(default=0.0, ge=0, lt=1)


class TrainConfig(_Section):
    """How the model learns."""

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
    early_stopping: EarlyStopping | None = None
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


class Every(_Section):
    """How often a checkpoint is written: after so many steps, minutes or epochs. A stop writes one too."""

    steps: Count | None = None
    minutes: float | None = Field(default=None, gt=0, le=100_000)
    epochs: Count | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Every:
        if sum(value is not None for value in (self.steps, self.minutes, self.epochs)) != 1:
            raise ValueError("expected one of steps, minutes and epochs, such as `every: {epochs: 1}`")
        return self


class SaveConfig(_Section):
    """Where a run lives and what it keeps."""

    every: Every | None = Every(epochs=1)
    keep: Count = 1
    dir: Text = DEFAULT_FOLDER


class RunConfig(_Section):
    """A whole cell."""

    task: Literal["ner"]
    model: Text | Reference
    data: DataConfig
    method: Literal["full"] = "full"
    train: TrainConfig = TrainConfig()
    save: SaveConfig = SaveConfig()

    @model_validator(mode="after")
    def _early_stopping_needs_dev(self) -> RunConfig:
        if self.train.early_stopping and self.data.dev is None:
            raise PydanticCustomError(
                "elsewhere",
                "it watches the dev headline metric, and there is no dev split; add one under `data:`, such as "
                "`dev: {fraction: 0.1}`",
                {"path": ("train", "early_stopping")},
            )
        return self

    def to_plain(self) -> dict[str, Any]:
        """The resolved config as plain data for `config.yaml`; references become `$name`."""
        return self.model_dump(mode="python")
