"""Dropout, activation checkpointing and weight decay on every architecture."""

from __future__ import annotations

import pytest
import torch
from ft_magics.errors import CellError
from ft_magics.runs.cells import parse_cell
from ft_magics.training.prepare import prepare
from torch import nn

from architectures import ENCODERS, make_tiny
from method_trials import METHODS, TASKS, body

# Where the head has no dropout of its own.
SHARED = {("mpnet", "ner"), ("mpnet", "classify"), ("distilbert", "ner"), ("deberta-v2", "ner")}
NO_CHECKPOINTING = ("albert", "mpnet")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Makes the folder of a tiny model of an architecture, once."""
    made = {}

    def make(architecture):
        if architecture not in made:
            made[architecture] = make_tiny(tmp_path_factory.mktemp(architecture), architecture)
        return made[architecture]

    return make


@pytest.fixture
def plan(tiny, tmp_path):
    def make(architecture, settings, *, task="ner", method="full"):
        train = f"max_steps: 3, batch_size: 4, learning_rate: 1e-2{settings and ', '}{settings}"
        return prepare(parse_cell(body(tmp_path, tiny(architecture), task, method, train=train), {}))

    return make


def batch_of(prepared):
    trained = prepared.trained
    batch = trained.task.collate(prepared.features["train"][:4], trained.spec)
    return batch, batch.pop("labels")


def logits(prepared, *, training):
    batch, _ = batch_of(prepared)
    torch.manual_seed(0)
    with torch.no_grad():
        return prepared.trained.model.train(training)(**batch)["logits"]


@pytest.mark.parametrize("architecture", ENCODERS)
def test_one_share_sets_all_dropout_of_a_model(plan, architecture):
    none = plan(architecture, "dropout: 0", task=TASKS[ENCODERS.index(architecture) % 2])
    assert torch.equal(logits(none, training=True), logits(none, training=False))
    some = plan(architecture, "dropout: 0.5")
    assert not torch.allclose(logits(some, training=True), logits(some, training=False), atol=1e-3)


@pytest.mark.parametrize("task", ["classify", "ner"])  # a head for answers has no dropout
@pytest.mark.parametrize("architecture", ENCODERS)
def test_each_kind_of_dropout_acts_or_is_refused(plan, tiny, tmp_path, architecture, task):
    for kind in ("hidden", "attention", "classifier"):
        others = ", ".join(f"{other}: 0" for other in ("hidden", "attention") if other != kind)
        if kind == "classifier" and (architecture, task) in SHARED:
            text = body(tmp_path, tiny(architecture), task, "full", train=f"dropout: {{{kind}: 0.5}}")
            with pytest.raises(CellError, match=r"train.dropout.classifier: .*there is `hidden` and `attention`"):
                prepare(parse_cell(text, {}))
            continue
        also = "" if kind == "classifier" or (architecture, task) in SHARED else ", classifier: 0"
        made = plan(architecture, f"dropout: {{{kind}: 0.5, {others}{also}}}", task=task)
        assert not torch.equal(logits(made, training=True), logits(made, training=False)), kind


def kept_bytes(prepared):
    """What a forward pass keeps for the backward pass, each storage once."""
    batch, labels = batch_of(prepared)
    model = prepared.trained.model.train()
    seen = {item.untyped_storage().data_ptr() for item in model.parameters()}
    kept = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in seen:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = prepared.trained.task.loss(model(**batch), labels)
    assert loss.requires_grad
    return sum(kept.values())


def gradients(prepared):
    batch, labels = batch_of(prepared)
    model = prepared.trained.model.train()
    torch.manual_seed(3)
    prepared.trained.task.loss(model(**batch), labels).backward()
    return {name: item.grad for name, item in model.named_parameters() if item.grad is not None}


CHECKPOINTED = [
    *((architecture, "full") for architecture in ENCODERS),
    *(("bert", name) for name in METHODS if name not in ("full", "prefix")),
    ("modernbert", "lora"),
    ("deberta-v2", "adapter"),
]


@pytest.mark.parametrize(("architecture", "name"), CHECKPOINTED)
def test_checkpointing_gives_the_same_gradients_in_less_memory(plan, tiny, tmp_path, architecture, name):
    settings = "dropout: 0.2, activation_checkpointing: true"
    if architecture in NO_CHECKPOINTING:
        text = body(tmp_path, tiny(architecture), "ner", "full", train=settings)
        with pytest.raises(CellError, match="train.activation_checkpointing: transformers cannot do that with this"):
            prepare(parse_cell(text, {}))
        return
    plain = plan(architecture, "dropout: 0.2", method=METHODS[name])
    checked = plan(architecture, settings, method=METHODS[name])
    kept = [kept_bytes(each) for each in (plain, checked)]
    expected, found = gradients(plain), gradients(checked)
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[key], found[key]) for key in expected)
    assert name == "head" or kept[1] < 0.8 * kept[0]


def test_checkpointing_would_lose_a_prefix(tiny, tmp_path):
    text = body(tmp_path, tiny("bert"), "ner", METHODS["prefix"], train="activation_checkpointing: true")
    with pytest.raises(CellError, match="train.activation_checkpointing: `method: prefix` puts keys and values"):
        prepare(parse_cell(text, {}))


@pytest.mark.parametrize("architecture", ENCODERS)
def test_biases_and_norms_of_every_architecture_have_no_weight_decay(plan, architecture):
    prepared = plan(architecture, "")
    tuning, model = prepared.trained.tuning, prepared.trained.model
    norms = {
        f"{name}.{own}"
        for name, module in model.named_modules()
        for own, _ in module.named_parameters(recurse=False)
        if isinstance(module, nn.LayerNorm | nn.RMSNorm)
    }
    assert norms
    groups = tuning.groups(model, learning_rate=1.0, weight_decay=0.1)
    decays = {id(item): group["weight_decay"] for group in groups for item in group["params"]}
    assert len(decays) == len(list(model.parameters()))
    for name, item in model.named_parameters():
        free = name.endswith("bias") or name in norms or "norm" in name.lower()
        assert decays[id(item)] == (0.0 if free else 0.1), name


def test_factors_of_ia3_are_not_pulled_to_0(plan):
    prepared = plan("bert", "", method="ia3")
    tuning, model = prepared.trained.tuning, prepared.trained.model
    groups = tuning.groups(model, learning_rate=1.0, weight_decay=0.1)
    decays = {id(item): group["weight_decay"] for group in groups for item in group["params"]}
    found = {name: decays[id(item)] for name, item in model.named_parameters() if id(item) in decays}
    assert any(".ia3_" in name for name in found)
    assert {decay for name, decay in found.items() if ".ia3_" in name} == {0.0}
    assert 0.1 in found.values()  # the head's
