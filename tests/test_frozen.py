"""What is frozen is computed once: the same training without dropout, on every architecture, or silently the usual way."""

from __future__ import annotations

import re

import pytest
import torch
from ft_magics.display.dry_run_page import dry_run_sections
from ft_magics.errors import CellError, RunError
from ft_magics.events import Evaluated, Notice, RunResumed
from ft_magics.models.frozen_bottom import KEPT
from ft_magics.runs.cells import parse_cell
from ft_magics.training import frozen_states
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.pace import measure_pace
from ft_magics.training.prepare import prepare

from architectures import ENCODERS, make_tiny
from method_trials import body
from runs import assert_same_end, finish, weights_of
from test_compact_vocabulary import die_at

TRAIN = "epochs: 3, batch_size: 4, learning_rate: 2e-3, early_stopping: false, threads: 1"
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


@pytest.mark.parametrize("architecture", ENCODERS)
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
        trained.batch_size = 2  # several batches at once
        trained.kept = frozen_states.computed_states(trained, bottom, {"train": features}, folder=tmp_path, workers=3)
        assert any(name.startswith(KEPT) for name in trained.collate(features[:3]))
        found = _gradients(trained, features[:3])
    for name, gradient in plain.items():
        assert torch.allclose(found[name], gradient, atol=1e-5), name


def _gradients(trained, features):
    trained.model.zero_grad()
    batch = trained.collate(features)
    labels = batch.pop("labels")
    trained.task.loss(trained.model(**batch), labels).backward()
    return {name: item.grad.clone() for name, item in trained.model.named_parameters() if item.grad is not None}


@pytest.mark.parametrize(("method", "task"), [("head", "classify"), (LOWEST, "ner")])
def test_without_dropout_a_run_ends_as_one_that_computes_all_in_each_step(make, method, task):
    settings = "dropout: 0, gradient_accumulation: 2"
    once = finish(start_run("once", make(method, settings, task=task)))
    each = finish(start_run("each", make(method, f"{settings}, cache_frozen: false", task=task)))
    (said,) = (text for text in notices(once) if "the frozen part" in text)
    assert re.search(r"computed once for \d+ rows of train and \d+ rows of dev, without dropout: .* in memory", said)
    assert not any("the frozen part" in text for text in notices(each))
    plain = weights_of(each)
    for name, tensor in weights_of(once).items():
        assert torch.allclose(tensor, plain[name], atol=1e-5), name
    scores, others = ([event.metrics for event in run.events if isinstance(event, Evaluated)] for run in (once, each))
    assert scores == others


def test_a_run_that_breaks_ends_with_the_same_bits(make, patch):
    """With dropout in the head; and whether memory or a file holds the states."""
    save = "save: {every: {steps: 2}}"
    whole = finish(start_run("whole", make(save=save)))
    patch.setattr(frozen_states, "_MOST_OF_MEMORY", 0.0)
    with patch.context() as once:
        die_at(once, 5)
        assert start_run("broken", make(save=save)).wait(120)
    again = finish(resume_run("broken", make(save=save)))
    assert [event.step for event in again.events if isinstance(event, RunResumed)] == [4]
    assert any("on disk while it trains" in text for text in notices(again))
    assert_same_end(again, whole)
    assert {path.name for path in again.dir.iterdir()} == {path.name for path in whole.dir.iterdir()}


def test_where_there_is_no_room_each_step_computes_it_without_dropout(make, patch):
    """So that what a run ends with does not depend on the room there is."""
    whole = finish(start_run("whole", make(LOWEST)))
    patch.setattr(frozen_states, "_MOST_OF_MEMORY", 0.0)
    patch.setattr(frozen_states, "_LEFT_ON_DISK_BYTES", 1 << 60)
    run = finish(start_run("full", make(LOWEST)))
    assert any("no room in memory or on the disk" in text for text in notices(run))
    kept = weights_of(whole)
    for name, tensor in weights_of(run).items():
        assert torch.allclose(tensor, kept[name], atol=1e-4), name


def test_a_run_that_was_begun_without_is_resumed_without(make):
    prepared = make()
    assert prepared.as_begun(None, frozen_once=True).frozen is prepared.frozen
    assert prepared.as_begun(None, frozen_once=False).frozen is None
    with pytest.raises(RunError, match="what is frozen was computed once up to the checkpoint"):
        make(settings="cache_frozen: false").as_begun(None, frozen_once=True)


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("full", "something is trained in its lowest layer, or below"),
        ("{freeze: {embeddings: false, layers: 0}}", "something is trained in its lowest layer, or below"),
        ("{prompt: {length: 2}}", "its method puts something before each input"),
        ("gradual", "something is trained in its lowest layer, or below"),
    ],
)
def test_where_nothing_is_frozen_all_is_computed_in_each_step(make, method, reason):
    assert make(method).frozen is None
    with pytest.raises(CellError, match="train.cache_frozen: this run computes its whole model in each step") as caught:
        make(method, "cache_frozen: true")
    assert reason in str(caught.value)


def test_it_is_said_before_a_run_and_left_out_of_a_single_epoch(make):
    prepared = make()
    (plan, *_) = dry_run_sections(prepared)
    assert "Computes the frozen part (the whole encoder) once for each row, without dropout" in " ".join(plan.lines)
    assert measure_pace(prepared).total_s > 0
    assert prepared.trained.kept is None
    assert make(settings="max_steps: 3").frozen is None
    assert make(settings="max_steps: 3, cache_frozen: true").frozen is not None
