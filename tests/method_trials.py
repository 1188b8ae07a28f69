"""One way of tuning on one architecture for one task: trained for a moment, saved, loaded, merged, compared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from ft_magics.errors import CellError
from ft_magics.models.loading import load_tokenizer
from ft_magics.models.quiet import quiet_transformers
from ft_magics.runs.cells import parse_cell
from ft_magics.runs.predictor import load_trained
from ft_magics.tasks.optional import add_tokens
from ft_magics.training.prepare import prepare
from peft import PeftModel
from transformers import (
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

# With settings that fit a model of two layers and 32 dimensions.
METHODS = {
    "full": "full",
    "freeze": "{freeze: {layers: 0}}",
    "gradual": "gradual",
    "rates": "{rates: {layer_decay: 0.8, head: 1e-3}}",
    "l2_sp": "{l2_sp: {alpha: 0.1}}",
    "adapter": "{adapter: {reduction: 4}}",
    "adapter (houlsby)": "{adapter: {placement: houlsby, reduction: 4}}",
    "lora": "{lora: {r: 4}}",
    "dora": "{dora: {r: 4}}",
    "adalora": "{adalora: {r: 2, first_r: 4}}",
    "bitfit": "bitfit",
    "ia3": "ia3",
    "prefix": "{prefix: {length: 3}}",
    "prompt": "{prompt: {length: 3}}",
    "p_tuning": "{p_tuning: {length: 3}}",
    "head": "head",
    "bitfit + freeze": "[bitfit, {freeze: {layers: 0}}]",
    "lora + gradual": "[{lora: {r: 4}}, gradual]",
}
TASKS = ("classify", "ner", "qa")
_STEPS = 3
_TEXTS = [("the cat runs", "a"), ("a soup is hot", "b"), ("the dog", "a"), ("a pie", "b")] * 2
_WORDS = "Ada B-PER\nLovelace I-PER\nlives O\nin O\nLondon B-LOC\n. O\n\nBob B-PER\nruns O\n\nParis B-LOC\nis O\n\n"
_MARKED = "".join(
    f"<e1>{one}</e1> {verb} <e2>{two}</e2>\t{label}\n"
    for one, two in (("ada", "tea"), ("bob", "pie"))
    for verb, label in (("has", "owns(e1,e2)"), ("of", "owns(e2,e1)"), ("and", "Other"), ("or", "Other"))
)
_DATA = {
    "classify": ("csv", "text,label\n" + "".join(f"{text},{label}\n" for text, label in _TEXTS)),
    "ner": ("conll", _WORDS * 3),
    "qa": ("csv", "question,context,answer\n" + "".join(f"what?,{text},{text.split()[1]}\n" for text, _ in _TEXTS)),
    "relation": ("tsv", f"text\trelation\n{_MARKED}"),
}
_MODELS = {
    "classify": AutoModelForSequenceClassification,
    "ner": AutoModelForTokenClassification,
    "qa": AutoModelForQuestionAnswering,
    "relation": AutoModelForTokenClassification,
}


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it.

    Args:
        refused: The sentence that refused it; empty where it worked.
        trainable: Parameters that training changes.
        parameters: All of them.
    """

    refused: str = ""
    trainable: int = 0
    parameters: int = 0


def body(
    folder: Path, model: Path, task: str, method: str, *, train: str = "", save: str = "", precision: str = "fp32"
) -> str:
    """A cell on small data, which is written into a folder."""
    suffix, text = _DATA[task]
    data = folder / f"{task}.{suffix}"
    if not data.exists():
        data.write_text(text)
    train = train or f"max_steps: {_STEPS}, batch_size: 4, learning_rate: 1e-2"
    return (
        f"task: {task}\nmodel: {model}\ndata: {{train: {data}, dev: {data}, test: {data}}}\nmethod: {method}\n"
        f"train: {{{train}, device: cpu, precision: {precision}}}\n{save}"
    )


def try_method(folder: Path, model: Path, task: str, method: str) -> Trial:
    """Train for three steps, and see that all is as it must be.

    Args:
        folder: To write into.
        model: Of a tiny random model.
        task: One of `TASKS`.
        method: As in a cell.
    """
    try:
        prepared = prepare(parse_cell(body(folder, model, task, method), {}))
    except CellError as error:
        return Trial(refused=error.problems[0].text)
    with quiet_transformers():
        _train(prepared)
        _compare(prepared, folder, model, task)
    return Trial(trainable=prepared.trainable_parameters, parameters=prepared.parameters)


def _train(prepared) -> None:
    """A few steps by hand; what is frozen stays the same to the bit, and nearly all of the rest does not."""
    trained = prepared.trained
    tuning, model = trained.tuning, trained.model.train()
    before = {name: item.detach().clone() for name, item in model.named_parameters()}
    optimizer = torch.optim.AdamW(tuning.groups(model, learning_rate=1e-2, weight_decay=0.01))
    for step in range(_STEPS):
        tuning.begin_step(model, step=step, total_steps=_STEPS)
        batch = trained.task.collate(prepared.features["train"][:4], trained.spec)
        labels = batch.pop("labels")
        trained.task.loss(model(**batch), labels).backward()
        term = tuning.loss_term(model)
        if term is not None:
            term.backward()
        optimizer.step()
        tuning.end_step(model, step=step)
        optimizer.zero_grad()
    changed = {name for name, item in model.named_parameters() if not torch.equal(item, before[name])}
    wanted = set(tuning.outline.trainable)
    assert changed <= wanted
    assert all("lora_E" in name for name in wanted - changed)  # that AdaLoRA has taken away from the first step on


def _compare(prepared, folder: Path, model: Path, task: str) -> None:
    """Kept and loaded the answers are the same to the bit; merged, and loaded by peft, nearly so."""
    trained = prepared.trained
    kept = folder / "kept"
    kept.mkdir()
    trained.save(kept)
    trained.reload(kept)
    logits = _logits(trained, prepared)
    assert torch.equal(logits, _logits(load_trained(str(kept), device="cpu", precision="fp32"), prepared))
    if (kept / "adapter_config.json").exists():
        base = _MODELS[task].from_pretrained(model, num_labels=len(trained.task.head().labels))
        add_tokens(trained.task, base, load_tokenizer(str(model)))
        theirs = _logits_of(PeftModel.from_pretrained(base, kept).eval(), trained, prepared)
        assert torch.allclose(logits, theirs[:, -logits.shape[1] :], atol=1e-5)
    if trained.base is None:
        assert (kept / "model.safetensors").exists()
    elif not trained.tuning.unmergeable:
        trained.merge()
        merged = folder / "merged"
        merged.mkdir()
        trained.save(merged)
        assert torch.allclose(logits, _logits_of(_MODELS[task].from_pretrained(merged), trained, prepared), atol=1e-5)


def _logits(trained, prepared) -> torch.Tensor:
    return _logits_of(trained.model.eval(), trained, prepared)


def _logits_of(model, trained, prepared) -> torch.Tensor:
    batch = trained.task.collate(prepared.features["dev"], trained.spec)
    batch.pop("labels")
    with torch.no_grad():
        found = model(**batch)
    if "logits" in found:
        return found["logits"]
    seen = batch["attention_mask"] == 1  # logits of padding are hidden here and not in a plain model
    sides = (found[side][:, -seen.shape[1] :].masked_fill(~seen, 0) for side in ("start_logits", "end_logits"))
    return torch.stack(list(sides), dim=2)
