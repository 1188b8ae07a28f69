"""The saved model's README: what it is, how it was made, how well it does."""

from __future__ import annotations

from collections.abc import Mapping

from ft_magics.evaluation.entities.report import EntityReport
from ft_magics.markup import markdown_code, markdown_text
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
    counts = "\n".join(
        f"| {markdown_text(item.name)} | {markdown_text(item.source)} "
        f"| {item.sentences} | {item.words} | {item.entities} |"
        for item in prepared.check.splits
    )
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
        f"| split | source | sentences | words | entities |\n|---|---|---|---|---|\n{counts}",
        *(_scores(split, report) for split, report in reports.items()),
    ]
    return "\n\n".join(parts) + "\n"


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
