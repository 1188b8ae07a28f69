"""Names that people bring along: Hugging Face's arguments, other words for a task."""

from __future__ import annotations

from typing import Any

__all__ = [
    "HF_ARGUMENT_NAMES",
    "METHOD_SYNONYMS",
    "SETTLED_ARGUMENTS",
    "TASK_SETTINGS",
    "TASK_SYNONYMS",
    "VALUE_SYNONYMS",
    "our_name",
    "understand_train_key",
]

TASK_SYNONYMS = {  # in lower case, whatever the cell's letters are
    "classification": "classify",
    "classify": "classify",
    "causal-lm": "generate",
    "causal_lm": "generate",
    "chat": "dialogue",
    "conversation": "dialogue",
    "conversational": "dialogue",
    "dialog": "dialogue",
    "dialogue": "dialogue",
    "generate": "generate",
    "generation": "generate",
    "intent": "classify",
    "sentiment": "classify",
    "sequence-classification": "classify",
    "sequence_classification": "classify",
    "text-classification": "classify",
    "text_classification": "classify",
    "named-entity-recognition": "ner",
    "ner": "ner",
    "named_entity_recognition": "ner",
    "extractive qa": "qa",
    "mrc": "qa",
    "qa": "qa",
    "question answering": "qa",
    "question-answering": "qa",
    "question_answering": "qa",
    "squad": "qa",
    "relation classification": "relation",
    "relation extraction": "relation",
    "relation-extraction": "relation",
    "relation_extraction": "relation",
    "relations": "relation",
    "machine-translation": "translate",
    "machine_translation": "translate",
    "mt": "translate",
    "summarisation": "summarize",
    "summarise": "summarize",
    "summarization": "summarize",
    "text classification": "classify",
    "text-generation": "generate",
    "text_generation": "generate",
    "token classification": "ner",
    "token-classification": "ner",
    "token_classification": "ner",
    "translation": "translate",
}
TASK_SETTINGS = {"multi-label": "multi_label", "multi_label": "multi_label", "regression": "regression"}  # of classify
METHOD_SYNONYMS = {
    "adapters": "adapter",
    "all": "full",
    "bottleneck": "adapter",
    "feature-extraction": "head",
    "feature_extraction": "head",
    "fine-tuning": "full",
    "finetune": "full",
    "finetuning": "full",
    "frozen": "freeze",
    "full-finetuning": "full",
    "full_finetuning": "full",
    "houlsby": "adapter",
    "(ia)3": "ia3",
    "(ia)^3": "ia3",
    "l2-sp": "l2_sp",
    "l2sp": "l2_sp",
    "linear-probe": "head",
    "linear-probing": "head",
    "linear_probe": "head",
    "linear_probing": "head",
    "llrd": "rates",
    "p-tuning": "p_tuning",
    "pfeiffer": "adapter",
    "prefix-tuning": "prefix",
    "prefix_tuning": "prefix",
    "probe": "head",
    "prompt-tuning": "prompt",
    "prompt_tuning": "prompt",
    "ptuning": "p_tuning",
}

# Other words for our values, too far apart in spelling to be found by likeness.
VALUE_SYNONYMS = {
    "adam": "adamw",
    "adamw_torch": "adamw",
    "adamw_torch_fused": "adamw",
    "bilou": "BILOU",
    "bio": "IOB2",
    "bio2": "IOB2",
    "bmes": "BIOES",
    "fp16": "bf16",
    "gpu": "cuda",
    "iob": "IOB2",
    "iobes": "BIOES",
    "onecycle": "one_cycle",
    "tsv": "conll",
}

_RENAMED = {
    "adam_beta1": ("optimizer", "adamw", "beta1"),
    "adam_beta2": ("optimizer", "adamw", "beta2"),
    "adam_epsilon": ("optimizer", "adamw", "eps"),
    "attention_dropout": ("dropout", "attention"),
    "attention_probs_dropout_prob": ("dropout", "attention"),
    "classifier_dropout": ("dropout", "classifier"),
    "early_stopping_patience": ("early_stopping", "patience"),
    "early_stopping_threshold": ("early_stopping", "min_delta"),
    "gradient_accumulation_steps": ("gradient_accumulation",),
    "gradient_checkpointing": ("activation_checkpointing",),
    "hidden_dropout": ("dropout", "hidden"),
    "hidden_dropout_prob": ("dropout", "hidden"),
    "lr": ("learning_rate",),
    "lr_scheduler_type": ("scheduler",),
    "max_length": ("max_length_tokens",),
    "max_seq_length": ("max_length_tokens",),
    "max_tokens": ("batch_tokens",),
    "max_tokens_per_batch": ("batch_tokens",),
    "num_epochs": ("epochs",),
    "num_train_epochs": ("epochs",),
    "optim": ("optimizer",),
    "per_device_batch_size": ("batch_size",),
    "per_device_eval_batch_size": ("eval_batch_size",),
    "per_device_train_batch_size": ("batch_size",),
    "token_budget": ("batch_tokens",),
    "tokens_per_batch": ("batch_tokens",),
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
    "dataloader_num_workers": "batches are made in the training's own thread",
    "disable_tqdm": "the dashboard takes the place of progress bars",
    "do_eval": "evaluation runs when there is a dev split",
    "do_train": "a %%finetune cell always trains",
    "eval_steps": "dev is evaluated at the end of every epoch, or as `eval: {every: {steps: 200}}` says",
    "eval_strategy": "dev is evaluated at the end of every epoch, or as `eval: {every: {steps: 200}}` says",
    "evaluation_strategy": "dev is evaluated at the end of every epoch, or as `eval: {every: {steps: 200}}` says",
    "fp16": "half precision is `precision: bf16`",
    "greater_is_better": "each metric knows which way is better",
    "group_by_length": "batches are always grouped by length",
    "label_smoothing_factor": "it is `label_smoothing: 0.1` here",
    "load_best_model_at_end": "the best model by the dev headline metric is always kept",
    "logging_dir": "the run's folder holds its log, `events.jsonl`",
    "logging_steps": "the dashboard chooses how often it is fed",
    "logging_strategy": "the dashboard chooses how often it is fed",
    "metric_for_best_model": "the best model is the one with the best dev headline metric of its task",
    "output_dir": "the run's folder is set by `save: {dir: …}`",
    "overwrite_output_dir": "a run of the same name moves the earlier one's folder aside",
    "push_to_hub": "nothing leaves this machine; the run's `model/` folder can be uploaded",
    "remove_unused_columns": "only what the model takes reaches it",
    "run_name": "the name stands on the magic's line: `%%finetune NAME`",
    "save_steps": "checkpoints are set by `save: {every: {epochs: 1}}`",
    "save_strategy": "checkpoints are set by `save: {every: {epochs: 1}}`",
    "save_total_limit": "it is `save: {keep: 1}` here",
}

# Names of Hugging Face's that mean something under `train:`, for guessing what was meant.
HF_ARGUMENT_NAMES = (*_RENAMED, *_FLAGS, *SETTLED_ARGUMENTS)


def our_name(theirs: str) -> tuple[str, ...] | None:
    """The path of the key that one of Hugging Face's arguments means; None where it means none."""
    if theirs in _FLAGS:
        return ("train", _FLAGS[theirs][0])
    return ("train", *_RENAMED[theirs]) if theirs in _RENAMED else None


def understand_train_key(key: str, value: Any) -> tuple[tuple[str, ...], Any] | None:
    """Our place and value for one of Hugging Face's arguments, or None when it is not one of those.

    Returns:
        The path below `train:` and the value there, such as `(("epochs",), 5)`.

    Raises:
        ValueError: The value is not one that the argument has there.
    """
    if key == "warmup_ratio" and isinstance(value, (int, float)) and value >= 1:
        raise ValueError(f"found {value:g}, expected a share of all steps below 1; a number of steps is `warmup: 100`")
    if key in _RENAMED:
        return _RENAMED[key], value
    if key in _FLAGS:
        name, meaning = _FLAGS[key]
        if not isinstance(value, bool):
            raise ValueError(f"expected true or false; in our words it is `{name}: {meaning[True]}`")
        return (name,), meaning[value]
    return None
