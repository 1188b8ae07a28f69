"""A prepared run → one file of plain Python that trains the same, and needs torch, transformers and peft but not us."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ft_magics.config.optimizers import named_settings
from ft_magics.errors import TaskError
from ft_magics.models.aliases import ALIASES, EMBEDDED
from ft_magics.models.dropout import dropout_settings
from ft_magics.models.fast_dropout import fast_dropout
from ft_magics.tasks.plain import Plain
from ft_magics.tasks.registry import guarded
from ft_magics.training.arguments import training_values
from ft_magics.training.bundle import Bundle
from ft_magics.training.plain_data import PlainData
from ft_magics.training.plain_training import BestOnDev, Grouped, check_processes, draw, outputs_of, share_of
from ft_magics.training.prepare import Prepared
from ft_magics.training.tuned import tuning_of
from ft_magics.training.unfit import dropout_shares
from ft_magics.tuning.plain import PlainMethod, literal
from ft_magics.tuning.plain_python import parameter_groups

__all__ = ["Script", "script_of"]

_WIDTH = 116
_SAME = (
    "It trains on the same batches in the same order, from the same seed, as the cell does; on a processor with one "
    "thread the numbers are the same. Paths are as in the cell: run it from the notebook's folder."
)
_ON_CPU = "It computes on the processor, as the run did; on GPUs, take `use_cpu=True` out."
_ONCE = "What is frozen is computed in each step here, and once there, so the last digits may differ."
_OF_TRANSFORMERS = ("AutoTokenizer", "Trainer", "TrainingArguments", "set_seed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script, and the files that it reads beside the run's own.

    Args:
        text: The whole of it.
        files: Name → examples, a plain dict each, for data that no plain reader reads as the run does.
        needs: Packages beside the standard library.
    """

    text: str
    files: Mapping[str, Sequence[Mapping[str, Any]]]
    needs: Sequence[str]


def script_of(name: str, prepared: Prepared, *, threads: int | None = None) -> Script:
    """The plain Python of a run.

    Args:
        name: Of the run.
        prepared: What `prepare` made of its cell.
        threads: Of the processor, that the run computed with; None for as many as there are.

    Raises:
        TaskError: The task does not say how it is written in plain Python.
        MethodError: A method does not.
    """
    config, trained = prepared.config, prepared.trained
    if config.tokenizer is not None and config.tokenizer.new_words is not None:
        raise TaskError("a run whose model got new words is not written in plain Python; take `tokenizer` out")
    refused = _not_plain(prepared)
    if refused:
        raise TaskError(f"a run with `train: {{{', '.join(refused)}}}` is not written in plain Python; take that out")
    task = trained.task
    methods = tuning_of(trained).plain_parts(
        total_steps=prepared.total_steps, learning_rate=prepared.train.learning_rate
    )
    plain = guarded(task.name, "plain", lambda: task.plain(prepared.corpus, config.data, trained.spec))
    folder = f"{name}_plain"
    data = PlainData(folder, prepared, plain)
    early = prepared.train.early_stopping
    constants = {
        **plain.constants,
        "BF16": trained.precision == "bf16",
        "EVAL_BATCH_SIZE": prepared.train.eval_batch_size,
        "PATIENCE": early.patience if early else None,
        "MIN_DELTA": early.min_delta if early else 0.0,
        **{key: value for method in methods for key, value in method.constants.items()},
        "EVERY_STEPS": config.eval.every.steps,
        "EVERY_EPOCHS": config.eval.every.epochs or 1,
    }
    bundle = _bundle(prepared, plain, data, methods, constants)
    readers = {item.needs for item in data.readings if item.needs}
    needs = sorted({"torch", "transformers", "accelerate", *readers, *(one for each in methods for one in each.needs)})
    head = "\n".join(_constants({key: constants[key] for key in constants if key in bundle.definitions}, prepared))
    docstring = _docstring(name, prepared, needs, data.files)
    main = _main(folder, prepared, plain, data, methods, threads=threads)
    text = f"{docstring}\n\n{bundle.imports}\n\n{head}\n\n\n{bundle.definitions}\n\n\n{main}\n"
    return Script(text=text, files=data.files, needs=needs)


def _not_plain(prepared: Prepared) -> list[str]:
    """Settings of `train:` for which transformers has no argument."""
    train, config = prepared.train, prepared.trained.model.config
    by_class = {item.name for item in dataclasses.fields(type(config))}
    dropout = dropout_settings(config, dropout_shares(train))
    found = {
        "optimizer: muon": named_settings(train.optimizer)[0] == "muon",
        "scheduler: one_cycle": named_settings(train.scheduler)[0] == "one_cycle",
        f"ema: {train.ema}": train.ema is not None,
        f"batch_tokens: {train.batch_tokens}": train.batch_tokens is not None,
        "dropout: {classifier: …}": not dropout.keys() <= by_class,
    }
    return [text for text, is_so in found.items() if is_so]


def _bundle(
    prepared: Prepared, plain: Plain, data: PlainData, methods: Sequence[PlainMethod], constants: Mapping[str, Any]
) -> Bundle:
    """The functions of the script; what is evaluated only where there is something to evaluate."""
    dev, test = prepared.corpus.dev is not None, prepared.corpus.test is not None
    bundle = Bundle(constants)
    bundle.add([item.function for item in data.readings] + [draw] * data.drawn)
    bundle.add([plain.encode, plain.collate, plain.loss])
    bundle.add([plain.keep, plain.decode, plain.score, outputs_of] if dev or test else [])
    bundle.add([plain.tune] if plain.tune and dev else [])
    bundle.add([check_processes, share_of, Grouped, *[BestOnDev] * dev])
    bundle.add([function for method in methods for function in method.functions] + [parameter_groups])
    bundle.add([fast_dropout] if prepared.draws_fast else [])
    head = prepared.trained.task.head()
    for line in (
        "import torch",
        "from typing import Any",
        *(f"from transformers import {name}" for name in (head.kind, *_OF_TRANSFORMERS)),
        *(line for method in methods for line in method.imports),
    ):
        bundle.need(line)
    return bundle


def _docstring(name: str, prepared: Prepared, needs: Sequence[str], files: Mapping[str, Any]) -> str:
    config = prepared.config
    said = [
        f"{name}: `task: {config.task}`, `model: {config.model}`, in plain Python. It needs {', '.join(needs)}.",
        "",
        " ".join([_SAME, *[_ONCE] * (prepared.frozen is not None), *[_ON_CPU] * (prepared.trained.device == "cpu")]),
    ]
    if files:
        said.append(f"It reads {', '.join(files)}, which were written for it: the data as the run saw them.")
    lines = [line for text in said for line in (textwrap.wrap(text, _WIDTH) or [""])]
    return '"""' + "\n".join(lines).replace("\\", "/").replace('"""', "'''") + '\n"""'


def _constants(constants: Mapping[str, Any], prepared: Prepared) -> list[str]:
    model = str(prepared.config.model)
    where = _model(prepared)
    about = f"  # {ALIASES[model]} on the hub" if model in ALIASES and where != ALIASES[model] else ""
    about = "  # a folder of ft_magics; a copy of it will do" if model == EMBEDDED else about
    return [f"MODEL = {literal(where)}{about}", *(f"{key} = {literal(value)}" for key, value in constants.items())]


def _model(prepared: Prepared) -> str:
    """The folder or the hub's name of the model: of one in the hub's cache the name."""
    source, model = str(prepared.trained.model.name_or_path), str(prepared.config.model)
    return ALIASES.get(model, model) if "/snapshots/" in source.replace("\\", "/") else source


def _main(
    folder: str,
    prepared: Prepared,
    plain: Plain,
    data: PlainData,
    methods: Sequence[PlainMethod],
    *,
    threads: int | None,
) -> str:
    train, trained = prepared.train, prepared.trained
    head, metric = trained.task.head(), prepared.metrics[0]
    values = training_values(train, device=trained.device, precision=trained.precision)
    values = {key: value for key, value in values.items() if (key, value) != ("max_steps", -1)}
    if train.activation_checkpointing:
        values["activation_checkpointing"] = True
        values["ddp_find_unused_parameters"] = True  # a method may freeze what several processes gather
    dropout = dropout_settings(trained.model.config, dropout_shares(train))
    seed, batch = train.seed, train.batch_size * train.gradient_accumulation
    labels = f"dict(enumerate({'LABELS' if 'LABELS' in plain.constants else literal(list(head.labels))}))"
    problem = f", problem_type={literal(head.problem_type)}" if head.problem_type else ""
    splits = [split for split in ("dev", "test") if getattr(prepared.corpus, split) is not None]
    dev, base = "dev" in splits, methods[0]
    callbacks = [callback for method in methods for callback in method.callbacks] + ["best"] * dev
    lines = [
        *([f"torch.set_num_threads(max(1, {threads} // place()[1]))"] if threads else []),
        *data.lines,
        f"set_seed({seed})",
        f"labels = {labels}",
        f"model = {head.kind}.from_pretrained(",
        "    MODEL,",
        "    id2label=labels,",
        "    label2id={label: at for at, label in labels.items()},",
        *([f"    problem_type={literal(head.problem_type)},"] if problem else []),
        *(f"    {name}={share:.10g}," for name, share in dropout.items()),
        "    ignore_mismatched_sizes=True,",
        "    dtype=torch.float32,",
        ")",
        f"tokenizer = AutoTokenizer.from_pretrained(MODEL{_tokenizer_options(trained.tokenizer)})",
        f"features = {plain.encode.__name__}(train, tokenizer)",
        *_tuned(methods, seed),
        *_without_dropout(prepared, "".join(method.before for method in methods)),
        "",
        "def batch_of(items: list[dict[str, Any]]) -> dict[str, Any]:",
        f"    return {plain.collate.__name__}(items, tokenizer)",
        "",
    ]
    if splits:
        lines += [
            f"held_out = {{{', '.join(f'{literal(split)}: {split}' for split in splits)}}}",
            f"encoded = {{split: {plain.encode.__name__}(held_out[split], tokenizer) for split in held_out}}",
            "",
            "def scores(split: str) -> tuple[dict[str, float], float]:",
            "    examples, inputs = held_out[split], encoded[split]",
            f"    kept, mean_loss = outputs_of(model, inputs, batch_of, {plain.keep.__name__}, {plain.loss.__name__})",
            f"    return {plain.score.__name__}(examples, {plain.decode.__name__}(examples, inputs, kept)), mean_loss",
            "",
        ]
    if dev:
        lines.append(f'best = BestOnDev(model, lambda: scores("dev"), higher={metric.higher_is_better})')
    lines += [
        "args = TrainingArguments(",
        f"    output_dir={literal(folder)},",
        *(f"    {key}={_value(key, value)}," for key, value in values.items()),
        '    save_strategy="no",',
        '    report_to="none",',
        ")",
        "check_processes(args.world_size)",
        "args._n_gpu = min(1, args.n_gpu)  # the Trainer would give each of several GPUs a whole batch",
        f"trainer = {next((each.trainer for each in methods if each.trainer != 'Trainer'), base.trainer)}(",
        "    model=model,",
        "    args=args,",
        f"    train_dataset=Grouped(features, {batch}, {seed}),",
        "    data_collator=batch_of,",
        f"    compute_loss_func={plain.loss.__name__},",
        *([f"    callbacks=[{', '.join(callbacks)}],"] if callbacks else []),
        ")",
        *_optimizer(methods, train.learning_rate, train.weight_decay),
        *(["with fast_dropout():", "    trainer.train()"] if prepared.draws_fast else ["trainer.train()"]),
        *(["model.load_state_dict(best.weights)"] if dev else []),
        *(base.merge if prepared.config.save.merge else []),
    ]
    if plain.tune and dev:
        lines += [
            f'kept, _ = outputs_of(model, encoded["dev"], batch_of, {plain.keep.__name__}, {plain.loss.__name__})',
            f'{plain.tune.__name__}(dev, encoded["dev"], kept)',
        ]
    if splits:
        lines += [
            "for split in held_out:",
            "    for score_name, value in scores(split)[0].items():",
            "        if trainer.is_world_process_zero():",
            '            print(f"{split} {score_name} {value:.6f}")',
        ]
    merged = prepared.config.save.merge and base.merge
    save = PlainMethod().save if merged else base.save
    saving = f"{save.format(literal(folder))}\ntokenizer.save_pretrained({literal(folder)})"
    lines += ["if trainer.is_world_process_zero():", textwrap.indent(saving, "    ")]
    body = textwrap.indent("\n".join(lines), "    ")
    return f'def main() -> None:\n    """Train, score, save."""\n{body}\n\n\nif __name__ == "__main__":\n    main()'


def _value(key: str, value: Any) -> str:
    """What an argument of the Trainer is set to; each of several processes gets its share of a batch."""
    return f"share_of({value})" if key == "per_device_train_batch_size" else literal(value)


def _tuned(methods: Sequence[PlainMethod], seed: int) -> list[str]:
    """Lines that make the loaded model the one that is trained."""
    lines = [line for method in methods for line in method.lines]
    if not lines:
        return []
    return [f"set_seed({seed})  # a run draws what a method adds from the same seed again", *lines]


def _without_dropout(prepared: Prepared, before: str) -> list[str]:
    """Lines that let what the run computes once stay without dropout."""
    if prepared.frozen is None:
        return []
    names = [before + name for name in prepared.frozen.quiet_names]
    return [
        *f"for frozen in {literal(names)}:  # it has no dropout, and nothing switches that on".splitlines(),
        "    model.get_submodule(frozen).eval().train = lambda mode=True: None",
    ]


def _optimizer(methods: Sequence[PlainMethod], learning_rate: float, weight_decay: float) -> list[str]:
    """Lines that give the trainer its optimizer."""
    rates = [rate for method in methods for rate in method.rates]
    undecayed = [part for method in methods for part in method.undecayed]
    arguments = ["model", repr(learning_rate), repr(weight_decay), *([literal(rates)] if rates else [])]
    arguments += [f"undecayed={literal(undecayed)}"] if undecayed else []
    return [
        "kind, options = trainer.get_optimizer_cls_and_kwargs(trainer.args)",
        *f"groups = parameter_groups({', '.join(arguments)})".splitlines(),
        "trainer.optimizer = kind(groups, **options)",
    ]


def _tokenizer_options(tokenizer: Any) -> str:
    byte_level = "ByteLevel" in repr(tokenizer.backend_tokenizer.pre_tokenizer)
    return ", add_prefix_space=True" if byte_level else ""
