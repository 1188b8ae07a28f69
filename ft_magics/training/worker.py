"""The training itself: Hugging Face's Trainer put together from our parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from safetensors.torch import load_model as load_weights
from torch.utils.data import Dataset
from transformers import PrinterCallback, Trainer

from ft_magics.data.examples import Split
from ft_magics.evaluation.reference import check_against_seqeval
from ft_magics.evaluation.report import EntityReport
from ft_magics.events import Evaluated, RunEvent, RunStarted
from ft_magics.tasks.ner import Feature, window_cuts
from ft_magics.training.answers import count_surfaces, read_report, write_predictions
from ft_magics.training.arguments import training_arguments
from ft_magics.training.callback import Best, RunCallback
from ft_magics.training.folder import RunFolder
from ft_magics.training.model_card import model_card
from ft_magics.training.prepare import Prepared
from ft_magics.training.quiet import quiet_transformers
from ft_magics.training.stopping import StopSignal

__all__ = ["train"]

Emit = Callable[[RunEvent], None]


class _Features(Dataset[dict[str, Any]]):
    """Features as the Trainer's length-grouping sampler wants them."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self._features = features

    def __len__(self) -> int:
        return len(self._features)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"input_ids": self._features[index].input_ids, "feature": self._features[index]}


def train(name: str, prepared: Prepared, folder: RunFolder, emit: Emit, stop: StopSignal) -> Best:
    """Train, keep the best model in the folder, and predict dev and test with it.

    Args:
        name: The run's name.
        prepared: What `prepare` made.
        folder: Where everything goes.
        emit: Takes each event.
        stop: Asked after each step.

    Returns:
        The best evaluation on dev; empty without dev.
    """
    folder.write_json(folder.surfaces, count_surfaces(prepared.corpus.train.examples))
    emit(_started(name, prepared))
    callback = RunCallback(prepared=prepared, folder=folder, emit=emit, stop=stop)
    trained, config = prepared.trained, prepared.config

    def collate(items: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        batch = trained.task.collate([item["feature"] for item in items], trained.tokenizer.pad_token_id)
        callback.batch_collated(int(batch["attention_mask"].sum()))
        return batch

    trainer = Trainer(
        model=trained.model,
        args=training_arguments(
            config,
            folder=folder.checkpoints,
            device=trained.device,
            precision=trained.precision,
            total_steps=prepared.total_steps,
        ),
        train_dataset=_Features(prepared.features["train"]),
        data_collator=collate,
        compute_loss_func=trained.task.loss,
        callbacks=[callback],
    )
    trainer.remove_callback(PrinterCallback)
    with quiet_transformers():  # a checkpoint's progress bar would tear the display
        trainer.train()
    load_weights(trained.model, folder.model / "model.safetensors")
    trained.model.eval()
    _evaluate(name, prepared, folder, emit, callback.best)
    return callback.best


def _started(name: str, prepared: Prepared) -> RunStarted:
    config = prepared.config
    return RunStarted(
        name=name,
        task=config.task,
        model=str(config.model),
        method=config.method,
        device=prepared.trained.device,
        precision=prepared.trained.precision,
        epochs=config.train.epochs,
        total_steps=prepared.total_steps,
        parameters=prepared.parameters,
        trainable_parameters=prepared.trainable_parameters,
        sentences=len(prepared.corpus.train.examples),
    )


def _evaluate(name: str, prepared: Prepared, folder: RunFolder, emit: Emit, best: Best) -> None:
    reports: dict[str, EntityReport] = {}
    for split in prepared.corpus.splits[1:]:
        report, loss = _predict_split(name, prepared, folder, split)
        reports[split.name] = report
        if split.name == "test":
            emit(_final(report, loss, best, prepared.total_steps))
    folder.write_json(folder.report, {split: report.to_json() for split, report in reports.items()})
    card = model_card(name, prepared, reports)
    folder.write_text(folder.model / "README.md", card)


def _predict_split(name: str, prepared: Prepared, folder: RunFolder, split: Split) -> tuple[EntityReport, float | None]:
    trained, features = prepared.trained, prepared.features[split.name]
    logits, loss = trained.logits(features)
    predictions = trained.task.decode(split.examples, features, logits)
    write_predictions(folder, split, predictions, window_cuts(features, len(split.examples)))
    report = read_report(folder, split.name, title=f"{name} · {split.name}")
    gold, pred = [example.tags for example in split.examples], [item.tags for item in predictions]
    return check_against_seqeval(report, gold, pred), loss


def _final(report: EntityReport, loss: float | None, best: Best, total_steps: int) -> Evaluated:
    return Evaluated(
        step=total_steps,
        epoch=best.epoch or 0.0,
        split="test",
        loss=loss,
        precision=report.micro.precision,
        recall=report.micro.recall,
        f1=report.micro.f1,
        per_type_f1={kind: scores.f1 for kind, scores in report.per_type.items()},
        best=False,
    )
