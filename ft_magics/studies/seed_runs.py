"""A cell with `seeds:` → its runs, of which the first is ready."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ft_magics.errors import RunError
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.interrupts import interrupts_kept
from ft_magics.runs.run import Run
from ft_magics.studies.seeds import SeedStudy, run_name
from ft_magics.studies.training import Ready, chosen_before
from ft_magics.training.inputs import read_inputs
from ft_magics.training.turns import wait_for_turn

if TYPE_CHECKING:
    from ft_magics.config.schema import AnyConfig
    from ft_magics.training.prepare import Prepared

__all__ = ["prepare_seeds"]


def prepare_seeds(config: AnyConfig, name: str, before: SeedStudy | None = None) -> Ready:
    """Wait until no run trains in this process, read the data, prepare the first run.

    Args:
        config: As the cell says.
        name: Of the study.
        before: The study to resume.

    Raises:
        FineTuneError: See `training.prepare.prepare`.
        RunError: The study to resume was one of other seeds.
    """
    seeds = tuple(config.seeds or ())
    if before is not None and before.seeds != seeds:
        raise RunError(
            f"{before.name} was started with `seeds: {list(before.seeds)}`, so it cannot be resumed with "
            f"`seeds: {list(seeds)}`; start again without `--resume`, or under another name"
        )
    own = before.name if before is not None else name
    by_name = {run_name(own, seed): seed for seed in seeds}
    done = [] if before is None else [run.dir.name for run in before.done]
    missing = tuple(each for each in by_name if each not in done)
    folder = Path(config.save.dir).expanduser() / name if before is None else before.dir
    with interrupts_kept():
        wait_for_turn()
        inputs = read_inputs(config)
        from ft_magics.training.prepare import prepare  # noqa: PLC0415  # torch only for a cell without mistakes

        begun = before.runs if before is not None else ()
        first = prepare(chosen_before(config.with_seed(by_name[missing[0]], str(folder)), begun), inputs)
    encoded, there = first.features, str(folder.absolute())  # the notebook may change its directory

    def prepare_run(each: str, begun: Sequence[Run]) -> Prepared:
        one = config.with_seed(by_name[each], there)
        return prepare(chosen_before(one, begun), inputs, encoded=encoded)

    def study(place: RunFolder, runs: Sequence[Run]) -> SeedStudy:
        return SeedStudy(own, place, config, seeds, runs=runs)

    return Ready(
        config=config,
        study=study,
        missing=missing,
        check=first.check,
        first=[first],
        prepare=prepare_run,
        before=before,
    )
