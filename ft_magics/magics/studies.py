"""A cell with `seeds:` or `compare:`: its runs are begun or resumed, and watched as one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from ft_magics.display.host import find_host
from ft_magics.display.live import watch
from ft_magics.errors import RunError
from ft_magics.magics.names import check_name
from ft_magics.magics.session import Session
from ft_magics.runs.cells import kind_of, parse_cell
from ft_magics.runs.interrupts import interrupts_noted
from ft_magics.studies.reading import is_study, load_study
from ft_magics.studies.seed_runs import prepare_seeds
from ft_magics.studies.seeds import SeedStudy
from ft_magics.studies.study import Study
from ft_magics.studies.training import Ready, begin_study
from ft_magics.studies.transfer import TransferStudy
from ft_magics.studies.transfer_runs import prepare_transfer

if TYPE_CHECKING:
    from ft_magics.config.schema import AnyConfig

__all__ = ["finetune_study", "has_several", "resume_study"]


def has_several(config: AnyConfig) -> bool:
    """Whether a cell asks for several runs."""
    return config.seeds is not None or config.compare is not None


def finetune_study(session: Session, arguments: Any, config: AnyConfig) -> None:
    """`%%finetune NAME` of a cell that asks for several runs."""
    folder = Path(config.save.dir).expanduser() / arguments.name
    before = load_study(folder) if arguments.resume and is_study(folder) else None
    if arguments.resume and before is None:
        if (folder / "events.jsonl").is_file():
            key = "compare" if config.compare is not None else "seeds"
            raise RunError(f"run {arguments.name} is one run, and the cell asks for `{key}`; leave `--resume` out")
        print(f"There is no run {arguments.name} to resume; it starts from the beginning.")
    if before is not None and before.status == "done":
        session.namespace[arguments.name] = before
        print(f"{arguments.name} is done; there is nothing to resume, so it was read from its folder.")
        return
    _train(session, arguments.name, config, before, attached=not arguments.bg)


def resume_study(session: Session, before: Study) -> None:
    """`%ft resume NAME`: the runs that are missing are trained, one that was begun from its last checkpoint."""
    if before.is_active:
        raise UsageError(f"{before.name} is {before.status}; only a run that has ended can be resumed")
    if before.status == "done":
        raise RunError(f"run {before.name} is done; there is nothing to resume")
    variable = check_name(before.name, session.namespace, folder=before.dir)
    config = parse_cell(before.folder.config_text(), session.namespace, kind=kind_of(before.config))
    _train(session, variable, config, load_study(before.dir), attached=True)


def _train(session: Session, name: str, config: AnyConfig, before: Study | None, *, attached: bool) -> None:
    host = find_host(session.shell)
    ready = _ready(config, name, before)
    from ft_magics.display.prepared import show_check  # noqa: PLC0415  # torch only for a cell without mistakes

    show_check(ready.check, host)
    session.tried.pop(name, None)
    with interrupts_noted() as interrupts:
        session.namespace[name] = study = begin_study(name, ready)
        watch(study, host, interrupts, attached=attached)


def _ready(config: AnyConfig, name: str, before: Study | None) -> Ready:
    """The runs of a cell.

    Raises:
        RunError: The study to resume is one of another kind.
    """
    if config.compare is not None and (before is None or isinstance(before, TransferStudy)):
        return prepare_transfer(config, name, before)
    if config.compare is None and (before is None or isinstance(before, SeedStudy)):
        return prepare_seeds(config, name, before)
    had, has = ("seeds", "compare") if config.compare is not None else ("compare", "seeds")
    raise RunError(
        f"run {name} was started with `{had}`, so it cannot be resumed with `{has}`; start again without `--resume`, "
        "or under another name"
    )
