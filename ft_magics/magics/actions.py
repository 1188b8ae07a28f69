"""What the magics do once their lines are read. Imported by the first of them that is called.

Nothing here imports torch, which takes seconds, before it is needed: a mistake is answered at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError

from ft_magics.config.schema import DEFAULT_FOLDER, AnyConfig
from ft_magics.display.answers import answers_bundle, show_box
from ft_magics.display.event_text import event_text
from ft_magics.display.host import find_host
from ft_magics.display.live import watch
from ft_magics.display.runs_view import show_runs
from ft_magics.magics.compare import comparison_of
from ft_magics.magics.names import all_runs, check_name, find_one, find_run, is_study
from ft_magics.magics.session import Session
from ft_magics.magics.studies import finetune_study, has_several, resume_study
from ft_magics.magics.transfer import try_transfer
from ft_magics.runs.cells import kind_of, parse_cell
from ft_magics.runs.interrupts import interrupts_noted
from ft_magics.runs.repetition import Repetition, check_data_there, repetition_of
from ft_magics.runs.run import Run
from ft_magics.studies.study import Study
from ft_magics.training.launch import begin, find_unfinished, prepare_in_turn
from ft_magics.training.random_state import random_state_kept

__all__ = ["finetune", "list_runs", "predict", "resume", "show_run", "status", "stop"]


def finetune(session: Session, arguments: Any, config: AnyConfig, repeated: Run | None = None) -> None:
    """`%%finetune NAME`, `%%pretrain NAME`: a cell becomes a training run, and is watched.

    Args:
        session: Of the shell.
        arguments: Of the line.
        config: What the cell comes to.
        repeated: The run that `--from` names.
    """
    again = repetition_of(repeated) if repeated is not None else None
    if again is not None:
        check_data_there(again, config)
    if has_several(config) and not arguments.dry_run:
        finetune_study(session, arguments, config)
        return
    namespace = session.namespace
    before = find_unfinished(config.save.dir, arguments.name) if arguments.resume else None
    if before is not None and before.status == "done":
        namespace[arguments.name] = before
        print(f"{arguments.name} is done; there is nothing to resume, so it was read from its folder.")
        return
    host = find_host(session.shell)
    if arguments.dry_run:
        _try(session, arguments.name, config, again)
        return
    prepared = prepare_in_turn(config, before)
    from ft_magics.display.prepared import show_prepared  # noqa: PLC0415  # torch only for a cell without mistakes

    show_prepared(prepared, host)
    if arguments.resume and before is None:
        print(f"There is no run {arguments.name} to resume; it starts from the beginning.")
    session.tried.pop(arguments.name, None)
    with interrupts_noted() as interrupts:
        namespace[arguments.name] = run = begin(arguments.name, prepared, before, again)
        del prepared  # a traceback that is kept would keep the model of a failed run in memory
        watch(run, host, interrupts, attached=not arguments.bg)


def _try(session: Session, name: str, config: AnyConfig, again: Repetition | None) -> None:
    """`--dry-run`: what the cell would do is shown, and remembered for `%ft script`."""
    if config.compare is not None:
        try_transfer(session, name, config)
        return
    first = config if config.seeds is None else config.with_seed(config.seeds[0], config.save.dir)
    with random_state_kept():
        prepared = prepare_in_turn(first)
        from ft_magics.display.prepared import show_dry_run  # noqa: PLC0415  # torch only for a cell without mistakes

        show_dry_run(name, prepared, find_host(session.shell))
        if again is not None:
            from ft_magics.training.provenance import provenance_of  # noqa: PLC0415  # the same

            print("\n".join(again.differences(provenance_of(prepared))))
    if config.seeds is not None:
        print(f"So for each of the seeds {', '.join(map(str, config.seeds))}, one after the other.")
    session.tried[name] = first


def resume(session: Session, name: str) -> None:
    """`%ft resume NAME`: a run that has ended is resumed from its last checkpoint, and is watched."""
    namespace = session.namespace
    before = find_run(name, namespace)
    if is_study(before):
        resume_study(session, before)
        return
    before = find_one(name, namespace)
    if before.is_active:
        raise UsageError(f"{name} is {before.status}; only a run that has ended can be resumed")
    variable = check_name(before.name, namespace, folder=before.dir)
    config = parse_cell(before.folder.config_text(), namespace, kind=kind_of(before.config))
    host, prepared = find_host(session.shell), prepare_in_turn(config, before)
    with interrupts_noted() as interrupts:
        namespace[variable] = run = begin(variable, prepared, before)
        del prepared  # a traceback that is kept would keep the model of a failed run in memory
        watch(run, host, interrupts)


def list_runs(session: Session) -> None:
    """`%ft runs`: the runs of the notebook and those below `ft_runs`."""
    runs, unreadable = all_runs(session.namespace)
    if runs or unreadable:
        show_runs(runs, unreadable, session.shell, lambda names: comparison_of(names, session.namespace))
    else:
        print(f"No runs in {Path(DEFAULT_FOLDER).resolve()}.")


def show_run(session: Session, name: str) -> None:
    """`%ft report NAME`: a run's page, from its folder."""
    session.draw_run(find_run(name, session.namespace))


def status(session: Session, name: str) -> None:
    """`%ft status NAME`: how far a run is."""
    run = find_run(name, session.namespace)
    print(run)
    said = [text for text in map(event_text, run.events) if text]
    if said:
        print(said[-1])


def stop(session: Session, name: str) -> None:
    """`%ft stop NAME`: ask a run to stop after its step, in whatever kernel it trains."""
    run = find_run(name, session.namespace)
    if run.is_active and not run.finished.is_set():
        run.stop("stopped by %ft stop")
        print(f"{name} stops after its step.")
    elif run.is_active:
        run.folder.ask_to_stop()
        print(f"{name} trains in another kernel; it stops after its step.")
    else:
        print(f"{name} is not running: {run.status}.")


def _converse(session: Session, run: Run | Study, text: str, *, begin_again: bool) -> None:
    """Continue the dialogue with a run, or begin it again."""
    place = str(run.dir)
    if begin_again:
        session.dialogues.pop(place, None)
    if not text:
        print(
            f"Say something to {run.name} below %%predict {run.name}; the next such cell continues the dialogue, and "
            f"%%predict {run.name} --new begins another one."
        )
        return
    former, card = run.say(text, session.dialogues.get(place))
    session.dialogues[place] = former
    session.draw(answers_bundle(run.name, [card], []))


def predict(session: Session, arguments: Any, texts: Sequence[str], split: Any) -> None:
    """`%%predict NAME`: the best model's answers to texts; without a text, a box to type in.

    Args:
        session: Of the shell.
        arguments: Of the line.
        texts: Of the body.
        split: Gives the texts of what was typed into the box.
    """
    run = find_run(arguments.run, session.namespace)
    labels = run.labels(wait=False if arguments.no_wait else None)
    if run.converses():
        _converse(session, run, "\n".join(texts), begin_again=arguments.new)
    elif texts:
        session.draw(answers_bundle(run.name, run.cards(texts), labels))
    else:
        show_box(run.name, labels, lambda text: run.cards(split(text)), session.shell)
