"""The saved model's README: what it is, how it was made, how well it does."""

from __future__ import annotations

from collections.abc import Mapping

from ft_magics.evaluation.entities.report import EntityReport
from ft_magics.markup import markdown_code, markdown_text
from ft_magics.sections import Table
from ft_magics.training.prepare import Prepared

__all__ = ["model_card"]


def model_card(name: str, prepared: Prepared, reports: Mapping[str, EntityReport]) -> str:
    """A model card in the form that the Hugging Face hub reads.

    Args:
        name: The run's name.
        prepared: The run.
        reports: Per split.
    """
    config, train = prepared.config, prepared.config.train
    types = ", ".join(markdown_text(label[2:]) for label in prepared.trained.task.labels if label.startswith("B-"))
    settings = (
        f"Epochs {train.epochs:g}, learning rate {train.learning_rate:g}, batch size {train.batch_size}, "
        f"seed {train.seed}, precision {prepared.trained.precision}. A word is labelled on its first sub-token."
    )
    parts = [
        "---\nlibrary_name: transformers\npipeline_tag: token-classification\ntags: [ner, ft_magics]\n---",
        f"# {markdown_text(name)}",
        f"{markdown_code(str(config.model))} fine-tuned for named entity recognition ({config.method}): {types}.",
        settings,
        _counts(prepared.check.tables[0]),
        *(_scores(split, report) for split, report in reports.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _counts(table: Table) -> str:
    """A table of the data check, a row per split."""
    lines = [table.columns, *([cell.text for cell in row.cells] for row in table.rows)]
    head, *rows = [f"| {' | '.join(map(markdown_text, cells))} |" for cells in lines]
    return "\n".join([head, f"|{'---|' * len(table.columns)}", *rows])


def _scores(split: str, report: EntityReport) -> str:
    rows = [*report.per_type.items(), ("micro", report.micro)]
    lines = [
        f"| {markdown_text(kind)} | {_percent(item.precision)} | {_percent(item.recall)} | {_percent(item.f1)} "
        f"| {item.support} |"
        for kind, item in rows
    ]
    head = f"## {markdown_text(split)} (conlleval's rule)\n\n| type | precision | recall | F1 | support |\n"
    head += "|---|---|---|---|---|\n"
    return head + "\n".join(lines)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.2f}"
