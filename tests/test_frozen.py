"""What is frozen is computed once: the same training without dropout, on every architecture, or silently the usual way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from ft_magics.display.dry_run_page import dry_run_sections
from ft_magics.errors import CellError, RunError
from ft_magics.events import Evaluated, Notice, RunResumed
from ft_magics.models.kept_states import KeptStates
from ft_magics.runs.cells import parse_cell
from ft_magics.training import frozen_states
from ft_magics.training.callback import RunCallback
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.prepare import prepare

from architectures import ARCHITECTURES, make_tiny
from method_trials import body
from runs import assert_same_end, finish, weights_of
from test_compact_vocabulary import die_at

TRAIN = "epochs: 3, batch_size: 4, learning_rate: 1e-2, early_stopping: false, threads: 1"
LOWEST = "{freeze: {layers: 0}}"


@pytest.fixture
def make(tiny_model, tmp_path):
    """A run that is ready."""

    def prepared(method="head", settings="", *, task="ner", model=tiny_model, save=""):
        train = f"{TRAIN}{settings and ', '}{settings}"
        return prepare(parse_cell(body(tmp_path, model, task, method, train=train, save=save), {}))

    return prepared


def notices(run):
    return [event.text for event in run.events if isinstance(event, Notice)]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("method", ["head", LOWEST])
def test_what_was_kept_gives_the_same_gradients_on_every_architecture(make, tmp_path, architecture, method):
    """Of rows in other batches than those in which their states were computed."""
    task = "classify" if architecture in ("bert", "albert", "roberta") else "ner"
    model = make_tiny(tmp_path / architecture, architecture)
    if (architecture, method) == ("albert", LOWEST):
        return  # is refused: its layers are one
    prepared = make(method, task=task, model=model)
    trained, bottom = prepared.trained, prepared.frozen
    if architecture in ("deberta-v2", "mpnet") and method == LOWEST:
        assert bottom is None  # what is trained of their relative positions goes into the lowest layer
        return
    features = prepared.features["train"]
    trained.model.eval()
    plain = _gradients(trained, features[:3])
    with bottom.in_use():
        trained.kept = frozen_states.computed_states(trained, bottom, {"train": features}, folder=tmp_path)
        lowest = next(module for name, module in trained.model.named_modules() if name.endswith(("layer.0", "layers.0")))
        lowest.register_forward_hook(lambda *_: None)
        found = _gradients(trained, features[:3])
    assert found.keys() == plain.keys()
    for name, gradient in plain.items():
        assert torch.allclose(found[name], gradient, atol=1e-5), name
    assert not list(Path(tmp_path).glob("tmp*"))  # the file has no name


def _gradients(trained, features):
    trained.model.zero_grad()
    batch = trained.collate(features)
    labels = batch.pop("labels")
    trained.task.loss(trained.model(**batch), labels).backward()
    return {name: item.grad.clone() for name, item in trained.model.named_parameters() if item.grad is not None}
