"""The training itself: Hugging Face's Trainer put together from our parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import DefaultFlowCallback, PrinterCallback, Trainer, TrainerControl, TrainerState

from ft_magics.evaluation.report import Report
from ft_magics.events import Evaluated, RunEvent
from ft_magics.models.omp_threads import own_number_of_threads
from ft_magics.models.quiet import quiet_transformers
from ft_magics.runs.files import remove_or_move_aside
from ft_magics.runs.folder import RunFolder, is_model_file
from ft_magics.runs.looks import note_look
from ft_magics.runs.predictions import read_report, write_predictions
from ft_magics.runs.steering import Steering
from ft_magics.training.arguments import training_arguments
from ft_magics.training.batches import in_batches, leave_out_repeated, rows_of
from ft_magics.training.best import Best
from ft_magics.training.callback import RunCallback, no_log
from ft_magics.training.checkpoints import Checkpoints, Resumption
from ft_magics.training.clock import Clock
from ft_magics.training.dev_scores import measured
from ft_magics.training.failures import explained
from ft_magics.training.frozen_states import frozen_once
from ft_magics.training.guard import Guarded, is_fatal, say_with_care
from ft_magics.training.items import count_by_task
from ft_magics.training.memory_told import memory_told
from ft_magics.training.model_card import model_card
from ft_magics.training.optimizers import make_schedule
from ft_magics.training.prepare import Prepared
from ft_magics.training.trackers import closed_after, keep_in
from ft_magics.training.tuned import add_loss_term, keep_as_ours, load_checkpoint, make_optimizer
from ft_magics.training.vocabulary import check_ids, follow_decay

__all__ = ["train"]

Emit = Callable[[RunEvent], None]


def train(
    name: str,
    prepared: Prepared,
    folder: RunFolder,
    emit: Emit,
    steering: Steering,
    *,
    resume: Resumption | None = None,
    clock: Clock | None = None,
) -> Best:
    """Train, keep the best model in the folder, and predict dev and test with it.

    Args:
        name: The run's name.
        prepared: What `prepare` made.
        folder: Where everything goes.
        emit: Takes each event.
        steering: Asked after each step.
        resume: The checkpoint to resume from; None for a new run.
        clock: Of the training; None for one that begins now.

    Returns:
        The best evaluation on dev; empty without dev.

    Raises:
        TrainingError: Memory or disk ran out, or the loss is NaN or infinite.
    """
    callback = RunCallback(prepared=prepared, folder=folder, emit=emit, steering=steering, clock=clock or Clock())
    with own_number_of_threads():
        return _train(name, callback, resume)


def _train(name: str, callback: RunCallback, resume: Resumption | None) -> Best:
    prepared, folder = callback.prepared, callback.folder
    checkpoint = resume.checkpoint if resume else None
    try:
        folder.write_json(folder.facts, prepared.facts)
        if resume:
            _restore(callback, folder, checkpoint)
        callback.threads.begin()
        if checkpoint and _is_over(prepared, callback, checkpoint):
            _catch_up(prepared, callback, checkpoint)
        else:
            _learn(prepared, folder, callback, checkpoint)
        trained = prepared.trained
        trained.reload(folder.model)
        if prepared.config.save.merge and trained.base is not None:
            trained.merge()
            callback.dev.part.forget()
            with folder.new_model() as fresh:
                trained.save(fresh)
        _evaluate(name, prepared, folder, callback)
    except Exception as error:
        reason = explained(error, callback, checkpoint)
        if reason is None:
            raise
        raise reason from error
    return callback.best


def _learn(prepared: Prepared, folder: RunFolder, callback: RunCallback, checkpoint: Path | None) -> None:
    folder.check_there()  # the Trainer makes folders
    with prepared.as_trained(), frozen_once(callback):
        _learn_compact(prepared, folder, callback, checkpoint)


def _learn_compact(prepared: Prepared, folder: RunFolder, callback: RunCallback, checkpoint: Path | None) -> None:
    trainer = _trainer(prepared, folder, callback)
    _check_folder(trainer, folder)
    _check_gradients(trainer, callback)
    keep_as_ours(trainer, prepared.trained)
    _keep_whole(trainer, prepared)
    try:
        # A checkpoint's progress bar would tear the display.
        with (
            quiet_transformers(),
            memory_told(prepared, say_with_care(callback.emit)),
            closed_after(trainer, callback.warn),
        ):
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    finally:
        callback.log = no_log  # the trainer's own: it would keep the trainer, and with it the optimizer, in memory


def _check_folder(trainer: Trainer, folder: RunFolder) -> None:
    """See that the run's folder is there right before a checkpoint is written: the Trainer would make it again."""
    save = trainer._save_checkpoint  # noqa: SLF001  # its callbacks come too early, with an evaluation in between

    def check_and_save(*arguments: Any, **named: Any) -> None:
        folder.check_there()
        save(*arguments, **named)

    trainer._save_checkpoint = check_and_save  # noqa: SLF001


def _keep_whole(trainer: Trainer, prepared: Prepared) -> None:
    """Let checkpoints have all embedding rows, whichever are trained."""
    save, load = trainer._save, trainer._load_from_checkpoint  # noqa: SLF001  # there is no public way

    def save_whole(*arguments: Any, **named: Any) -> None:
        with prepared.whole():
            save(*arguments, **named)

    def load_whole(*arguments: Any, **named: Any) -> None:
        with prepared.whole():
            load(*arguments, **named)

    trainer._save, trainer._load_from_checkpoint = save_whole, load_whole  # noqa: SLF001  # the same


def _check_gradients(trainer: Trainer, callback: RunCallback) -> None:
    """See each gradient before the optimizer does; the Trainer asks for its norm in any case."""
    clip = trainer.accelerator.clip_grad_norm_
    trained = callback.prepared.trained

    def clip_and_check(*arguments: Any, **named: Any) -> Any:
        add_loss_term(trained)
        norm = clip(*arguments, **named)
        callback.batches.check_gradient(norm)
        return norm

    trainer.accelerator.clip_grad_norm_ = clip_and_check


def _catch_up(prepared: Prepared, callback: RunCallback, checkpoint: Path) -> None:
    """Do what a training that died after its last checkpoint had still to do: evaluate, keep the model."""
    load_checkpoint(prepared.trained, checkpoint)
    state = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
    callback.finish(state, TrainerControl())


def _trainer(prepared: Prepared, folder: RunFolder, callback: RunCallback) -> Trainer:
    trained = prepared.trained

    def collate(loaded: Sequence[Any]) -> dict[str, torch.Tensor]:
        items = rows_of(loaded)
        features = [item["feature"] for item in items]
        batch = trained.collate(features)
        leave_out_repeated(batch, items)
        if prepared.vocabulary is not None:
            check_ids(prepared.vocabulary, batch)
        mask = batch["attention_mask"]
        several = mask.dim() > 2  # texts in a row: it then says which token sees which, and rows have no padding within
        tokens = sum(feature.tokens for feature in features) if several else int(mask.sum())
        callback.batches.made(features, tokens)
        return batch

    def loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        value = trained.task.loss(outputs, labels, num_items_in_batch)
        callback.batches.check_loss(value)
        return value

    arguments = training_arguments(
        prepared.train,
        folder=folder.checkpoints,
        device=trained.device,
        precision=trained.precision,
        total_steps=prepared.total_steps,
    )
    trainer = Trainer(
        model=trained.model,
        args=arguments,
        train_dataset=in_batches(prepared.features["train"], prepared.train, world_size=arguments.world_size),
        data_collator=collate,
        compute_loss_func=loss,
        callbacks=[callback],
    )
    count_by_task(trainer, trained.task)
    trainer.optimizer = make_optimizer(trainer, trained, prepared.train)
    if prepared.vocabulary is not None:
        follow_decay(prepared.vocabulary, trainer.optimizer)
    trainer.lr_scheduler = make_schedule(trainer.optimizer, prepared.train, prepared.total_steps)
    trainer.remove_callback(PrinterCallback)
    keep_in(folder.path, trainer)
    callback.log = trainer.log
    handler = trainer.callback_handler
    watching = [item for item in handler.callbacks if not isinstance(item, (DefaultFlowCallback, RunCallback))]
    handler.callbacks = [
        DefaultFlowCallback(),
        Guarded(callback, callback.warn, ends=is_fatal),  # before the trackers: its last scores find them still open
        *(Guarded(item, callback.warn) for item in watching),
    ]
    return trainer


def _restore(callback: RunCallback, folder: RunFolder, checkpoint: Path | None) -> None:
    """Bring the run's own state back to a checkpoint, or to its beginning."""
    if checkpoint is None:
        remove_or_move_aside(folder.model, is_model_file)
        return
    checkpoints = Checkpoints(folder.checkpoints)
    checkpoints.restore_best(checkpoint, folder.model)
    callback.restore(checkpoints.read_state(checkpoint))
    callback.averages.load(checkpoint)


def _is_over(prepared: Prepared, callback: RunCallback, checkpoint: Path) -> bool:
    """Whether the checkpoint is of the very end: no step is left to do."""
    early = prepared.train.early_stopping
    patient = early is not None and callback.best.waiting >= early.patience
    return patient or int(checkpoint.name.rpartition("-")[2]) >= prepared.total_steps


def _evaluate(name: str, prepared: Prepared, folder: RunFolder, callback: RunCallback) -> None:
    trained = prepared.trained
    kind = type(trained.task)
    reports: dict[str, Report] = {}
    for split in prepared.corpus.splits[1:]:
        if split.name == "dev":
            predictions = callback.dev.part.predict_all()
            tuned = trained.task.tuned(split.examples, predictions)
            if tuned is not trained.task:
                trained.task = tuned
                trained.save_settings(folder.model)
                predictions, _ = trained.predictions(split.examples, prepared.features[split.name])
        else:
            predictions, loss = trained.predictions(split.examples, prepared.features[split.name])
        write_predictions(folder, split, trained.task, predictions)
        report = read_report(folder, split.name, kind, title=f"{name} · {split.name}")
        reports[split.name] = kind.verified(report, split.examples, predictions)
        if split.name == "test":
            note_look(folder, "training")
            callback.emit(_final(report, loss, callback.best, prepared))
    folder.write_json(folder.report, {split: report.to_json() for split, report in reports.items()})
    card = model_card(name, prepared, reports)
    folder.write_text(folder.model / "README.md", card)
    folder.to_disk()  # before the log says that the run is done


def _final(report: Report, loss: float | None, best: Best, prepared: Prepared) -> Evaluated:
    metrics, by_label = measured(report, prepared)
    return Evaluated(
        step=prepared.total_steps,
        epoch=best.epoch or 0.0,
        split="test",
        loss=loss,
        metrics=metrics,
        by_label=by_label,
        best=False,
    )
