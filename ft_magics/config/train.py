"""`train:` in a cell: how a model is trained.

What is `auto` is chosen once data and model are known; `FittedTrain` is the section with nothing left to choose.
Numbers are checked for range, since Hugging Face's `TrainingArguments` takes a negative learning rate without a word.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from ft_magics.config.optimizers import OptimizerName, SchedulerName
from ft_magics.config.section import Section, described

__all__ = ["MOST_EPOCHS", "DropoutConfig", "EarlyStopping", "FittedTrain", "TrainConfig"]

MOST_THREADS = 1024  # of a training
MOST_EPOCHS = 10_000


def _auto_or_some(threads: Any) -> Any:
    number = isinstance(threads, int) and not isinstance(threads, bool)
    if threads == "auto" or (number and 1 <= threads <= MOST_THREADS):
        return threads
    shown = f"`{threads}`" if isinstance(threads, str) else threads
    raise ValueError(f"found {shown}, expected `auto`, or a whole number from 1 to {MOST_THREADS}")


def _auto_or_not(value: Any) -> Any:
    if value == "auto" or isinstance(value, bool):
        return value
    found = "nothing" if value is None else f"`{value}`"
    raise ValueError(f"found {found}, expected `auto`, `true` or `false`")


def _given_or_not(value: Any) -> str:
    """The branch of `auto` or of a value: a mistake is then said once, as one in a value."""
    if isinstance(value, str) and value == "auto":
        return "auto"
    return "off" if value is None else "value"


def _off_or_on(value: Any) -> Any:
    """`early_stopping: false` and `true` are understood."""
    if isinstance(value, bool):
        return {} if value else None
    return value


Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
_Auto = Annotated[Literal["auto"], Tag("auto")]
_Or = Discriminator(lambda value: "auto" if _given_or_not(value) == "auto" else "value")
AutoEpochs = Annotated[Annotated[float, Field(gt=0, le=MOST_EPOCHS), Tag("value")] | _Auto, _Or]
AutoRate = Annotated[Annotated[float, Field(gt=0, le=1), Tag("value")] | _Auto, _Or]
AutoDecay = Annotated[Annotated[float, Field(ge=0, lt=1), Tag("value")] | _Auto, _Or]
AutoCount = Annotated[Annotated[int, Field(ge=1, le=1_000_000), Tag("value")] | _Auto, _Or]
AutoSwitch = Annotated[Literal["auto"] | bool, BeforeValidator(_auto_or_not)]
ThreadCount = Annotated[Literal["auto"] | int, BeforeValidator(_auto_or_some)]


class EarlyStopping(Section):
    """Stop when the dev headline metric has not improved by more than `min_delta` for `patience` evaluations."""

    patience: Count = described(
        description="How many evaluations without improvement are waited for.",
        default=3,
        origin="Prechelt 1998, “Early Stopping – But When?”",
    )
    min_delta: float = described(
        description="An improvement counts where it is larger than this, in the metric's own units: `0.01` is a point "
        "of F1, which is a share from 0 to 1.",
        examples=[0.001],
        default=0.0,
        ge=0,
        le=1e12,
        origin="`early_stopping_threshold` of Hugging Face",
    )


AutoStopping = Annotated[
    Annotated[EarlyStopping, Tag("value")] | Annotated[None, Tag("off")] | _Auto,
    Discriminator(_given_or_not),
    BeforeValidator(_off_or_on),
]


class DropoutConfig(Section):
    """Dropout by kind; a kind that is not named stays as the model has it."""

    hidden: Share | None = described(
        default=None, otherwise="as the model has it", description="Of the hidden states, after each part of a layer."
    )
    attention: Share | None = described(
        default=None, otherwise="as the model has it", description="Of the attention's probabilities."
    )
    classifier: Share | None = described(
        default=None, otherwise="as the model has it", description="Of what goes into the head."
    )


Dropout = Annotated[
    Annotated[Share, Tag("share")] | Annotated[DropoutConfig, Tag("section")] | Annotated[None, Tag("none")],
    Discriminator(
        lambda value: "none" if value is None else "section" if isinstance(value, (dict, Section)) else "share"
    ),
]


class TrainConfig(Section):
    """How the model is trained.

    `auto` fits to the model's size, the method and the number of rows (docs/decisions/0011).
    """

    synonyms: ClassVar = {"cores": "threads", "cpus": "threads", "n_threads": "threads", "num_threads": "threads"}

    epochs: AutoEpochs = described(
        description="How often the whole of train is seen; `0.5` is half of it once. `auto`: the more often, the fewer "
        "rows there are.",
        examples=[5],
        default="auto",
        origin="`num_train_epochs` of Hugging Face",
    )
    max_steps: int | None = described(
        description="Train this many steps, however many epochs they make.",
        otherwise="as many as the epochs have",
        examples=[1000],
        default=None,
        ge=1,
        le=1_000_000_000,
        origin="`max_steps` of Hugging Face",
    )
    learning_rate: AutoRate = described(
        description="The peak learning rate; it rises to this in the warmup and falls after it. `auto` fits to the "
        "model's size, the method and the number of steps.",
        examples=[2e-4],
        default="auto",
        origin="Devlin et al. 2019, appendix A.3: 2e-5 to 5e-5 for models of BERT's size; small ones take more",
    )
    batch_size: AutoCount = described(
        description="Examples that go through the model at once in training. `auto`: the smaller, the fewer rows there "
        "are.",
        examples=[16],
        default="auto",
        origin="`per_device_train_batch_size` of Hugging Face; Devlin et al. 2019, appendix A.3: 16 or 32",
    )
    batch_tokens: Count | None = described(
        description="Tokens, those that fill rows up to the longest included, that go through the model at once in "
        "training: rows of like length, as many as fit into it, so that hardly any padding is computed. A `batch_size` "
        "beside it is the most rows that a batch has. The lengths decide which rows meet, so batches are less random "
        "than those of `batch_size`.",
        otherwise="batches of `batch_size` rows",
        examples=[4096],
        default=None,
        origin="`--max-tokens` of fairseq (Ott et al. 2019)",
    )
    eval_batch_size: Count = described(
        description="The same in evaluation and prediction; where it does not fit, smaller ones are taken.",
        default=64,
        origin="`per_device_eval_batch_size` of Hugging Face",
    )
    gradient_accumulation: Count = described(
        description="Batches whose gradients are added up before a step: a larger batch without its memory.",
        default=1,
        origin="`gradient_accumulation_steps` of Hugging Face",
    )
    seed: int = described(
        description="Seeds the new head, the order of the batches and dropout; the same seed gives the same run.",
        default=1,
        ge=0,
        lt=2**32,
    )
    share: float | None = described(
        description="Train on this share of the examples in train, drawn by `seed`; a smaller share is a part of a "
        "larger one.",
        otherwise="all of train",
        examples=[0.1],
        default=None,
        gt=0,
        le=1,
    )
    optimizer: OptimizerName = described(
        expected="`adamw`, `sgd`, `adafactor` or `muon`, or one with settings, such as `{sgd: {momentum: 0.9}}`",
        description="What turns gradients into steps. `muon` is for the matrices of layers, with AdamW for the rest.",
        examples=["{sgd: {momentum: 0.9}}"],
        default="adamw",
        origin="`optim` of Hugging Face; Loshchilov & Hutter 2019, Sutskever et al. 2013, Shazeer & Stern 2018, Jordan "
        "et al. 2024",
    )
    scheduler: SchedulerName = described(
        expected="`linear`, `cosine`, `constant`, `polynomial` or `one_cycle`, or one with settings, such as "
        "`{polynomial: {power: 2}}`",
        description="How the learning rate goes after the warmup: down to 0 in a line, a cosine or a power, or not at "
        "all; `one_cycle` rises in a cosine too, over the share that `warmup` says.",
        examples=["{polynomial: {power: 2}}"],
        default="linear",
        origin="`lr_scheduler_type` of Hugging Face; Loshchilov & Hutter 2017 for the cosine, Smith & Topin 2018 for "
        "one cycle",
    )
    warmup: float = described(
        description="The learning rate rises from 0 over this share of all steps, or this many steps where it is 1 "
        "or more.",
        default=0.1,
        ge=0,
        origin="`warmup_ratio` and `warmup_steps` of Hugging Face; Devlin et al. 2019, appendix A.2",
    )
    weight_decay: AutoDecay = described(
        description="How strongly each step pulls the weights towards 0; biases and norms are left alone. `auto`: "
        "0.01, and for SGD, whose rates are far higher, as much less.",
        examples=[0.01],
        default="auto",
        origin="Loshchilov & Hutter 2019 (AdamW); Devlin et al. 2019, appendix A.2",
    )
    max_grad_norm: float = described(
        description="Gradients with a larger norm are scaled down to this one.",
        default=1.0,
        gt=0,
        origin="Pascanu et al. 2013; `max_grad_norm` of Hugging Face",
    )
    dropout: Dropout = described(
        expected="a share such as `0.2`, or shares by kind, such as `{hidden: 0.2, attention: 0.1}`",
        description="The share of values that are left out at random in training, in place of the model's own shares.",
        otherwise="as the model has it",
        examples=[0.2],
        default=None,
        origin="Srivastava et al. 2014",
    )
    fast_dropout: bool = described(
        description="On a processor: draw what dropout leaves out a few times as fast as torch does, and as random, "
        "and compute attention in a way that takes less time. The numbers are others than torch's: `false` for a "
        "training that is to be the plain Trainer's to the bit.",
        default=True,
        origin="docs/decisions/0036",
    )
    ema: float | None = described(
        description="Dev and test are evaluated with, and the run keeps, an exponential moving average of the weights; "
        "this is how much of it is kept at each step, less in the first steps.",
        otherwise="the weights themselves",
        examples=[0.999],
        default=None,
        gt=0,
        lt=1,
        origin="Polyak & Juditsky 1992",
    )
    activation_checkpointing: bool = described(
        description="Compute what the layers computed again for the backward pass: less memory, about a third more "
        "time, the same result.",
        default=False,
        origin="Chen et al. 2016; `activation_checkpointing` of Hugging Face",
    )
    compact_vocabulary: AutoSwitch = described(
        expected="`auto`, `true` or `false`",
        description="Train the embedding rows that train uses, and let the others only decay: the same weights, with "
        "less memory and time. `auto`: where fewer than half of many rows are used, and the weights are the same.",
        default="auto",
    )
    cache_frozen: AutoSwitch = described(
        expected="`auto`, `true` or `false`",
        description="Compute what lies below all that is trained once for each row, keep that in memory or on disk, "
        "and train on it: `method: head`, and frozen lower layers. There is then no dropout in the frozen part. "
        "`auto`: where train is seen twice or more.",
        default="auto",
        origin="the feature-based approach of Devlin et al. 2019, section 5.3, and Peters et al. 2019",
    )
    early_stopping: AutoStopping = described(
        expected="`auto`, `false`, or a section such as `{patience: 3}`",
        description="Stop when the dev headline metric no longer improves; the best model by dev is kept in any case. "
        "`auto`: where there is dev, after half of the evaluations without an improvement.",
        examples=["{patience: 3}", "false"],
        default="auto",
        origin="Prechelt 1998, “Early Stopping – But When?”",
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = described(
        description="Where the model is trained; `auto` takes a GPU where there is one.", default="auto"
    )
    precision: Literal["auto", "fp32", "bf16"] = described(
        description="Number format of the forward pass; `auto` takes bf16 where the GPU has it, and on a processor "
        "that a short measurement shows to be faster with it.",
        default="auto",
        origin="Kalamkar et al. 2019",
    )
    threads: ThreadCount = described(
        description="Cores that torch computes on; `auto` takes those that nobody else keeps busy.",
        default="auto",
        limits=f"`auto`, or 1 to {MOST_THREADS:,}",
    )
    report_to: Literal["tensorboard", "wandb", "mlflow"] | None = described(
        description="A tracker that the run's numbers are sent to as well.", otherwise="none", default=None
    )
    max_length_tokens: int | None = described(
        description="Longer inputs are cut, or read in windows, at this many tokens.",
        otherwise="as many as the model takes",
        examples=[128],
        default=None,
        ge=8,
        le=1_000_000,
    )

    @model_validator(mode="after")
    def _warmup_is_a_share_or_whole_steps(self) -> TrainConfig:
        if self.warmup >= 1 and not self.warmup.is_integer():
            raise PydanticCustomError(
                "elsewhere",
                "found {found}, expected a share of all steps below 1, or a whole number of steps",
                {"path": ("train", "warmup"), "found": f"{self.warmup:g}"},
            )
        return self


class FittedTrain(TrainConfig):
    """How the model is trained, with nothing left to be chosen."""

    epochs: float
    learning_rate: float
    batch_size: int
    weight_decay: float
    early_stopping: EarlyStopping | None
