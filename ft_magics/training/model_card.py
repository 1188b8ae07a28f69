"""The saved model's README: what it is, how it was made, how well it does."""

from __future__ import annotations

from collections.abc import Mapping

from ft_magics.config.optimizers import named_settings
from ft_magics.config.schema import AnyConfig, PretrainConfig
from ft_magics.config.train import FittedTrain
from ft_magics.evaluation.report import Report
from ft_magics.markup import markdown_code, markdown_text
from ft_magics.models.base import Base
from ft_magics.sections import Table
from ft_magics.training.inputs import shown_model
from ft_magics.training.prepare import Prepared

__all__ = ["model_card"]


def model_card(name: str, prepared: Prepared, reports: Mapping[str, Report]) -> str:
    """A model card in the form that the Hugging Face hub reads.

    Args:
        name: The run's name.
        prepared: The run.
        reports: Per split.
    """
    config, train = prepared.config, prepared.train
    pipeline, use, tags = prepared.trained.task.describe(prepared.corpus)
    settings = (
        f"Epochs {train.epochs:g}, learning rate {train.learning_rate:g}, {_batch(train)}, "
        f"seed {train.seed}, optimiser {named_settings(train.optimizer)[0]}, precision {prepared.trained.precision}."
    )
    parts = [
        f"---\nlibrary_name: transformers\npipeline_tag: {pipeline}\ntags: [{', '.join([*tags, 'ft_magics'])}]\n---",
        f"# {markdown_text(name)}",
        f"{_trained(config)} for {markdown_text(use)} ({config.method_name}).",
        settings,
        *([_base(base)] if (base := prepared.trained.base) else []),
        *(_counts(table) for table in prepared.check.tables[:1]),
        *(f"## {markdown_text(split)}\n\n{report.to_markdown()}" for split, report in reports.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _batch(train: FittedTrain) -> str:
    return f"batches of {train.batch_tokens:,} tokens" if train.batch_tokens else f"batch size {train.batch_size}"


def _trained(config: AnyConfig) -> str:
    how = "pre-trained" if isinstance(config, PretrainConfig) else "fine-tuned"
    return f"{markdown_code(shown_model(config.model))} {how}"


def _base(base: Base) -> str:
    return (
        f"Only what was trained is here: the weights of its base, {markdown_code(base.model)} (sha256 of weights and "
        f"tokenizer {base.sha256}), are needed beside it."
    )


def _counts(table: Table) -> str:
    """A table of the data check, a row per split."""
    lines = [table.columns, *([cell.text for cell in row.cells] for row in table.rows)]
    head, *rows = [f"| {' | '.join(map(markdown_text, cells))} |" for cells in lines]
    return "\n".join([head, f"|{'---|' * len(table.columns)}", *rows])
