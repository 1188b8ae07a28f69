"""`ft_magics.evaluate`: predictions of one's own → the same report that a run has."""

from __future__ import annotations

from typing import Any

from ft_magics.evaluation.beside import check_known
from ft_magics.evaluation.report import Report
from ft_magics.tasks.registry import find_task

__all__ = ["evaluate"]


def evaluate(gold: Any, pred: Any, *, task: str, **options: Any) -> Report:
    """Score predictions.

    Args:
        gold: What is right, as the task's field writes it: for `classify` a label per text, a list of labels, or a
            number; for `ner` tags per sentence, or spans per text; for `relation` a label per pair of entities, in a
            list or by id.
        pred: What was predicted, in the same way.
        task: Its name.
        options: Of the task's report: `title`, `resamples`, `seed`; for `classify` also `probabilities`, `texts`, for
            `ner` also `words`, `mode`, `scheme`, …, for `relation` also `none_label`, `examples`.

    Returns:
        A report with `.headline`, `.scores["macro_f1"]`, each with `.value` (a share from 0 to 1) and `.interval`.

    Raises:
        TaskError: There is no such task.
        DataError: They do not belong together, and the message names the first example that does not fit; or there is
            no such option.
    """
    score = find_task(task).score
    check_known(score, options)
    return score(gold, pred, **options)
