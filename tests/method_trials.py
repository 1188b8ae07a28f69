"""One way of tuning on one architecture for one task: trained for a moment, saved, loaded, merged, compared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import transformers
from ft_magics.errors import CellError, ModelError
from ft_magics.models.asked_head import ASKED
from ft_magics.models.loading import load_tokenizer
from ft_magics.models.quiet import quiet_transformers
from ft_magics.runs.cells import FINETUNE, PRETRAIN, parse_cell
from ft_magics.runs.predictor import load_trained
from ft_magics.tasks.causal.loss import asked_logits
from ft_magics.tasks.optional import add_tokens
from ft_magics.training.prepare import prepare
from peft import PeftModel

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
OBJECTIVES = ("mlm", "clm")
TASKS = ("classify", "ner", "relation", "qa", "generate", "dialogue", "translate", "summarize", *OBJECTIVES)
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
    **dict.fromkeys(("generate", *OBJECTIVES), ("txt", "\n\n".join(f"{text} on and on" for text, _ in _TEXTS))),
    "dialogue": ("jsonl", "".join(f'["{text}", "so {text}", "why", "{text}"]\n' for text, _ in _TEXTS)),
    "translate": ("tsv", "source\ttarget\n" + "".join(f"{text}\tyes {text}\n" for text, _ in _TEXTS)),
    "summarize": ("tsv", "text\tsummary\n" + "".join(f"{text}\t{text.split()[1]}\n" for text, _ in _TEXTS)),
}


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it.

    Args:
        refused: The sentence that refused it; empty where it worked.
        unfit: Whether it is the model's kind that the task does not take, whatever the method.
        trainable: Parameters that training changes.
        parameters: All of them.
    """

    refused: str = ""
    unfit: bool = False
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
    key = "objective" if task in OBJECTIVES else "task"
    return (
        f"{key}: {task}\nmodel: {model}\ndata: {{train: {data}, dev: {data}, test: {data}}}\nmethod: {method}\n"
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
        kind = PRETRAIN if task in OBJECTIVES else FINETUNE
        prepared = prepare(parse_cell(body(folder, model, task, method), {}, kind=kind))
    except CellError as error:
        return Trial(refused=error.problems[0].text)
    except ModelError as error:
        return Trial(refused=str(error).removeprefix(f"model: {model} "), unfit=True)
    with quiet_transformers():
        _train(prepared)
        _compare(prepared, folder, model)
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
    # AdaLoRA has taken ranks away from the first step on; an encoder made into two halves has a pooler still.
    assert all("lora_E" in name or ".pooler." in name for name in wanted - changed), wanted - changed


def _compare(prepared, folder: Path, model: Path) -> None:
    """Kept and loaded the answers are the same to the bit; merged, and loaded by peft, nearly so."""
    trained = prepared.trained
    kept = folder / "kept"
    kept.mkdir()
    trained.save(kept)
    trained.reload(kept)
    head = trained.task.head()
    make = getattr(transformers, head.kind).from_pretrained
    logits = _logits(trained, prepared)
    assert torch.equal(logits, _logits(load_trained(str(kept), device="cpu", precision="fp32"), prepared))
    if (kept / "adapter_config.json").exists():
        base = make(model, **({"num_labels": len(head.labels)} if head.labels else {}))
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
        assert torch.allclose(logits, _logits_of(make(merged), trained, prepared), atol=1e-5)


def _logits(trained, prepared) -> torch.Tensor:
    return _logits_of(trained.model.eval(), trained, prepared)


def _logits_of(model, trained, prepared) -> torch.Tensor:
    batch = trained.task.collate(prepared.features["dev"], trained.spec)
    batch.pop("labels")
    with torch.no_grad():
        found = model(**batch)
    if ASKED in batch:  # the head is computed where a token is asked for alone, or everywhere
        return asked_logits(found, batch[ASKED][:, :-1])
    if "logits" in found:
        return found["logits"]
    seen = batch["attention_mask"] == 1  # logits of padding are hidden here and not in a plain model
    sides = (found[side][:, -seen.shape[1] :].masked_fill(~seen, 0) for side in ("start_logits", "end_logits"))
    return torch.stack(list(sides), dim=2)
