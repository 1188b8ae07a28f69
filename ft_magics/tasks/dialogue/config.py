"""What a cell may say about dialogues: `task: {dialogue: {…}}` and its `data:` section."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator

from ft_magics.config.section import Section, described
from ft_magics.config.splits import (
    SOURCE_EXPECTED,
    SPLIT_SYNONYMS,
    Column,
    Source,
    SplitSources,
    Text,
    TrainSource,
)
from ft_magics.tasks.writing.config import AnswerSettings

__all__ = ["DialogueData", "DialogueFile", "DialogueOptions", "DialogueSettings"]


def _as_text(name: Any) -> Any:
    """A side that is a number, as data sets of classes have it, by its digits."""
    return str(name) if isinstance(name, int) and not isinstance(name, bool) else name


class DialogueSettings(Section):
    """How a causal model is trained on dialogues."""

    synonyms: ClassVar = {"chat_template": "template", "system_prompt": "system"}

    template: Literal["model", "plain"] | Text = described(
        expected="`model`, `plain`, or a Jinja template of your own",
        description="How turns become one text: the model's own chat template, which is a plain one where it has none; "
        "the plain one, `role: text` and the end token a turn; or a Jinja template of your own. It is saved with the "
        "tokenizer.",
        default="model",
        examples=["plain"],
        origin="`chat_template` of Hugging Face's tokenizers",
    )
    packing: bool = described(
        description="Whether several short dialogues share a row, each blind to the others.",
        default=False,
        origin="Krell et al. 2021",
    )
    system: Text | None = described(
        description="What the system says before a dialogue that has no system turn of its own; in `predict` too.",
        otherwise="nothing",
        examples=["You answer briefly."],
        default=None,
    )
    answers: Literal["one", "all"] = described(
        description="Which turns of the assistant are written in an evaluation, each after the turns before it as they "
        "stand in the data: one of each dialogue, drawn by its text, or all. Perplexity is of all in any case.",
        default="one",
    )
    generation: AnswerSettings = described(
        expected="a section such as `{max_new_tokens: 64}`",
        description="How answers are written.",
        default=AnswerSettings(),
    )


class DialogueOptions(Section):
    """How dialogues are read, where that cannot be seen in the source itself."""

    synonyms: ClassVar = {
        **SPLIT_SYNONYMS,
        "messages": "turns_column",
        "conversations": "turns_column",
        "messages_column": "turns_column",
        "id": "id_column",
        "role": "role_column",
        "speaker": "role_column",
        "text": "text_column",
        "content": "text_column",
    }

    format: Literal["csv", "tsv", "json", "jsonl", "parquet"] | None = described(
        description="What kind of file it is.", otherwise="seen in the file", default=None
    )
    turns_column: Column | None = described(
        description="The column, or key, of the list of turns.",
        otherwise="the one called `messages`, `conversations`, `turns` or `dialogue`",
        default=None,
    )
    role_column: Column | None = described(
        description="The key of a turn's side; in a table with a turn a row its column.",
        otherwise="`role`, `from` or `speaker`",
        default=None,
    )
    text_column: Column | None = described(
        description="The key of what a turn says; in a table with a turn a row its column.",
        otherwise="`content`, `value`, `utterance` or `text`",
        default=None,
    )
    id_column: Column | None = described(
        description="In a table with a turn a row: the column that says which dialogue a turn is of.",
        otherwise="`dialogue_id` or `conversation_id`",
        default=None,
    )
    roles: dict[Annotated[Text, BeforeValidator(_as_text)], Literal["user", "assistant", "system"]] | None = described(
        expected="a section such as `{caller: user, operator: assistant}`",
        description="Names of the sides in the data.",
        otherwise="names that are usual, such as `human`, `gpt`, `customer`, `agent`, `用户`, `客服`",
        examples=["{caller: user, operator: assistant}"],
        default=None,
    )
    encoding: Text | None = described(
        description="Character encoding of the file.",
        otherwise="its byte-order mark, or UTF-8",
        examples=["utf-8", "gb18030"],
        default=None,
    )


class DialogueFile(DialogueOptions):
    """A split with reading options of its own: `test: {path: test.jsonl, turns_column: log}`."""

    path: Source = described(description="Where this split is.")


class DialogueData(SplitSources[DialogueOptions, DialogueFile], DialogueOptions):
    """Where the dialogues are. `$name` stands for an object of the kernel."""

    options: ClassVar = DialogueOptions

    train: TrainSource[DialogueFile] = described(
        expected=SOURCE_EXPECTED,
        example="train: path/to/dialogues.jsonl",
        description="What is trained on: a row a dialogue with a list of turns, a table with a turn a row, or a list.",
    )
