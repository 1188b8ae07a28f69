"""`%ft compare A B`: runs side by side, the first being the baseline: score, cost, significance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ft_magics.display.report_view import show_report
from ft_magics.display.run_comparison import RunComparison, costs_of
from ft_magics.errors import RunError
from ft_magics.evaluation.seed_comparison import compare_over_seeds, has_seeds
from ft_magics.magics.names import find_run, is_study
from ft_magics.magics.session import Session

__all__ = ["compare", "compare_reports", "comparison_of"]


def compare(session: Session, *names: str) -> None:
    """Show runs side by side on the last split that all of them have predictions of."""
    show_report(comparison_of(names, session.namespace), session.shell)


def comparison_of(names: Sequence[str], namespace: Mapping[str, Any]) -> RunComparison:
    """The comparison of runs with the first of them.

    Args:
        names: Of runs, or their folders; at least two.
        namespace: Of the notebook.

    Raises:
        RunError: One is not there, has not been evaluated, is named twice, or they have no split in common.
        DataError: Their gold differs.
    """
    runs = [find_run(name, namespace) for name in names]
    places = [run.dir.resolve() for run in runs]
    twice = next((run for at, run in enumerate(runs) if places[at] in places[:at]), None)
    if twice is not None:
        raise RunError(f"run {twice.title} is named twice; a comparison needs two different runs")
    tasks = [run.task_name for run in runs]
    if len(set(tasks)) > 1:
        each = ", ".join(f"{run.title} {task}" for run, task in zip(runs, tasks, strict=True))
        raise RunError(f"runs of different tasks measure different things: {each}; compare runs of one task")
    several = next((run for run in runs if is_study(run) and run.compares), None)
    if several is not None:
        raise RunError(f"run {several.title} compares models already: `%ft report {several.title}`; name its runs here")
    for run in runs:
        run.settle()
        if not run.splits():
            run.report()  # says why there is none, and what to do
    common = [split for split in ("dev", "test") if all(split in run.splits() for run in runs)]
    if not common:
        has = "; ".join(f"{run.title} has {', '.join(run.splits())}" for run in runs)
        raise RunError(f"the runs have no split in common that was predicted: {has}")
    reports = [run.report(common[-1]) for run in runs]
    costs = [costs_of(run, report) for run, report in zip(runs, reports, strict=True)]
    return RunComparison(costs=costs, split=common[-1], predictions=compare_reports(reports))


def compare_reports(reports: Sequence[Any]) -> Any:
    """Reports with the first of them; where one is of several seeds, over seeds and examples together.

    Raises:
        DataError: Their gold differs.
    """
    odd = next((report for report in reports if not hasattr(report, "compare")), None)
    if odd is not None:
        raise RunError(f"{odd.title} is a comparison already; show it by itself, or name some of its runs")
    if any(map(has_seeds, reports)):
        return compare_over_seeds(reports)
    return reports[0].compare(reports[1:])
