"""What a `%%finetune` cell may say: one strict pydantic model per section.

Every default here is a setting that a reader of the cell need not know.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Generic, Self, TypeAlias, TypeVar

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from ft_magics.config.compare import CompareConfig
from ft_magics.config.eval_section import EvalConfig
from ft_magics.config.new_words import AddedWords
from ft_magics.config.references import Reference
from ft_magics.config.scratch import NewModelSettings, TokenizerSettings
from ft_magics.config.section import JoinedSection, Kind, Section, described
from ft_magics.config.seeds import Seeds
from ft_magics.config.splits import Text
from ft_magics.config.train import EarlyStopping, TrainConfig

__all__ = [
    "AnyConfig",
    "Every",
    "PretrainConfig",
    "RunConfig",
    "SaveConfig",
    "ScratchConfig",
]

DEFAULT_FOLDER = "ft_runs"  # of runs, beside the notebook

Count = Annotated[int, Field(ge=1, le=1_000_000)]
Model = Annotated[Text | Reference, Kind("model", "an alias, a folder, a hub id, or `$name` for a run")]
NewOrOld = Annotated[
    Annotated[NewModelSettings, Tag("<new>")] | Annotated[Model, Tag("<model>")],
    Discriminator(lambda value: "<new>" if isinstance(value, (dict, NewModelSettings)) else "<model>"),
]
TaskName = Annotated[Text, Kind("task", "the name of a task, or a section with its settings")]
ObjectiveName = Annotated[
    Text, Kind("objective", "the name of an objective, a section with its settings, or a list such as `[mlm, nsp]`")
]
Folder = Annotated[Text, Kind("folder", "a folder")]


class Every(Section):
    """How often a checkpoint is written: after so many steps, minutes or epochs. A stop writes one too."""

    steps: Count | None = described(description="After so many steps.", examples=[500], default=None)
    minutes: float | None = described(
        description="After so many minutes.", examples=[10], default=None, gt=0, le=100_000
    )
    epochs: Count | None = described(description="After so many epochs.", examples=[1], default=None)

    @model_validator(mode="after")
    def _one_of_them(self) -> Every:
        if sum(value is not None for value in (self.steps, self.minutes, self.epochs)) != 1:
            raise ValueError("expected one of steps, minutes and epochs, such as `every: {epochs: 1}`")
        return self


class SaveConfig(Section):
    """Where a run lives and what it keeps."""

    synonyms: ClassVar = {"folder": "dir", "path": "dir"}

    every: Every | None = described(
        expected="a section such as `{epochs: 1}`",
        description="How often a checkpoint is written, from which a run that died is resumed; `null` for never.",
        default=Every(epochs=1),
    )
    keep: Count = described(description="How many of the last checkpoints are kept.", default=1)
    merge: bool = described(
        description="Whether the saved model has plain weights, which load without the base; for a method that keeps "
        "only what was trained.",
        default=False,
    )
    dir: Folder = described(description="The folder that the run's own folder is made in.", default=DEFAULT_FOLDER)


S = TypeVar("S", bound=Section)
D = TypeVar("D", bound=Section)
M = TypeVar("M", bound=Section)


class RunConfig(Section, Generic[S, D, M]):
    """A whole cell, whose task has settings S and data D, and whose methods' settings are the fields of M.

    Attributes:
        word: The key of `task` in a cell.
    """

    word: ClassVar[str] = "task"

    task: TaskName = described(
        example="task: ner", description="What the model is trained to do; `{classify: {…}}` gives it settings too."
    )
    settings: S
    model: Model = described(
        expected="`minilm`, `ft-tiny`, a folder, a hub id, or `$name` for a run",
        example="model: minilm",
        description="The model that training begins from; of a run, its best.",
    )
    tokenizer: AddedWords | None = described(
        expected="a section such as `{new_words: 500}`",
        description="Words that the vocabulary of the model lacks, and gets.",
        otherwise="the vocabulary stays as it is",
        examples=["{new_words: 500}"],
        default=None,
    )
    data: D = described(
        expected="a section such as `{train: path/to/file}`",
        example="data: {train: path/to/file}",
        description="Where the labelled examples are, and how they are read.",
    )
    method: Annotated[M, Kind("method", "a method's name, with settings or without, or a list of them")] = described(
        expected="a method's name, such as `lora`, one with settings, `{lora: {r: 8}}`, or a list of them",
        examples=["{lora: {r: 8}}", "[bitfit, freeze]"],
        description="What learns, and how it is kept: `full` trains all parameters of the model.",
        otherwise="`full`",
        default=None,  # the parser puts `full` there: which methods there are is not known here
    )
    train: TrainConfig = described(
        expected="a section such as `{epochs: 3}`", description="How the model is trained.", default=TrainConfig()
    )
    eval: EvalConfig = described(
        expected="a section such as `{every: {steps: 200}}`",
        description="How often dev is evaluated on the way.",
        default=EvalConfig(),
    )
    save: SaveConfig = described(
        expected="a section such as `{every: {epochs: 1}}`",
        description="Where the run lives, and what it keeps.",
        default=SaveConfig(),
    )
    seeds: Seeds | None = described(
        expected="a list of whole numbers, such as `[1, 2, 3]`",
        description="A run for each of these seeds, one after the other: one dashboard, the mean of their scores and "
        "how much they spread.",
        otherwise="one run, with `train.seed`",
        examples=["[1, 2, 3]"],
        default=None,
        origin="Dodge et al. 2020, “Fine-Tuning Pretrained Language Models”: a score hangs on the seed",
    )
    compare: CompareConfig | None = described(
        expected="a section such as `{models: [minilm, scratch], share: [0.01, 0.1, 1.0], seeds: 3}`",
        description="Fine-tune several models on growing shares of train, a run for each model, share and seed: score "
        "over labelled examples, with intervals.",
        otherwise="one model, on all of train",
        examples=["{models: [minilm, scratch], share: [0.01, 0.1, 1.0], seeds: 3}"],
        default=None,
    )

    @model_validator(mode="after")
    def _early_stopping_needs_dev(self) -> Self:
        if isinstance(self.train.early_stopping, EarlyStopping) and getattr(self.data, "dev", None) is None:
            raise PydanticCustomError(
                "elsewhere",
                "it watches the dev headline metric, and there is no dev split; add one under `data:`, such as "
                "`dev: {fraction: 0.1}`",
                {"path": ("train", "early_stopping")},
            )
        return self

    @model_validator(mode="after")
    def _one_seed_or_several(self) -> Self:
        if self.seeds is not None and "seed" in self.train.model_fields_set:
            raise PydanticCustomError(
                "elsewhere",
                "does not go with `seeds`, which gives each run its own; keep one of them",
                {"path": ("train", "seed")},
            )
        return self

    @model_validator(mode="after")
    def _compared_models_are_alone(self) -> Self:
        if self.compare is None or self.word != "task":
            return self
        scored = any(getattr(self.data, split, None) is not None for split in ("dev", "test"))
        fault = self.compare.fault_beside(
            model=str(self.model),
            methods=list(self.methods),
            train=self.train.model_fields_set,
            seeds=self.seeds is not None,
            scored=scored,
        )
        if fault is not None:
            where, text = fault
            raise PydanticCustomError("elsewhere", "{text}", {"path": where, "text": text})
        return self

    @model_validator(mode="after")
    def _evaluations_need_dev(self) -> Self:
        if self.eval != EvalConfig() and getattr(self.data, "dev", None) is None:
            raise PydanticCustomError(
                "elsewhere",
                "it says how often dev is evaluated, and there is no dev split; add one under `data:`, such as "
                "`dev: {fraction: 0.1}`",
                {"path": ("eval", "every")},
            )
        if self.eval.examples is not None and self.word != "task":
            raise PydanticCustomError(
                "elsewhere",
                "pre-training evaluates all of dev, which is one pass through it; take this out",
                {"path": ("eval", "examples")},
            )
        return self

    @property
    def methods(self) -> dict[str, Section]:
        """The settings of each method, by its name."""
        return {name: getattr(self.method, name) for name in type(self.method).model_fields}

    @property
    def method_name(self) -> str:
        """The methods' names, such as `bitfit + freeze`."""
        return " + ".join(self.methods)

    def with_seed(self, seed: int, folder: str) -> Self:
        """The config of one of the runs that the cell asks for.

        Args:
            seed: Its own.
            folder: That the run's own folder is made in.
        """
        train, save = self.train.model_copy(update={"seed": seed}), self.save.model_copy(update={"dir": folder})
        return self.model_copy(update={"train": train, "save": save, "seeds": None})

    def with_part(self, model: str | Reference, share: float, seed: int, folder: str) -> Self:
        """The config of one of the runs that `compare` asks for.

        Args:
            model: Its own.
            share: Of train; 1 for all.
            seed: Its own.
            folder: That the run's own folder is made in.
        """
        one = self.with_seed(seed, folder)
        train = one.train.model_copy(update={"share": None if share == 1 else share})
        return one.model_copy(update={"model": model, "train": train, "compare": None})

    def to_plain(self) -> dict[str, Any]:
        """The resolved config as plain data for `config.yaml`; references become `$name`."""
        plain = self.model_dump(mode="python")
        settings = plain.pop("settings")
        if self.seeds is not None or self.compare is not None:
            del plain["train"]["seed"]  # each of the runs has its own
        named = plain["method"]
        plain["method"] = next(iter(named)) if len(named) == 1 and not any(named.values()) else named
        del plain["task"]
        if isinstance(self.settings, JoinedSection):
            return {self.word: [{name: own} if own else name for name, own in settings.items()], **plain}
        return {self.word: {self.task: settings} if settings else self.task, **plain}


class ScratchConfig(RunConfig[S, D, M], Generic[S, D, M]):
    """A whole cell whose model may also be one from nothing."""

    model: NewOrOld = described(  # type: ignore[assignment]  # wider than a task's, by a section of its own
        expected="`minilm`, `ft-tiny`, a folder, a hub id, `$name` for a run, or a section such as `{preset: tiny}`",
        example="model: minilm",
        description="The model that is trained further; with a section one from nothing, of that shape and size.",
        examples=["{preset: tiny}"],
    )
    tokenizer: TokenizerSettings | None = described(
        expected="a section such as `{type: wordpiece, vocab_size: 8000}`, or `{new_words: 500}`",
        description="The tokenizer of a model from nothing, trained on the text of train; or `new_words` for that of a "
        "model that is trained already.",
        otherwise="with a model from nothing the defaults of its keys; else the model's own",
        default=None,
    )

    @model_validator(mode="after")
    def _tokenizer_is_of_a_new_model(self) -> Self:
        given, new = self.tokenizer, isinstance(self.model, NewModelSettings)
        if given is not None and new and given.new_words is not None:
            raise PydanticCustomError(
                "elsewhere",
                "a tokenizer from nothing has the words of its text already; leave this out, or take a larger "
                "`vocab_size`",
                {"path": ("tokenizer", "new_words")},
            )
        if given is not None and not new and (given.new_words is None or given.of_training):
            raise PydanticCustomError(
                "elsewhere",
                "a trained model has its own tokenizer; leave this out, or take a model from nothing, "
                "`model: {preset: tiny}`. Only new words can be added: `tokenizer: {new_words: 500}`",
                {"path": ("tokenizer", given.of_training) if given.new_words is not None else ("tokenizer",)},
            )
        return self


class PretrainConfig(ScratchConfig[S, D, M], Generic[S, D, M]):
    """A whole `%%pretrain` cell: an objective replaces the task."""

    word: ClassVar[str] = "objective"

    task: ObjectiveName = described(
        example="objective: mlm",
        description="What the model is trained to predict in raw text; `{mlm: {…}}` gives it settings too, and "
        "`[{mlm: {…}}, nsp]` names two.",
    )
    data: D = described(
        expected="a section such as `{train: path/to/texts}`",
        example="data: {train: path/to/texts, dev: {fraction: 0.05}}",
        description="Where the raw text is, and how it is read.",
    )

    @model_validator(mode="after")
    def _labelled_data_are_of_another_cell(self) -> Self:
        if self.compare is not None:
            text = (
                "belongs in a `%%finetune` cell below, which has the labelled data: `compare: {models: [minilm, NAME, "
                "scratch]}`, NAME being this run"
            )
            raise PydanticCustomError("elsewhere", "{text}", {"path": ("compare",), "text": text})
        if self.train.share is not None:
            text = (
                "draws labelled examples, and raw text has none; name fewer files, or train fewer steps (`max_steps`)"
            )
            raise PydanticCustomError("elsewhere", "{text}", {"path": ("train", "share"), "text": text})
        return self


AnyConfig: TypeAlias = "RunConfig[Any, Any, Any]"  # a text: pydantic would make a class of it
