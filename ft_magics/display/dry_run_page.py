"""What a cell would do, tried and not done: plan, examples and tokens, for `--dry-run`."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from io import StringIO

from ruamel.yaml import YAML

from ft_magics.config.optimizers import named_settings
from ft_magics.display.run_clock import duration
from ft_magics.evaluation.card_text import card_text
from ft_magics.evaluation.page import sections_html
from ft_magics.markup import details, element, heading, size_text, terminal_text
from ft_magics.runs.parameters import Parameters
from ft_magics.sections import Examples, Lines, Section
from ft_magics.tasks.task import Task
from ft_magics.training.batches import most_rows
from ft_magics.training.frozen import frozen_text
from ft_magics.training.memory_need import need_text
from ft_magics.training.pace import Pace, measure_pace
from ft_magics.training.prepare import Prepared
from ft_magics.training.preview import preview, shown_labels
from ft_magics.training.vocabulary import rows_text

__all__ = ["dry_run_html", "dry_run_sections", "dry_run_text", "resolved"]

_MOST_IN_TEXT = 12  # examples in a terminal


def dry_run_sections(prepared: Prepared) -> list[Section]:
    """The plan, with its time and memory measured, and what the model will see. This takes a few seconds."""
    train = prepared.train
    with prepared.as_trained():
        memory = need_text(
            prepared.trained,
            prepared.features["train"],
            most_rows(prepared.features["train"], train),
            states=prepared.states_a_weight,
            accumulation=train.gradient_accumulation,
        )
    chosen = [f"Chosen, since the cell leaves it open: {text}" for text in prepared.chosen]
    plan = [*_plan(prepared), *chosen, f"{memory[:1].upper()}{memory[1:]}", _time(prepared, measure_pace(prepared))]
    return [Lines(title="Plan", lines=plan), *preview(prepared)]


def dry_run_html(name: str, prepared: Prepared, sections: Sequence[Section]) -> str:
    """The page, below the data check."""
    return element(
        "div",
        heading("Dry run: nothing was trained, and nothing written", muted=_after(name, prepared)),
        sections_html(sections, shown_labels(prepared)),
        details("Resolved config", element("pre", escape(resolved(prepared)))),
        style="font-size:13px;line-height:1.5",
    )


def dry_run_text(name: str, prepared: Prepared, sections: Sequence[Section]) -> str:
    """The same as text, without the tokens."""
    lines = []
    for section in sections[:-1]:
        lines.append(f"{section.title}:")
        if isinstance(section, Lines):
            lines += [f"  {line}" for line in section.lines]
        elif isinstance(section, Examples):
            lines += [f"  {card_text(card)}" for card in section.cards[:_MOST_IN_TEXT]]
    lines += [
        "Resolved config:",
        resolved(prepared),
        f"Dry run: nothing was trained, and nothing written. {_after(name, prepared)}".rstrip(),
    ]
    return terminal_text("\n".join(lines))


def resolved(prepared: Prepared) -> str:
    """The config with all its defaults, as YAML."""
    stream = StringIO()
    YAML(typ="safe", pure=True).dump(prepared.config.to_plain(), stream)
    return stream.getvalue()


def _after(name: str, prepared: Prepared) -> str:
    written = type(prepared.trained.task).plain is not Task.plain
    return f"%ft script {name} shows the plain Python of it" if written else ""


def _plan(prepared: Prepared) -> list[str]:
    trained, train = prepared.trained, prepared.train
    labels = len(trained.task.head().labels)
    steps = f"{prepared.total_steps:,} steps over {train.epochs:g} epochs, {train.batch_size} rows a batch"
    trainable = str(Parameters(prepared.trainable_parameters, prepared.parameters))
    return [
        f"{steps}, a learning rate of {train.learning_rate:g} for {named_settings(train.optimizer)[0]}",
        f"{trainable}, {_kept(prepared)}",
        *_rows(prepared),
        f"{f'{labels} labels, ' if labels else ''}inputs of at most {trained.max_length_tokens} tokens",
        f"Computed on {trained.device} in {trained.precision}",
    ]


def _rows(prepared: Prepared) -> list[str]:
    """What is trained or computed of less than the whole."""
    texts = [rows_text(prepared.vocabulary, prepared.train)] if prepared.vocabulary is not None else []
    texts += [frozen_text(prepared.frozen)] if prepared.frozen is not None else []
    return [text[:1].upper() + text[1:] for text in texts]


def _kept(prepared: Prepared) -> str:
    """What the model takes on disk, without its tokenizer."""
    tuning, model = prepared.trained.tuning, prepared.trained.model
    if tuning is None or prepared.config.save.merge:
        return f"{size_text(sum(item.numel() * item.element_size() for item in model.parameters()))} kept on disk"
    return f"{size_text(tuning.kept_bytes(model))} kept on disk"


def _time(prepared: Prepared, pace: Pace | None) -> str:
    if pace is None:
        return f"Time: not measured, since {prepared.trained.device} has no memory for a step"
    steps = "1 step" if pace.steps == 1 else f"{pace.steps} steps"
    threads = f" with {pace.threads} threads" if pace.threads > 1 else " with 1 thread"
    where = threads if prepared.trained.device == "cpu" else ""
    return (
        f"Time about {duration(pace.total_s)}: an estimate, from {steps} measured just now ({pace.tokens_per_s:,.0f} "
        f"tokens a second{where}); early stopping shortens it, other work of the machine makes it longer"
    )
