"""Names that people bring along: Hugging Face's arguments, other words for a task, things that are not there yet."""

from __future__ import annotations

from typing import Any

__all__ = ["LATER_METHODS", "LATER_TASKS", "SETTLED_ARGUMENTS", "TASK_SYNONYMS", "understand_train_key"]

TASK_SYNONYMS = {
    "named-entity-recognition": "ner",
    "named_entity_recognition": "ner",
    "token-classification": "ner",
    "token_classification": "ner",
}
LATER_TASKS = (
    "classification",
    "dialogue",
    "mlm",
    "qa",
    "question-answering",
    "relation",
    "summarization",
    "text-classification",
    "translation",
)
LATER_METHODS = ("adapter", "bitfit", "head", "lora", "prefix", "prompt")

_RENAMED = {
    "early_stopping_patience": ("early_stopping", "patience"),
    "gradient_accumulation_steps": ("gradient_accumulation",),
    "lr": ("learning_rate",),
    "lr_scheduler_type": ("scheduler",),
    "max_length": ("max_length_tokens",),
    "max_seq_length": ("max_length_tokens",),
    "num_epochs": ("epochs",),
    "num_train_epochs": ("epochs",),
    "per_device_eval_batch_size": ("eval_batch_size",),
    "per_device_train_batch_size": ("batch_size",),
    "train_batch_size": ("batch_size",),
    "warmup_ratio": ("warmup",),
    "warmup_steps": ("warmup",),
}
_FLAGS = {
    "bf16": ("precision", {True: "bf16", False: "fp32"}),
    "no_cuda": ("device", {True: "cpu", False: "auto"}),
    "use_cpu": ("device", {True: "cpu", False: "auto"}),
}
# Arguments of TrainingArguments that need no setting here: what happens instead.
SETTLED_ARGUMENTS = {
    "do_eval": "evaluation runs when there is a dev split",
    "do_train": "a %%finetune cell always trains",
    "eval_strategy": "dev is evaluated at the end of every epoch",
    "evaluation_strategy": "dev is evaluated at the end of every epoch",
    "fp16": "half precision is `precision: bf16`",
    "group_by_length": "batches are always grouped by length",
    "load_best_model_at_end": "the best model by dev F1 is always kept",
    "logging_dir": "the run's folder holds its log, `events.jsonl`",
    "logging_steps": "the dashboard chooses how often it is fed",
    "metric_for_best_model": "the best model is the one with the highest dev F1",
    "optim": "the optimiser is AdamW",
    "output_dir": "the run's folder is set by `save: {dir: …}`",
    "report_to": "trackers are not connected yet; the run's folder holds every number",
    "save_steps": "checkpoints are set by `save: {every: {epochs: 1}}`",
    "save_strategy": "checkpoints are set by `save: {every: {epochs: 1}}`",
    "save_total_limit": "it is `save: {keep: 1}` here",
}


def understand_train_key(key: str, value: Any) -> tuple[tuple[str, ...], Any] | None:
    """Our place and value for one of Hugging Face's arguments, or None when it is not one of those.

    Returns:
        The path below `train:` and the value there, such as `(("epochs",), 5)`.
    """
    if key in _RENAMED:
        return _RENAMED[key], value
    if key in _FLAGS and isinstance(value, bool):
        name, meaning = _FLAGS[key]
        return (name,), meaning[value]
    return None
