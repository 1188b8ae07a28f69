"""One base in memory for all runs that were tuned from it: shared, never written to, freed with the last of them."""

from __future__ import annotations

import gc
import weakref

import ft_magics
import pytest
import torch
from ft_magics.models import shared_base
from ft_magics.runs.cells import parse_cell
from ft_magics.runs.merging import merge
from ft_magics.runs.predictor import load_trained
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare

from method_trials import METHODS, body
from runs import assert_same_end, finish

SHORT = "max_steps: 3, batch_size: 4, learning_rate: 1e-2"
SMALL = [name for name in METHODS if name not in ("full", "freeze", "gradual", "rates", "l2_sp", "lora + gradual")]
TEXTS = ["the cat runs", "a pie is hot"]
WORDS = [["Ada", "runs"], ["Paris", "is", "hot"]]


@pytest.fixture
def run_of(tiny_model, tmp_path):
    """A run with a method, trained for a moment."""

    def make(name, task, method, train=SHORT):
        return finish(start_run(name, prepare(parse_cell(body(tmp_path, tiny_model, task, method, train=train), {}))))

    return make


def storages(*models):
    """Bytes of each storage that their parameters have, by its place."""
    found = [item.untyped_storage() for model in models for item in model.parameters()]
    return {storage.data_ptr(): storage.nbytes() for storage in found}


def test_two_runs_of_one_base_hold_it_once_and_answer_as_they_do_alone(run_of):
    ner, intents = run_of("ner", "ner", "{lora: {r: 2}}"), run_of("intents", "classify", "{adapter: {reduction: 8}}")
    expected = []
    for run, inputs in ((ner, WORDS), (intents, TEXTS)):
        expected.append(run.predict(inputs))
        run.release()
    assert [ner.predict(WORDS), intents.predict(TEXTS)] == expected
    one, two = ner._trained.model, intents._trained.model
    embeddings = [item.get_input_embeddings().weight for item in (one, two)]
    assert embeddings[0].data_ptr() == embeddings[1].data_ptr()
    assert embeddings[0] is not embeddings[1]
    assert ner._trained.tokenizer is intents._trained.tokenizer
    base = sum(item.numel() * item.element_size() for item in one.bert.parameters() if not item.requires_grad)
    alone = max(sum(storages(each).values()) for each in (one, two))
    assert sum(storages(one, two).values()) <= sum(storages(one).values()) + sum(storages(two).values()) - base
    assert sum(storages(one, two).values()) < 1.3 * alone  # of a model of 32 dimensions, the added ones are a part
    assert [intents.predict(TEXTS), ner.predict(WORDS)] == expected[::-1]


@pytest.mark.parametrize("name", SMALL)
def test_every_small_method_shares_what_it_does_not_train(tiny_model, tmp_path, name):
    folders = []
    for method in ("head", METHODS[name]):
        trained = prepare(parse_cell(body(tmp_path, tiny_model, "ner", method), {})).trained
        with torch.no_grad():
            for key, item in trained.model.named_parameters():
                if key in trained.tuning.outline.trainable:
                    item.add_(0.1)
        folders.append(tmp_path / f"kept{len(folders)}")
        folders[-1].mkdir()
        trained.save(folders[-1])
    del trained, item
    gc.collect()
    assert not shared_base._held
    alone = load_trained(str(folders[1]), device="cpu")
    examples = alone.task.parse(WORDS)
    expected = alone.predict(examples)
    del alone
    gc.collect()
    other, run = (load_trained(str(folder), device="cpu") for folder in folders)
    assert run.predict(examples) == expected
    shared = storages(other.model).keys() & storages(run.model).keys()
    frozen = run.tuning.frozen_base(run.model)
    assert {item.data_ptr() for key, item in run.model.named_parameters() if key in frozen} == shared
    assert len(shared) > 10
    for key, item in run.model.named_parameters():
        assert key not in run.tuning.outline.trainable or item.data_ptr() not in shared


def test_a_training_beside_loaded_runs_is_the_same_and_changes_none_of_them(run_of):
    alone = run_of("alone", "ner", "bitfit")
    kept = run_of("kept", "classify", "{lora: {r: 2}}")
    before = kept.predict(TEXTS)
    base = {name: item.clone() for name, item in kept._trained.shared.tensors.items()}
    assert base
    again = run_of("again", "ner", "bitfit")
    assert_same_end(again, alone)
    whole = run_of("whole", "classify", "full")
    for name, item in kept._trained.shared.tensors.items():
        assert name not in base or torch.equal(item, base[name])
    assert kept.predict(TEXTS) == before
    assert whole.predict(TEXTS) != before
    assert whole._trained.shared is None


@pytest.mark.parametrize("method", ["{lora: {r: 2}}", "{dora: {r: 2}}", "ia3", "bitfit"])
def test_merging_changes_no_other_run(run_of, tmp_path, method):
    kept, run = run_of("kept", "classify", "head"), run_of("run", "classify", method)
    before, answers = kept.predict(TEXTS), run.predict(TEXTS)
    merged = ft_magics.load(merge(run, tmp_path / "plain"))
    run._trained.merge()
    assert not storages(run._trained.model).keys() & storages(kept._trained.model).keys()
    assert kept.predict(TEXTS) == before
    for got, expected in zip(merged.predict(TEXTS), answers, strict=True):
        assert got.label == expected.label
        assert got.probabilities == pytest.approx(expected.probabilities, abs=1e-5)


def test_the_base_goes_with_the_last_run_that_reads_it(run_of):
    runs = [run_of("one", "ner", "{lora: {r: 2}}"), run_of("two", "classify", "{lora: {r: 2}}")]
    for run in runs:
        run.predict(TEXTS if run.name == "two" else WORDS)
    base = weakref.ref(runs[0]._trained.shared)
    assert runs[1]._trained.shared is base()
    runs[0].release()
    assert base() is not None
    runs[1].release()
    gc.collect()
    assert base() is None
    assert not shared_base._held


def test_a_run_of_another_base_or_of_none_takes_the_place_of_the_others(run_of):
    one, two, whole = (
        run_of(name, "classify", method) for name, method in (("a", "head"), ("b", "bitfit"), ("c", "full"))
    )
    for run in (one, two):
        run.predict(TEXTS)
    assert one._trained is not None
    whole.predict(TEXTS)
    assert one._trained is None
    assert two._trained is None
    two.predict(TEXTS)
    assert whole._trained is None


def test_what_a_method_did_to_the_base_is_not_shared(run_of):
    one, two = run_of("one", "classify", "head"), run_of("two", "classify", "head")
    one.predict(TEXTS)
    first = one._trained
    with torch.no_grad():
        kept = load_trained(str(two.model_dir), device="cpu")
        name = next(iter(first.shared.tensors))
        kept.shared.take_back(kept.model)
        dict(kept.model.named_parameters())[name].add_(1)
        kept.share()
    assert storages(first.model).keys() & storages(kept.model).keys()
    assert dict(kept.model.named_parameters())[name].data_ptr() != first.shared.tensors[name].data_ptr()
