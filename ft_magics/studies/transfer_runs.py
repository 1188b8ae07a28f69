"""A cell with `compare:` → its runs, of which the first is ready: the data are read once, and shares drawn of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.config.compare import SCRATCH, CompareConfig
from ft_magics.config.references import Reference
from ft_magics.data.shares import count_of_share, least_share, with_share
from ft_magics.errors import CellError, Problem, RunError
from ft_magics.models.sources import find_weights
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.interrupts import interrupts_kept
from ft_magics.runs.run import Run
from ft_magics.studies.training import PrepareRun, Ready, chosen_before
from ft_magics.studies.transfer import Part, TransferStudy
from ft_magics.tasks.registry import guarded
from ft_magics.training.fitting import usual_batch
from ft_magics.training.inputs import Inputs, all_of, inputs_of, model_name, read_inputs
from ft_magics.training.turns import wait_for_turn

if TYPE_CHECKING:
    from ft_magics.config.schema import AnyConfig
    from ft_magics.training.prepare import Prepared

__all__ = ["Compared", "compared_of", "prepare_parts", "prepare_transfer"]

_MOST_NAMED = 3  # labels, in a message
Model = str | Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What a cell with `compare:` compares, with its data read and its models found.

    Args:
        config: As the cell says.
        inputs: All of the data, and the cell's own model.
        models: By the name that pages have for them, in the cell's order.
        sources: Of those that are there, the folder.
        parts: The runs, in the order in which they are trained.
    """

    config: AnyConfig
    inputs: Inputs
    models: Mapping[str, Model]
    sources: Mapping[str, str]
    parts: tuple[Part, ...]

    @property
    def own(self) -> str:
        """The name of the cell's own model."""
        return next(name for name, model in self.models.items() if str(model) == str(self.config.model))


def compared_of(config: AnyConfig, name: str) -> Compared:
    """Read the data, find the models, and see that every share can be trained on.

    Args:
        config: As the cell says.
        name: Of the study.

    Raises:
        FineTuneError: Whatever is wrong with the models, the data and the shares.
    """
    models = _named(_compare(config).models)
    others = {key: model for key, model in models.items() if str(model) not in (SCRATCH, str(config.model))}
    inputs, *found = all_of(
        lambda: read_inputs(config), *(lambda model=model: find_weights(model_name(model)) for model in others.values())
    )
    _check_shares(config, inputs)
    own = next(key for key, model in models.items() if str(model) == str(config.model))
    sources = {own: inputs.source, **dict(zip(others, found, strict=True))}
    total = len(inputs.corpus.train.examples)
    return Compared(
        config=config, inputs=inputs, models=models, sources=sources, parts=_parts(config, name, list(models), total)
    )


def _compare(config: AnyConfig) -> CompareConfig:
    if config.compare is None:
        raise RunError("the cell compares no models")
    return config.compare


def _named(models: Sequence[Model]) -> dict[str, Model]:
    """A short name for each: what is written, of a path its last part where that tells it from the others."""
    written = [str(model).removeprefix("$") for model in models]
    short = [Path(text).name or text for text in written]
    short = [text if short.count(text) == 1 else whole for text, whole in zip(short, written, strict=True)]
    names = [text if short.count(text) == 1 else str(model) for text, model in zip(short, models, strict=True)]
    return dict(zip(names, models, strict=True))


def _parts(config: AnyConfig, name: str, models: Sequence[str], total: int) -> tuple[Part, ...]:
    """A seed after the other, so that whole curves are there early; `scratch` last, whose folder is to be made."""
    compare = _compare(config)
    order = sorted(models, key=lambda model: model == SCRATCH)
    slugs = _slugs(models)
    return tuple(
        Part(
            run=f"{name}_{slugs[model]}_{f'{100 * share:.4g}'.replace('.', '_')}_percent_seed_{seed}",
            model=model,
            share=share,
            seed=seed,
            examples=count_of_share(share, total),
        )
        for seed in compare.seeds
        for share in compare.share
        for model in order
    )


def _slugs(models: Sequence[str]) -> dict[str, str]:
    """What stands for a model in the name of its runs, which are variables and folders."""
    found: dict[str, str] = {}
    for model in models:
        slug = re.sub(r"\W+", "_", model, flags=re.ASCII).strip("_")[-40:] or "model"
        found[model] = slug if slug not in found.values() else f"{slug}_{len(found) + 1}"
    return found


def _check_shares(config: AnyConfig, inputs: Inputs) -> None:
    """See that each share makes a batch and, with every seed, has an example of each label.

    Raises:
        CellError: One does not.
    """
    compare, examples, task = _compare(config), inputs.corpus.train.examples, inputs.task
    labels = guarded(task.name, "gold_labels", lambda: {at: task.gold_labels(each) for at, each in enumerate(examples)})
    every = {label for found in labels.values() for label in found}
    total, train = len(examples), config.train
    problems = []
    for share in compare.share:
        count = count_of_share(share, total)
        batch = train.batch_size if isinstance(train.batch_size, int) else usual_batch(count)
        rows = batch * (train.gradient_accumulation if isinstance(train.batch_size, int) else 1)
        if count < rows:
            fault = f"{share:g} of {total:,} examples is {count:,}, less than one batch of {rows}"
            problems.append(f"{fault}; take {_least(rows, total)}")
            continue
        if (missing := _missing(inputs, labels, every, share, compare.seeds)) is not None:
            problems.append(missing)
    if problems:
        raise CellError([Problem(line=None, where="compare.share", text=text) for text in problems])


def _least(rows: int, total: int) -> str:
    return f"{min(1.0, -(-1000 * rows // total) / 1000):g} or more" if rows <= total else "a smaller `train.batch_size`"


def _missing(
    inputs: Inputs, labels: Mapping[int, Sequence[str]], every: set[str], share: float, seeds: Sequence[int]
) -> str | None:
    """A sentence on labels that a share lacks with a seed; None where it has all of them with every seed."""
    examples = inputs.corpus.train.examples
    places = replace(inputs.corpus, train=replace(inputs.corpus.train, examples=range(len(examples))))
    for seed in seeds:
        drawn = with_share(places, share, seed).train.examples
        lacking = sorted(every - {label for at in drawn for label in labels[at]})
        if lacking:
            named = ", ".join(f"`{label}`" for label in lacking[:_MOST_NAMED])
            more = f" and {len(lacking) - _MOST_NAMED} more" if len(lacking) > _MOST_NAMED else ""
            least = least_share(range(len(examples)), lambda at: labels[at], seeds)
            return (
                f"{share:g} of {len(examples):,} examples leaves no example of {named}{more} with seed {seed}; the "
                f"smallest share that has every label with these seeds is {least:g}"
            )
    return None


def prepare_transfer(config: AnyConfig, name: str, before: TransferStudy | None = None) -> Ready:
    """Wait until no run trains in this process, read the data, prepare the first run.

    Args:
        config: As the cell says.
        name: Of the study.
        before: The study to resume.

    Raises:
        FineTuneError: See `compared_of` and `training.prepare.prepare`.
        RunError: The study to resume compared something else.
    """
    own = before.name if before is not None else name
    folder = Path(config.save.dir).expanduser() / own if before is None else before.dir
    with interrupts_kept():
        wait_for_turn()
        compared = compared_of(config, own)
        if before is not None and before.parts != compared.parts:
            raise RunError(
                f"{before.name} was started with other models, shares, seeds or data, so it cannot be resumed with "
                "these; start again without `--resume`, or under another name"
            )
        done = [] if before is None else [run.dir.name for run in before.done]
        missing = tuple(part.run for part in compared.parts if part.run not in done)
        runs = _Runs(compared, folder.absolute())
        first = runs.prepare(missing[0], before.runs if before is not None else ())

    def study(place: RunFolder, begun: Sequence[Run]) -> TransferStudy:
        return TransferStudy(
            own, place, config, compared.parts, models=list(compared.models), own=compared.own, runs=begun
        )

    return Ready(
        config=config,
        study=study,
        missing=missing,
        check=runs.check,
        first=[first],
        prepare=runs.prepare,
        before=before,
    )


def prepare_parts(compared: Compared) -> PrepareRun:
    """Prepares runs of a study that has no folder: none with random weights.

    Args:
        compared: What is compared.
    """
    return _Runs(compared, Path()).prepare


class _Runs:
    """Prepares one run after the other, and keeps what several of them share.

    Args:
        compared: What is compared.
        folder: Of the study.

    Attributes:
        check: Of all data, with what was found when the newest run was prepared, such as words that its tokenizer does
            not know.
    """

    def __init__(self, compared: Compared, folder: Path) -> None:
        self.check = compared.inputs.check
        self._compared, self._folder = compared, folder
        self._drawn: tuple[tuple[float, int], Inputs] | None = None
        self._held_out: dict[Any, dict[str, Sequence[Any]]] = {}

    def prepare(self, name: str, begun: Sequence[Run]) -> Prepared:
        """One of the runs.

        Args:
            name: Its own.
            begun: Those that were begun.
        """
        from ft_magics.training.prepare import prepare  # noqa: PLC0415  # torch only for a cell without mistakes

        part = next(part for part in self._compared.parts if part.run == name)
        inputs = self._inputs(part)
        config = self._config(part, inputs)
        alike = {each.run for each in self._compared.parts if (each.model, each.share) == (part.model, part.share)}
        config = chosen_before(config, [run for run in begun if run.dir.name in alike])
        source = str(config.model) if part.model == SCRATCH else self._compared.sources[part.model]
        check = replace(inputs.check, warnings=list(inputs.check.warnings))  # each run adds its own
        key = (source if part.model != SCRATCH else SCRATCH, inputs.task.head().labels)
        known_rows = self._held_out.get(key) if config.tokenizer is None else None  # words come from a run's own share
        prepared = prepare(config, replace(inputs, source=source, check=check), encoded=known_rows)
        whole, known = self._compared.inputs.check, len(inputs.check.warnings)
        self.check = replace(whole, warnings=[*whole.warnings, *check.warnings[known:]])
        self._held_out[key] = {split: item for split, item in prepared.features.items() if split != "train"}
        return prepared

    def _inputs(self, part: Part) -> Inputs:
        """The data of a share; those of the last one are kept."""
        key = (part.share, part.seed)
        if self._drawn is None or self._drawn[0] != key:
            whole = self._compared.inputs
            corpus = with_share(whole.corpus, part.share, part.seed)
            self._drawn = key, inputs_of(self._compared.config, corpus, whole.source, whole.device)
        return self._drawn[1]

    def _config(self, part: Part, inputs: Inputs) -> AnyConfig:
        """The config of a run; the folder with random weights is made where it needs one."""
        model = self._compared.models[part.model]
        if part.model == SCRATCH:
            from ft_magics.models.scratch.random_weights import write_random_copy  # noqa: PLC0415  # as in `prepare`

            place = self._folder / f"{SCRATCH}_seed_{part.seed}"
            write_random_copy(self._compared.sources[self._compared.own], place, inputs.task.head(), part.seed)
            model = str(place)
        return self._compared.config.with_part(model, part.share, part.seed, str(self._folder))
