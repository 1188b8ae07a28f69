"""What a cell may say about writing on: `task: {generate: {…}}` and its `data:` section."""

from __future__ import annotations

from typing import ClassVar

from pydantic import model_validator

from ft_magics.config.section import Section, described
from ft_magics.config.splits import (
    Column,
    Source,
    SplitSources,
    Text,
    TrainSource,
    encoding_key,
)
from ft_magics.tasks.language.config import DocumentOptions
from ft_magics.tasks.writing.config import SampleSettings

__all__ = ["GenerateData", "GenerateSettings", "PassageFile", "PassageOptions"]


class GenerateSettings(Section):
    """How a causal model is trained on texts, or on completions of prompts."""

    packing: bool = described(
        description="Whether several short texts share a row, each blind to the others: fewer rows, the same logits.",
        default=False,
        origin="Krell et al. 2021",
    )
    samples: int = described(
        description="How many held-out texts the model writes on at each evaluation: what distinct words and "
        "repetition are measured on.",
        default=16,
        ge=0,
        le=100_000,
    )
    generation: SampleSettings = described(
        expected="a section such as `{temperature: 0.8}`",
        description="How texts are written on.",
        default=SampleSettings(),
    )
    prompt_loss: bool = described(
        description="Whether the tokens of a prompt are learned too, beside those of its completion.", default=False
    )


class PassageOptions(DocumentOptions):
    """How texts, or prompts with their completions, are read."""

    synonyms: ClassVar = {
        **DocumentOptions.synonyms,
        "prompt": "prompt_column",
        "completion": "completion_column",
        "response": "completion_column",
        "output": "completion_column",
    }

    encoding: Text | None = encoding_key()
    prompt_column: Column | None = described(
        description="The column of what stands before a completion.",
        otherwise="the one called `prompt`, `instruction`, `question` or `input`, beside one of completions",
        default=None,
    )
    completion_column: Column | None = described(
        description="The column of what the model is to write.",
        otherwise="the one called `completion`, `response`, `output` or `answer`; without one, whole texts are read",
        default=None,
    )

    @model_validator(mode="after")
    def _one_kind(self) -> PassageOptions:
        if self.text_column is not None and (self.prompt_column or self.completion_column) is not None:
            raise ValueError(
                "`text_column` is of whole texts, `prompt_column` and `completion_column` of pairs; keep one kind"
            )
        return self


class PassageFile(PassageOptions):
    """A split with reading options of its own: `dev: {path: dev.jsonl, completion_column: reply}`."""

    path: Source = described(description="Where this split is.")


class GenerateData(SplitSources[PassageOptions, PassageFile], PassageOptions):
    """Where the texts are. `$name` stands for an object of the kernel."""

    options: ClassVar = PassageOptions

    train: TrainSource[PassageFile] = described(
        expected="a file, a folder, a pattern such as `texts/*.txt`, or `$name` for an object of the notebook",
        example="train: path/to/texts.jsonl",
        description="What is trained on: rows of prompt and completion, or texts: plain text, JSON lines, a table.",
    )
