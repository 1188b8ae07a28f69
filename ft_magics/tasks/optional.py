"""What few tasks have beside the methods of `Task`: other models, tokens of their own, dialogues, written texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from ft_magics.data.examples import Corpus
from ft_magics.errors import TaskError, type_name
from ft_magics.tasks.registry import guarded
from ft_magics.tasks.task import Task

__all__ = [
    "AddsTokens",
    "BeginsWith",
    "CompletesModel",
    "CompletesTokenizer",
    "Converses",
    "ExtendsModel",
    "TakesColumns",
    "TakesOne",
    "TrainsOnSome",
    "WritesTexts",
    "add_tokens",
    "begin_with",
    "complete_model",
    "complete_tokenizer",
    "extend_model",
    "is_one",
    "trained_on",
]


@runtime_checkable
class CompletesModel(Protocol):
    """A task that trains something within a model that its head does not name."""

    def complete(self, model: Any, folder: str, *, fresh: bool, seed: int) -> list[str]:
        """Add to a model what is trained with it and kept beside it.

        Args:
            model: As it was loaded; it is changed.
            folder: Of it.
            fresh: Whether it is going to be trained; else it only predicts.
            seed: Of what is new.

        Returns:
            Sentences on what was added.

        Raises:
            ModelError: That cannot be.
        """
        ...


@runtime_checkable
class CompletesTokenizer(Protocol):
    """A task that needs more of a tokenizer than its tokens, such as a chat template."""

    def complete_tokenizer(self, tokenizer: Any) -> list[str]:
        """Give a tokenizer what it lacks; it is saved with the model.

        Args:
            tokenizer: As it was loaded; it is changed. Its `name_or_path` is the folder that it is from.

        Returns:
            Sentences on what was chosen.

        Raises:
            ModelError: It cannot be had.
        """
        ...


@runtime_checkable
class BeginsWith(Protocol):
    """A task that makes its model of one of another kind, such as an encoder-decoder of an encoder."""

    def begin_with(self, source: str, name: str, *, seed: int) -> tuple[str, list[str]]:
        """The folder of the model that training begins with, and sentences on how it was made.

        Args:
            source: The folder of the model that the cell names.
            name: As the cell names it.
            seed: Of what is new.

        Returns:
            The same folder, and no sentence, for a model that the task takes as it is.

        Raises:
            ModelError: The task takes no such model.
        """
        ...


@runtime_checkable
class TakesOne(Protocol):
    """A task whose inputs are no texts, so that one input looks like a list of them: a dialogue."""

    def is_one(self, inputs: Any) -> bool:
        """Whether this is one input, which has a single answer."""
        ...


@runtime_checkable
class TakesColumns(Protocol):
    """A task whose inputs are in other columns of a file than one called `text`."""

    def input_columns(self, columns: Sequence[str], data: Any) -> Sequence[str] | None:
        """The columns of an input: of one its cell is what `parse` takes, of several a tuple of their cells.

        Args:
            columns: Of a row.
            data: The run's `data:` section; None where nobody knows it.

        Returns:
            No column where `parse` takes the row as it is, by column; None where the usual column of texts is meant.
        """
        ...


@runtime_checkable
class WritesTexts(Protocol):
    """A task whose predictions are generated, which takes far longer than a pass through the model."""

    dev_examples: int  # of dev that an evaluation predicts, where the cell does not say how many


@runtime_checkable
class Converses(Protocol):
    """A task whose answer may be answered in turn, so that `%%predict` continues what was said before."""

    def with_turn(self, former: Any, text: str) -> Any:
        """One input: what was said before, as this or `with_answer` gave it (None for nothing), and a user's turn."""
        ...

    def with_answer(self, asked: Any, answer: Any) -> Any:
        """What was said until now: an input and its answer."""
        ...


def is_one(task: Task[Any, Any, Any], inputs: Any) -> bool:
    """Whether this is one input of a task: a text is of any."""
    return isinstance(inputs, str) or (isinstance(task, TakesOne) and task.is_one(inputs))


def complete_tokenizer(task: Task[Any, Any, Any], tokenizer: Any) -> list[str]:
    """What `complete_tokenizer` of a task says; nothing for a task that has none."""
    if not isinstance(task, CompletesTokenizer):
        return []
    return guarded(task.name, "complete_tokenizer", lambda: task.complete_tokenizer(tokenizer))


def complete_model(task: Task[Any, Any, Any], model: Any, folder: str, *, fresh: bool, seed: int = 0) -> list[str]:
    """What `complete` says; nothing for a task that has none."""
    if not isinstance(task, CompletesModel):
        return []
    return guarded(task.name, "complete", lambda: task.complete(model, folder, fresh=fresh, seed=seed))


def begin_with(task: Task[Any, Any, Any], source: str, name: str, *, seed: int) -> tuple[str, list[str]]:
    """What `begin_with` of a task says; the folder as it is for a task that has none."""
    if not isinstance(task, BeginsWith):
        return source, []
    return guarded(task.name, "begin_with", lambda: task.begin_with(source, name, seed=seed))


@runtime_checkable
class AddsTokens(Protocol):
    """A task whose inputs hold special tokens that a model does not have.

    They are added whenever a base is loaded, so what they begin as must not depend on random numbers of the run.
    """

    def add_tokens(self, model: Any, tokenizer: Any) -> list[str]:
        """Give a model and its tokenizer the tokens that they lack.

        Args:
            model: As it was loaded; it is changed.
            tokenizer: Its own; it is changed too.

        Returns:
            Sentences on what was added; none where all are there.
        """
        ...


def add_tokens(task: Task[Any, Any, Any], model: Any, tokenizer: Any) -> list[str]:
    """What `add_tokens` says; nothing for a task that has none."""
    if not isinstance(task, AddsTokens):
        return []
    return guarded(task.name, "add_tokens", lambda: task.add_tokens(model, tokenizer))


@runtime_checkable
class ExtendsModel(Protocol):
    """A task that gives a model the words that it lacks: `tokenizer: {new_words: 500}`."""

    def extend_model(self, corpus: Corpus[Any], source: str, tokenizer: Any, *, seed: int) -> tuple[str, list[str]]:
        """The folder of a model that has more words in its vocabulary, and sentences on them.

        Args:
            corpus: Of the run.
            source: The folder of the model.
            tokenizer: Which words, as the cell said.
            seed: Of a head that the model lacks.

        Raises:
            ModelError: There are no new words, or the tokenizer cannot have them.
        """
        ...


def extend_model(
    task: Task[Any, Any, Any], corpus: Corpus[Any], source: str, tokenizer: Any, *, seed: int
) -> tuple[str, list[str]]:
    """The folder of a model that has more words in its vocabulary, and sentences on them; see `ExtendsModel`.

    Raises:
        TaskError: The task takes a model's vocabulary as it is.
        ModelError: There are no new words, or the tokenizer cannot have them.
    """
    if not isinstance(task, ExtendsModel):
        raise TaskError(f"`task: {task.name}` takes the vocabulary of a model as it is; leave `tokenizer` out")
    return guarded(task.name, "extend_model", lambda: task.extend_model(corpus, source, tokenizer, seed=seed))


@runtime_checkable
class TrainsOnSome(Protocol):
    """A task that leaves features of train out of the training, such as windows in which nothing is to be found."""

    def trained_on(self, features: Sequence[Any]) -> Sequence[Any]:
        """Those that are trained on, in order; the same at each call. Of lazy features, lazy ones."""
        ...


def trained_on(task: Task[Any, Any, Any], features: Sequence[Any]) -> Sequence[Any]:
    """The features of train that are trained on: all, unless the task says which.

    Raises:
        TaskError: The method fails, or gives no features; the task is named.
    """
    if not isinstance(task, TrainsOnSome):
        return features
    chosen = guarded(task.name, "trained_on", lambda: task.trained_on(features))
    if not isinstance(chosen, Sequence) or (not chosen and features):
        found = type_name(chosen) if not isinstance(chosen, Sequence) else "none"
        raise TaskError(f"task `{task.name}`: `trained_on` gave {found}; expected a sequence of some of the features")
    return chosen
