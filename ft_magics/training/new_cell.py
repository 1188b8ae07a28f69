"""Data, and perhaps the name of a task → the text of a cell that trains on them."""

from __future__ import annotations

import json
import re
import textwrap
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ft_magics.config.references import Reference
from ft_magics.config.train import TrainConfig
from ft_magics.config.tree import read_value
from ft_magics.data.beside import SPLIT_NAMES, find_beside, name_of_split
from ft_magics.data.examples import Corpus
from ft_magics.data.paths import find_file
from ft_magics.errors import DataError, FineTuneError
from ft_magics.markup import terminal_line
from ft_magics.models.choosing import ModelChoice, choose_model
from ft_magics.models.hub import hub_answers
from ft_magics.tasks.proposal import Proposal
from ft_magics.tasks.registry import find_task, guarded, task_names
from ft_magics.training.fitting import fit_train

__all__ = ["NewCell", "cell_for", "cell_for_demo"]

_DEMO = ("demo:en/train.conll", "demo:en/intents_train.csv", "demo:en/questions_train.json")
_HUB_WITHIN_S = 2.0
_FRACTION, _OF_FEW = 0.1, 0.2
_FEW, _FEWEST = 200, 5  # examples: below the first a larger share is wanted, below the second there is none to spare
_LONGEST_COMMENT, _LONGEST_LINE, _COMMENT_AT = 400, 90, 34
_LEAST_FIT = 0.01
_WRITTEN = ("epochs", "learning_rate", "batch_size")  # early stopping is on in any case where there is dev


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCell:
    """A cell that trains as it stands.

    Args:
        name: Of the run.
        task: Its name.
        body: What stands below the first line.
        about: What was found and chosen, in a sentence.
    """

    name: str
    task: str
    body: str
    about: str

    @property
    def text(self) -> str:
        """The whole cell."""
        return f"%%finetune {self.name}\n{self.body}"


@dataclass(slots=True, kw_only=True)
class _Splits:
    """Where the splits come from, as a cell says it, and what there is to say of that."""

    sources: dict[str, Any]
    comments: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def cell_for(
    source: str | Reference, task: str | None, namespace: Mapping[str, Any], free: Callable[[str], bool]
) -> NewCell:
    """A cell for data.

    Args:
        source: A path, or an object of the kernel.
        task: Its name; None to see it in the data.
        namespace: Of the notebook, where objects beside a training set are looked for.
        free: Whether a run may have a name.

    Raises:
        DataError: There are no such data, or no task reads them.
        TaskError: There is no such task.
    """
    if isinstance(source, str):
        find_file(source)  # said once, and not by every task
    name, proposal = (task, _proposed(task, source)) if task else _guessed(source)
    splits = _splits(name, source, proposal, namespace)
    choice = choose_model(proposal.texts, hub=hub_answers(_HUB_WITHIN_S))
    run = _run_name(source, name, free)
    body = _body(name, proposal, splits, choice)
    return NewCell(name=run, task=name, body=body, about=f"`{name}` on {source}: {'; '.join(proposal.found[:2])}")


def cell_for_demo(task: str | None, free: Callable[[str], bool]) -> NewCell:
    """A cell for the demo corpus.

    Args:
        task: Its name; None for the first that there is a corpus for.
        free: Whether a run may have a name.

    Raises:
        DataError: There is no demo corpus for the task.
        TaskError: There is no such task.
    """
    if task is not None:
        find_task(task)
    for source in _DEMO:
        guess, _ = _guessed(source)
        if task in (None, guess):
            return cell_for(source, guess, {}, free)
    raise DataError(f"there is no demo corpus for `task: {task}`; name data: `%ft new {task} path/to/train.csv`")


def _proposed(task: str, source: str | Reference) -> Proposal:
    kind = find_task(task)
    return guarded(task, "propose", lambda: kind.propose(source))


def _guessed(source: str | Reference) -> tuple[str, Proposal]:
    """The task that is the surest of the data."""
    found: list[tuple[float, str, Proposal]] = []
    faults: dict[str, str] = {}
    for name in task_names():
        try:
            proposal = _proposed(name, source)
        except FineTuneError as error:
            faults[name] = str(error)
        else:
            if proposal.fit >= _LEAST_FIT:
                found.append((proposal.fit, name, proposal))
    if found:
        _, name, proposal = max(found, key=lambda item: item[:2])
        return name, proposal
    said = [f"  as {name}: {terminal_line(fault)}" for name, fault in faults.items()]
    raise DataError(
        "\n".join([f"{source} is not seen to be of any task. Name the task (`%ft new TASK {source}`), or mend:", *said])
    )


def _splits(task: str, source: str | Reference, proposal: Proposal, namespace: Mapping[str, Any]) -> _Splits:
    """Train, with what lies beside it under a name that says so, as far as the task reads that."""
    beside = _objects_beside(source, namespace) if isinstance(source, Reference) else find_beside(source)
    splits = _Splits(sources={"train": source})
    for split, other in beside.items():
        try:
            _read(task, proposal, {**splits.sources, split: other})
        except FineTuneError as error:
            splits.left_out.append(f"{other} was left out: {terminal_line(str(error))}")
        else:
            splits.sources[split] = other
            splits.comments[split] = "found beside train"
    if "dev" not in splits.sources and proposal.examples >= _FEWEST:
        share = _FRACTION if proposal.examples >= _FEW else _OF_FEW
        splits.sources["dev"] = {"fraction": share, "seed": 42}
        splits.comments["dev"] = "drawn from train; or a file: dev: path/to/dev"
    return splits


def _objects_beside(source: Reference, namespace: Mapping[str, Any]) -> dict[str, Reference]:
    """Splits of the same mapping, or objects whose name says that they belong to this one."""
    if isinstance(source.value, Mapping):
        return {split: source for split in ("dev", "test") if any(name in source.value for name in SPLIT_NAMES[split])}
    kind = type(source.value)
    names = [name for name, value in namespace.items() if isinstance(value, kind) and not name.startswith("_")]
    found = {split: name_of_split(source.name, split, names) for split in ("dev", "test")}
    return {split: Reference(name, namespace[name]) for split, name in found.items() if name}


def _read(task: str, proposal: Proposal, sources: Mapping[str, Any]) -> Corpus[Any]:
    kind = find_task(task)
    settings = kind.Settings.model_validate(dict(proposal.settings))
    data = kind.Data.model_validate({**sources, **proposal.data})
    return guarded(task, "read", lambda: kind.read(settings, data))


def _run_name(source: str | Reference, task: str, free: Callable[[str], bool]) -> str:
    """A name after the data: `intents` of `intents_train.csv`; after the task where the data's says nothing."""
    stem = source.name if isinstance(source, Reference) else Path(source.rpartition(":")[2]).stem
    words = re.split(r"[^\w]+|_", unicodedata.normalize("NFKC", stem))
    name = "_".join(word for word in words if word and word.lower() not in ("train", "training", "df", "data"))
    name = name if name.isidentifier() else task
    name = name if name.isidentifier() else "run"
    candidates = (name, f"{name}_{task}", *(f"{name}_{number}" for number in range(2, 1000)))
    return next((candidate for candidate in candidates if free(candidate)), name)


def _body(task: str, proposal: Proposal, splits: _Splits, choice: ModelChoice) -> str:
    head = [_comment(text) for text in (*proposal.found, *splits.left_out)]
    named = _line("task", {task: dict(proposal.settings)} if proposal.settings else task)
    data = ["data:"]
    data += [
        _line(split, source, indent=2, comment=splits.comments.get(split, ""))
        for split, source in sorted(splits.sources.items(), key=lambda item: list(SPLIT_NAMES).index(item[0]))
    ]
    if "test" not in splits.sources:
        data.append("  # test: path/to/test    # labelled data that nothing is chosen by; scored once, at the end")
    data += [_line(key, value, indent=2) for key, value in proposal.data.items()]
    model = _line("model", choice.name, comment=choice.why)
    return "\n".join([*head, named, model, *data, *_train(proposal, splits, choice)])


def _train(proposal: Proposal, splits: _Splits, choice: ModelChoice) -> list[str]:
    """The settings that fit, as values, each with its reason; a cell without them has the same chosen."""
    dev = splits.sources.get("dev")
    drawn = round(dev["fraction"] * proposal.examples) if isinstance(dev, Mapping) else 0
    rows = max(1, proposal.examples - drawn)
    fitted = fit_train(
        TrainConfig(), parameters=choice.parameters, rows=rows, classes=proposal.classes, dev=dev is not None
    )
    lines = [_line("train", "", comment="what fits these data and this model; left out, the same is chosen")]
    for why in fitted.why:
        key, _, reason = why.partition(" ")
        if key in _WRITTEN:
            lines.append(_line(key, getattr(fitted.train, key), indent=2, comment=reason.partition(": ")[2]))
    return lines


def _line(key: str, value: Any, *, indent: int = 0, comment: str = "") -> str:
    """A line with a comment behind it; before it, where it would be long."""
    before = " " * indent
    written = f"{before}{key}: {_flow(value) if value != '' else ''}".rstrip()
    if not comment:
        return written
    beside = f"{written:<{_COMMENT_AT}}  {_comment(comment)}"
    fits = "\n" not in beside and len(beside) <= _LONGEST_LINE
    return beside if fits else f"{textwrap.indent(_comment(comment), before)}\n{written}"


def _comment(text: str) -> str:
    """A text as a comment, in lines that a narrow page shows whole."""
    line = terminal_line(text)
    line = line if len(line) <= _LONGEST_COMMENT else f"{line[: _LONGEST_COMMENT - 1]}…"
    return "\n".join(f"# {part}" for part in textwrap.wrap(line, _LONGEST_LINE - 2))


def _flow(value: Any) -> str:
    """A value as YAML writes it in a line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Reference):
        return str(value)
    return _text(value) if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


def _text(text: str) -> str:
    """A text without quotation marks where it is read as itself, also inside brackets."""
    try:
        plain = read_value(f"[{text}]") == [text] and read_value(text) == text and not text.startswith("$")
    except ValueError:
        plain = False
    return text if plain else json.dumps(text, ensure_ascii=False)
